using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Perigee.Forwarding;
using Perigee.Wire;

namespace Perigee.Tests.Forwarding;

public sealed class MediaFetcherTests
{
    private static readonly byte[] Png = [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 1, 2, 3];
    private static readonly ModelTraits Fetches = new() { FetchesImages = true, FetchesDocuments = true };
    private static readonly ModelTraits DoesNot = new() { FetchesImages = false };

    private readonly List<string> _asked = [];

    [Fact]
    public async Task Nothing_is_fetched_for_who_fetches_himself()
    {
        ChatQuestion question = Ask("https://example.com/a.png");
        (ChatQuestion resolved, GatewayError? error) = await ResolveAsync(question, Fetches, _ => Found(Png, "image/png"));
        Assert.Null(error);
        Assert.Same(question, resolved);
        Assert.Empty(_asked);
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("image/jpeg")]
    public async Task Picture_comes_as_data_of_the_type_that_its_bytes_have_whatever_the_server_says(string said)
    {
        ChatQuestion question = Ask("https://example.com/a");
        (ChatQuestion resolved, GatewayError? error) = await ResolveAsync(question, DoesNot, _ => Found(Png, said));
        Assert.Null(error);
        MediaPart part = Assert.IsType<MediaPart>(resolved.Turns[0].Parts[0]);
        Assert.Equal((MediaSource.Data, "image/png", Convert.ToBase64String(Png)), (part.Source, part.Type.Decode(), part.Value.Decode()));
        MediaPart nested = Assert.IsType<MediaPart>(Assert.IsType<ToolResultPart>(resolved.Turns[0].Parts[1]).Parts[0]);
        Assert.Equal(MediaSource.Data, nested.Source);

        // What was asked stays as it was for the next target.
        Assert.Equal(MediaSource.Url, Assert.IsType<MediaPart>(question.Turns[0].Parts[0]).Source);
    }

    [Fact]
    public async Task Redirects_are_followed_three_times_and_to_http_only()
    {
        (_, GatewayError? fine) = await ResolveAsync(Ask("https://a/1"), DoesNot, uri => uri.AbsolutePath == "/4" ? Found(Png, "image/png") : Redirect(uri, 1));
        Assert.Null(fine);
        (_, GatewayError? many) = await ResolveAsync(Ask("https://a/1"), DoesNot, uri => Redirect(uri, 1));
        Assert.Contains("redirects", many!.Message, StringComparison.Ordinal);
        (_, GatewayError? file) = await ResolveAsync(Ask("https://a/1"), DoesNot, _ => RedirectTo("file:///etc/passwd"));
        Assert.Contains("http", file!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://example.com/a.png", "http or https")]
    [InlineData("https://user:pass@example.com/a.png", "http or https")]
    [InlineData("nonsense", "http or https")]
    [InlineData("https://example.com/404", "status 404")]
    [InlineData("https://example.com/html", "no picture")]
    [InlineData("https://example.com/large", "too large")]
    [InlineData("https://example.com/private", "not a public one")]
    [InlineData("https://example.com/down", "could not be fetched")]
    public async Task Refusal_names_the_field_and_the_reason(string url, string reason)
    {
        (_, GatewayError? error) = await ResolveAsync(Ask(url), DoesNot, uri => uri.AbsolutePath switch
        {
            "/404" => new HttpResponseMessage(HttpStatusCode.NotFound),
            "/html" => Found(Encoding.UTF8.GetBytes("<html>"), "image/png"),
            "/large" => Found(new byte[3000], "image/png"),
            "/private" => throw new HttpRequestException("x", new AddressRefusedException()),
            _ => throw new HttpRequestException("x"),
        });
        Assert.Equal(ErrorKind.BadRequest, error!.Kind);
        Assert.Equal("messages[0].content[0]", error.Param);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bound_holds_for_all_files_of_a_request_together()
    {
        ChatQuestion question = new("openai-chat");
        question.Turns.Add(new ChatTurn(Role.User, [.. Enumerable.Range(0, 3).Select(i => Image($"https://a/{i}", i))], new Place(0, -1)));
        (_, GatewayError? error) = await ResolveAsync(question, DoesNot, _ => Found([.. Png, .. new byte[800]], "image/png"));
        Assert.Equal("messages[0].content[2]", error!.Param);
    }

    [Fact]
    public async Task Owner_can_turn_it_off()
    {
        (_, GatewayError? error) = await ResolveAsync(Ask("https://a/1"), DoesNot, _ => Found(Png, "image/png"), fetch: false);
        Assert.Contains("translation.fetchMedia", error!.Message, StringComparison.Ordinal);
        Assert.Empty(_asked);
    }

    private async Task<(ChatQuestion, GatewayError?)> ResolveAsync(ChatQuestion question, ModelTraits traits, Func<Uri, HttpResponseMessage> server, bool fetch = true)
    {
        Exchange exchange = Exchanges.Make("chat", out _);
        GatewayOptions options = Exchanges.Options with { Translation = new TranslationOptions { FetchMedia = fetch, MediaBytes = 2048 } };
        exchange = new Exchange
        {
            Http = exchange.Http,
            Id = exchange.Id,
            Operation = exchange.Operation,
            Options = options,
            Dialect = exchange.Dialect,
            StartedAt = exchange.StartedAt,
            Started = 0,
        };
        using HttpMessageInvoker pool = new(new Server(uri =>
        {
            _asked.Add(uri.AbsoluteUri);
            return server(uri);
        }));
        return await new MediaFetcher(pool, new FakeTimeProvider()).ResolveAsync(exchange, question, traits, TestContext.Current.CancellationToken);
    }

    private static ChatQuestion Ask(string url)
    {
        ChatQuestion question = new("openai-chat");
        question.Turns.Add(new ChatTurn(Role.User, [Image(url, 0), new ToolResultPart(WireText.Of("c"), [Image(url, 1)], new Place(0, 1))], new Place(0, -1)));
        return question;
    }

    private static MediaPart Image(string url, int part) => new(MediaKind.Image, MediaSource.Url, WireText.Of(url), default, new Place(0, part));

    private static HttpResponseMessage Found(byte[] bytes, string type)
    {
        HttpResponseMessage answer = new() { Content = new ByteArrayContent(bytes) };
        answer.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        return answer;
    }

    private static HttpResponseMessage Redirect(Uri uri, int step) => RedirectTo($"/{int.Parse(uri.AbsolutePath[1..], System.Globalization.CultureInfo.InvariantCulture) + step}");

    private static HttpResponseMessage RedirectTo(string location)
    {
        HttpResponseMessage answer = new(HttpStatusCode.Found);
        answer.Headers.TryAddWithoutValidation("Location", location);
        return answer;
    }

    private sealed class Server(Func<Uri, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(answer(request.RequestUri!));
    }
}

using System.Text;
using Perigee.Forwarding;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;
using Perigee.Wire.OpenAiResponses;

namespace Perigee.Tests.Forwarding;

public sealed class StreamRelayTests
{
    private const string Role = """data: {"id":"c1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""" + "\n\n";
    private const string Hello = """data: {"id":"c1","model":"m","choices":[{"index":0,"delta":{"content":"Hällo"},"finish_reason":null}]}""" + "\n\n";
    private const string Stop = """data: {"id":"c1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""" + "\n\n";
    private const string Usage = """data: {"id":"c1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}""" + "\n\n";
    private const string Done = "data: [DONE]\n\n";

    [Theory]
    [InlineData(Role + Hello + Stop + Done)]
    [InlineData(": OPENROUTER PROCESSING\n\n" + Role + Hello + Stop + Usage + Done)]
    [InlineData(Role + Hello + Stop)]
    [InlineData("data: {\"choices\":[],\"id\":\"\",\"prompt_filter_results\":[]}\r\n\r\n" + Role + Hello + Stop + Done + "\n\n")]
    [InlineData(Stop + Done)]
    public async Task Bytes_in_are_bytes_out_however_they_are_cut(string stream)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(stream);
        for (int cut = 1; cut <= bytes.Length; cut += cut < 40 ? 1 : 37)
        {
            (GatewayError? error, string sent, Exchange exchange) = await RunAsync(stream, () => cut);
            Assert.Null(error);
            Assert.Equal(stream, sent);
            Assert.Equal(FinishReason.Stop, exchange.Answer.Finish);
            Assert.Equal(bytes.Length, exchange.BytesOut);
        }
    }

    [Fact]
    public async Task Usage_that_the_client_did_not_ask_for_is_metered_and_hidden()
    {
        (GatewayError? error, string sent, Exchange exchange) = await RunAsync(Role + Hello + Stop + Usage + Done, () => 7, hideUsage: true);
        Assert.Null(error);
        Assert.Equal(Role + Hello + Stop + Done, sent);
        Assert.Equal(new TokenUsage(9, 0, 0, 3, 0), exchange.Answer.Usage);
    }

    [Theory]
    [InlineData("")]
    [InlineData(Role)]
    [InlineData(": ping\n\n")]
    public async Task Stream_without_content_fails_with_nothing_shown(string stream)
    {
        (GatewayError? error, string sent, _) = await RunAsync(stream, () => 100);
        Assert.Equal(ErrorKind.ProviderFailed, error!.Kind);
        Assert.Equal("", sent);
    }

    [Fact]
    public async Task Stream_cut_after_content_is_an_error_though_the_close_was_clean()
    {
        (GatewayError? error, string sent, _) = await RunAsync(Role + Hello, () => 100);
        Assert.Equal(ErrorKind.ProviderFailed, error!.Kind);
        Assert.Equal(Role + Hello, sent);
    }

    [Fact]
    public async Task Every_cut_of_a_stream_is_an_error_or_the_whole()
    {
        string stream = Role + Hello + Stop + Done;
        byte[] bytes = Encoding.UTF8.GetBytes(stream);
        int whole = Encoding.UTF8.GetByteCount(Role + Hello + Stop.TrimEnd());
        for (int length = 0; length < bytes.Length; length++)
        {
            (GatewayError? error, string sent, _) = await RunAsync(bytes[..length], () => 11);
            Assert.True(error is null == length >= whole, $"cut at {length} of {bytes.Length}");
            Assert.StartsWith(sent.TrimEnd(), stream, StringComparison.Ordinal);
            Assert.True(error is null || sent.Length == 0 || sent.EndsWith("\n\n", StringComparison.Ordinal), $"half an event at {length}");
        }
    }

    [Theory]
    [InlineData("""data: {"error":{"message":"overloaded","code":529}}""" + "\n\n", 503)]
    [InlineData(Role + """data: {"error":{"message":"slow down","code":429}}""" + "\n\n" + Done, 429)]
    [InlineData("event: error\n" + """data: {"error":{"message":"boom"}}""" + "\n\n", 502)]
    public async Task Error_before_content_keeps_its_status_and_shows_nothing(string stream, int status)
    {
        (GatewayError? error, string sent, _) = await RunAsync(stream, () => 1000);
        Assert.Equal(status, error!.Status);
        Assert.Equal("", sent);
    }

    [Fact]
    public async Task Error_after_content_reaches_the_client_as_the_provider_sent_it_and_fails_the_exchange()
    {
        string stream = Role + Hello + """data: {"error":{"message":"boom"}}""" + "\n\n";
        (GatewayError? error, string sent, Exchange exchange) = await RunAsync(stream, () => 5);
        Assert.Null(error);
        Assert.Equal(stream, sent);
        Assert.Equal(ErrorKind.ProviderFailed, exchange.Error!.Kind);
    }

    [Fact]
    public async Task Broken_connection_surfaces_after_what_came_was_passed_on()
    {
        (Exchange exchange, MemoryStream sent) = (Exchanges.Make("chat", out MemoryStream output), output);
        using Patience patience = new(new TimeoutOptions(), awaitsContent: true, TimeProvider.System, CancellationToken.None);
        using StreamRelay relay = new(exchange, Exchanges.Provider, OpenAiChatDialect.Chat.Reader(exchange.Answer), exchange.Answer, false)
        {
            Upstream = new PiecewiseStream(Encoding.UTF8.GetBytes(Role + Hello), () => 64, new IOException("reset")),
            Patience = patience,
        };
        Assert.Null(await relay.OpenAsync());
        await Assert.ThrowsAsync<IOException>(async () => await relay.GiveAsync(() => { }));
        await exchange.Http.Response.BodyWriter.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Role + Hello, Encoding.UTF8.GetString(sent.ToArray()));
    }

    [Theory]
    [InlineData("response.completed", null)]
    [InlineData("response.incomplete", null)]
    [InlineData(null, ErrorKind.ProviderFailed)]
    public async Task Responses_stream_needs_its_closing_event(string? closing, object? expected)
    {
        string stream = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"model\":\"m\",\"object\":\"response\",\"status\":\"in_progress\"}}\n\n"
            + "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"x\"}\n\n"
            + (closing is null ? "" : $"event: {closing}\ndata: {{\"type\":\"{closing}\",\"response\":{{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"{closing[9..]}\",\"usage\":{{\"input_tokens\":4,\"output_tokens\":5,\"output_tokens_details\":{{\"reasoning_tokens\":2}}}}}}}}\n\n");
        (GatewayError? error, string sent, Exchange exchange) = await RunAsync(Encoding.UTF8.GetBytes(stream), () => 9, dialect: OpenAiResponsesDialect.Instance, operation: "responses");
        Assert.Equal(expected, error?.Kind);
        Assert.Equal(stream, sent);
        Assert.Equal("resp_1", exchange.Answer.Id);
        if (closing is not null)
            Assert.Equal(new TokenUsage(4, 0, 0, 3, 2), exchange.Answer.Usage);
    }

    private static Task<(GatewayError? Error, string Sent, Exchange Exchange)> RunAsync(string stream, Func<int> size, bool hideUsage = false) =>
        RunAsync(Encoding.UTF8.GetBytes(stream), size, hideUsage);

    internal static async Task<(GatewayError? Error, string Sent, Exchange Exchange)> RunAsync(
        byte[] stream, Func<int> size, bool hideUsage = false, IDialect? dialect = null, string operation = "chat")
    {
        Exchange exchange = Exchanges.Make(operation, out MemoryStream sent, dialect);
        using Patience patience = new(new TimeoutOptions(), awaitsContent: true, TimeProvider.System, CancellationToken.None);
        using StreamRelay relay = new(exchange, Exchanges.Provider, exchange.Dialect.Reader(exchange.Answer), exchange.Answer, hideUsage)
        {
            Upstream = new PiecewiseStream(stream, size),
            Patience = patience,
        };
        GatewayError? error = await relay.OpenAsync() ?? await relay.GiveAsync(() => { });
        return (error, Encoding.UTF8.GetString(sent.ToArray()), exchange);
    }
}

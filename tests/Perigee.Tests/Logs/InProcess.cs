using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Logs;

/// <summary>
/// A whole gateway that is asked, and asks, without a connection: what a test says comes in the very pieces that it names. Providers <c>openai</c>,
/// <c>anthropic</c> and <c>gemini</c> are spoken to in their dialects, and one <see cref="Upstream"/> is all of them.
/// </summary>
internal sealed class InProcess : IAsyncDisposable
{
    private readonly GatewayPipeline _pipeline;

    private InProcess(GatewayRig rig, Upstream upstream)
    {
        (Rig, Provider) = (rig, upstream);
        _pipeline = rig.Services.GetRequiredService<GatewayPipeline>();
    }

    public GatewayRig Rig { get; }

    public Upstream Provider { get; }

    /// <summary>Starts one.</summary>
    /// <param name="more">Further members of perigee.json.</param>
    /// <param name="sinks">Takes what it writes.</param>
    /// <param name="failures">So many failures of a target open its breaker.</param>
    public static async Task<InProcess> StartAsync(string more, CanarySinks? sinks = null, int failures = 1000)
    {
        Upstream upstream = new();
        string providers = string.Join(',', ((Tongue[])[Tongue.OpenAi, Tongue.Anthropic, Tongue.Gemini]).Select(static tongue =>
            $$"""
            "{{tongue.Name}}x":{"kind":"custom","dialect":"{{tongue.Name}}","network":"loopback","baseUrl":"http://127.0.0.1:9/{{tongue.Name}}{{tongue.BasePath}}","keyVariable":"PLANTED_KEY","models":["m"]}
            """));
        GatewayRig rig = await GatewayRig.StartAsync(
            $$"""{"providers":{ {{providers}} },"retries":{"max":0},"breaker":{"failures":{{failures}},"percent":100} {{(more.Length > 0 ? "," + more : "")}} }""",
            (Action<WebApplicationBuilder>)(builder =>
            {
                sinks?.Attach(builder);
                builder.Services.AddSingleton<HttpMessageHandler>(upstream);
            }),
            ("PLANTED_KEY", Key));
        return new InProcess(rig, upstream);
    }

    /// <summary>The providers' key.</summary>
    public const string Key = "Plain9Own8Key7OfTheProvider";

    /// <summary>Asks, and takes the answer whole.</summary>
    /// <param name="path">Path and query.</param>
    /// <param name="body">The body, or null for GET.</param>
    /// <param name="split">Where the body is cut in two; 0 for nowhere.</param>
    /// <param name="headers">Further headers.</param>
    public async Task<Told> AskAsync(string path, string? body, int split = 0, params (string Name, string Value)[] headers)
    {
        int query = path.IndexOf('?', StringComparison.Ordinal);
        DefaultHttpContext http = new() { RequestServices = Rig.Services };
        using MemoryStream answer = new();
        http.Request.Method = body is null ? "GET" : "POST";
        http.Request.Path = PathString.FromUriComponent(query < 0 ? path : path[..query]);
        http.Request.QueryString = new QueryString(query < 0 ? "" : path[query..]);
        http.Request.Host = new HostString("localhost");
        http.Connection.RemoteIpAddress = IPAddress.Loopback;
        http.Request.Headers["anthropic-version"] = "2023-06-01";
        if (body is not null)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(body);
            http.Request.ContentType = "application/json";
            http.Request.ContentLength = bytes.Length;
            http.Request.Body = new PiecewiseStream(bytes, Sizes(split));
        }

        foreach ((string name, string value) in headers)
            http.Request.Headers[name] = value;
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(answer));
        await _pipeline.InvokeAsync(http);
        await http.Response.CompleteAsync();
        return new Told(http.Response.StatusCode, Encoding.UTF8.GetString(answer.ToArray()), string.Join('\n', http.Response.Headers.Select(static one => $"{one.Key}: {one.Value}")));
    }

    /// <summary>Has a provider answer well, so that its breaker stays closed.</summary>
    public Task<Told> SucceedAsync(Tongue tongue)
    {
        Provider.Say(200, tongue.Whole("Well."));
        return AskAsync(tongue.ClientPath(tongue.Name + "x/m", stream: false), tongue.Question(tongue.Name + "x/m", stream: false));
    }

    public ValueTask DisposeAsync() => Rig.DisposeAsync();

    private static Func<int> Sizes(int split)
    {
        int calls = 0;
        return () => split > 0 && calls++ == 0 ? split : int.MaxValue;
    }

    /// <summary>What a client got.</summary>
    internal sealed record Told(int Status, string Body, string Headers);

    /// <summary>Every provider: says what it was given to say, in two pieces where that was wanted.</summary>
    internal sealed class Upstream : HttpMessageHandler
    {
        public int Status { get; set; } = 200;

        public byte[] Body { get; set; } = [];

        public string Type { get; set; } = "application/json";

        public string? Encoding { get; set; }

        public int Split { get; set; }

        public List<(string Name, string Value)> Headers { get; } = [];

        public int Calls { get; private set; }

        /// <summary>What is said next.</summary>
        public void Say(int status, string body, string type = "application/json", int split = 0) =>
            (Status, Body, Type, Split, Encoding) = (status, System.Text.Encoding.UTF8.GetBytes(body), type, split, null);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Calls++;
            if (request.Content is { } question)
                await question.CopyToAsync(Stream.Null, cancellationToken);
            HttpResponseMessage answer = new((HttpStatusCode)Status) { Content = new StreamContent(new PiecewiseStream(Body, Sizes(Split))), RequestMessage = request };
            answer.Content.Headers.TryAddWithoutValidation("Content-Type", Type);
            if (Encoding is not null)
                answer.Content.Headers.TryAddWithoutValidation("Content-Encoding", Encoding);
            foreach ((string name, string value) in Headers)
                answer.Headers.TryAddWithoutValidation(name, value);
            return answer;
        }
    }
}

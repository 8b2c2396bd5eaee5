using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace Perigee.Benchmarks.Load;

/// <summary>The other processes of a load run: an upstream with canned bytes, and a bare YARP proxy before it.</summary>
internal static class Peers
{
    /// <summary>Content events of a canned stream: with the opening, the end and the closing mark about 68 in all.</summary>
    private const int ContentEvents = 65;

    private static readonly byte[] Json = Encoding.UTF8.GetBytes(
        """{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"bench","choices":[{"index":0,"message":{"role":"assistant","content":"""
        + "\"" + new string('x', 600) + "\"" + ""","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":150,"total_tokens":170}}""");

    private static readonly byte[][] Events = MakeEvents();

    public static async Task<int> RunUpstreamAsync(string url)
    {
        WebApplication app = Make(url);
        app.Run(async http =>
        {
            // The body is read to its end and looked at just enough to know whether a stream is wanted.
            bool stream = http.Request.Headers["x-bench-stream"] == "1" || http.Request.Headers.Accept == "text/event-stream";
            await http.Request.Body.CopyToAsync(Stream.Null);
            if (!stream)
            {
                http.Response.ContentType = "application/json";
                http.Response.ContentLength = Json.Length;
                await http.Response.BodyWriter.WriteAsync(Json);
                return;
            }

            http.Response.ContentType = "text/event-stream";
            foreach (byte[] next in Events)
                await http.Response.BodyWriter.WriteAsync(next);
        });
        await app.RunAsync();
        return 0;
    }

    public static async Task<int> RunYarpAsync(string url, string upstream)
    {
        WebApplication app = Make(url, services => services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "one", Match = new RouteMatch { Path = "{**path}" } }],
            [new ClusterConfig { ClusterId = "one", Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = upstream } } }]));
        app.MapReverseProxy();
        await app.RunAsync();
        return 0;
    }

    private static WebApplication Make(string url, Action<IServiceCollection>? services = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<KestrelServerOptions>(options => options.AddServerHeader = false);
        services?.Invoke(builder.Services);
        WebApplication app = builder.Build();
        app.Urls.Add(url);
        return app;
    }

    private static byte[][] MakeEvents()
    {
        List<byte[]> events = [Event("""{"role":"assistant","content":""}""", "null")];
        for (int i = 0; i < ContentEvents; i++)
            events.Add(Event($$"""{"content":" word{{i}}"}""", "null"));
        events.Add(Event("{}", "\"stop\""));
        events.Add("data: [DONE]\n\n"u8.ToArray());
        return [.. events];

        static byte[] Event(string delta, string finish) => Encoding.UTF8.GetBytes(
            """data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"bench","system_fingerprint":"fp_1","choices":[{"index":0,"delta":"""
            + delta + ""","logprobs":null,"finish_reason":""" + finish + "}]}\n\n");
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Perigee.Tests.Failover;

/// <summary>One server that is every provider of these tests: the first segment of a path says which, and a script what it does.</summary>
internal sealed class FaultyUpstream : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TcpListener _mute = new(IPAddress.Loopback, 0);
    private readonly Socket _full = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _queued = [];
    private readonly ConcurrentDictionary<string, Func<HttpContext, Task>> _scripts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _calls = new(StringComparer.Ordinal);

    private FaultyUpstream(WebApplication app) => _app = app;

    public string Url => _app.Urls.First().TrimEnd('/');

    /// <summary>A TLS address behind which plain HTTP is spoken.</summary>
    public string PlainAsTls => Url.Replace("http:", "https:", StringComparison.Ordinal);

    /// <summary>A TLS address that takes connections and never says a word.</summary>
    public string Mute => $"https://{_mute.LocalEndpoint}";

    /// <summary>An address that lets nobody in: its queue is full and nobody takes from it.</summary>
    public string Full => $"http://{_full.LocalEndPoint}";

    /// <summary>An address at which nobody listens: below the ports that systems hand out.</summary>
    public static string Nobody => "http://127.0.0.1:1";

    public static async Task<FaultyUpstream> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            // Providers say in headers what they like.
            kestrel.ResponseHeaderEncodingSelector = static _ => System.Text.Encoding.Latin1;
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1);
        });
        WebApplication app = builder.Build();
        FaultyUpstream upstream = new(app);
        app.Run(upstream.ServeAsync);
        await app.StartAsync();
        upstream._mute.Start();
        upstream._full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        upstream._full.Listen(0);
        for (int i = 0; i < 4; i++)
        {
            Socket queued = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            upstream._queued.Add(queued);
            _ = queued.ConnectAsync(upstream._full.LocalEndPoint!).ContinueWith(static task => task.Exception, TaskScheduler.Default);
        }

        return upstream;
    }

    public void On(string provider, Func<HttpContext, Task> script) => _scripts[provider] = script;

    public int Calls(string provider) => _calls.GetValueOrDefault(provider);

    public async ValueTask DisposeAsync()
    {
        _mute.Dispose();
        _full.Dispose();
        _queued.ForEach(static queued => queued.Dispose());
        using CancellationTokenSource now = new(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext http)
    {
        string provider = http.Request.Path.Value!.Split('/')[1];
        _calls.AddOrUpdate(provider, 1, static (_, calls) => calls + 1);

        // A connection that is used again would be tried again by the client's own HTTP stack when it breaks: that is not what is counted here.
        http.Response.Headers.Connection = "close";
        try
        {
            await _scripts[provider](http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
        }
    }
}

/// <summary>What a script of the upstream can say.</summary>
internal sealed record Talk(HttpContext Http, Tongue Tongue, bool Stream, string Who)
{
    /// <summary>What every provider says that works: its own name.</summary>
    public Task AnswerAsync() => Stream
        ? EventsAsync(Tongue.Opening + Tongue.Piece(Who) + Tongue.Finish + Tongue.Closing)
        : SendAsync(200, Tongue.Whole(Who));

    public Task SendAsync(int status, string body, params (string Name, string Value)[] headers) => SendAsync(status, "application/json", body, headers);

    public async Task SendAsync(int status, string type, string body, params (string Name, string Value)[] headers)
    {
        Http.Response.StatusCode = status;
        Http.Response.ContentType = type;
        foreach ((string name, string value) in headers)
            Http.Response.Headers[name] = value;
        await Http.Response.WriteAsync(body, Http.RequestAborted);
    }

    public async Task EventsAsync(string events)
    {
        Http.Response.ContentType = "text/event-stream";
        await Http.Response.WriteAsync(events, Http.RequestAborted);
        await Http.Response.Body.FlushAsync(Http.RequestAborted);
    }

    /// <summary>Half of a body with its length told.</summary>
    public async Task HalfAsync()
    {
        string body = Tongue.Whole(Who);
        Http.Response.ContentType = "application/json";
        Http.Response.ContentLength = body.Length;
        await Http.Response.WriteAsync(body[..(body.Length / 2)], Http.RequestAborted);
        await Http.Response.Body.FlushAsync(Http.RequestAborted);
    }

    /// <summary>Breaks the connection, once what was said has been taken: a reset throws away what is still on the way.</summary>
    public async Task ResetAsync()
    {
        await Task.Delay(100, Http.RequestAborted);
        Http.Abort();
    }

    /// <summary>Says nothing more until the caller leaves.</summary>
    public Task SilenceAsync() => Task.Delay(TimeSpan.FromSeconds(30), Http.RequestAborted);
}

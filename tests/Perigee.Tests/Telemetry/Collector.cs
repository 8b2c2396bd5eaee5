using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Perigee.Tests.Telemetry;

/// <summary>Stands in for a collector: takes OTLP over HTTP and over gRPC and keeps what it was sent.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _got = new();

    private Collector(WebApplication app) => _app = app;

    public string Url => _app.Urls.First();

    public static async Task<Collector> StartAsync(bool grpc)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        WebApplication app = builder.Build();
        Collector collector = new(app);
        app.Run(async http =>
        {
            using MemoryStream body = new();
            await http.Request.Body.CopyToAsync(body);
            byte[] bytes = body.ToArray();
            collector._got.Enqueue((http.Request.Path.Value!, grpc ? bytes[5..] : bytes));
            http.Response.ContentType = grpc ? "application/grpc" : "application/x-protobuf";
            if (!grpc)
                return;
            await http.Response.Body.WriteAsync(new byte[5]);
            http.Response.AppendTrailer("grpc-status", "0");
        });
        await app.StartAsync();
        return collector;
    }

    /// <summary>Everything below a path of fields in the messages of a signal.</summary>
    /// <param name="signal">A part of the requests' path: <c>trace</c>, <c>metric</c> or <c>log</c>.</param>
    /// <param name="path">Fields.</param>
    public List<Proto> Below(string signal, params int[] path) =>
        [.. _got.Where(one => one.Path.Contains(signal, StringComparison.OrdinalIgnoreCase)).SelectMany(one => new Proto(one.Body).Below(path))];

    /// <summary>The bytes of everything, as text.</summary>
    public string All() => string.Concat(_got.Select(static one => System.Text.Encoding.Latin1.GetString(one.Body)));

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}

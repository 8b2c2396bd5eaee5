using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Perigee.Tests.Telemetry;

/// <summary>Stands in for Azure Monitor's ingestion: takes what is posted to <c>/v2.1/track</c>, one JSON object a line, and keeps it.</summary>
internal sealed class Ingestion : IAsyncDisposable
{
    /// <summary>An instrumentation key; any will do here.</summary>
    public const string Key = "11111111-2222-3333-4444-555555555555";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentBag<string> _paths = [];
    private int _calls;

    private Ingestion(WebApplication app) => _app = app;

    /// <summary>What APPLICATIONINSIGHTS_CONNECTION_STRING says for it.</summary>
    public string Connection => ConnectionTo(_app.Urls.First());

    /// <summary>How often something was posted.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>The paths that were asked for.</summary>
    public IEnumerable<string> Paths => _paths.Distinct();

    /// <summary>Every line, as it was once unpacked.</summary>
    public string All => string.Join('\n', _lines);

    /// <summary>The status that it answers with.</summary>
    public int Status { get; set; } = StatusCodes.Status200OK;

    public static string ConnectionTo(string url) => $"InstrumentationKey={Key};IngestionEndpoint={url.TrimEnd('/')}/;LiveEndpoint={url.TrimEnd('/')}/";

    public static async Task<Ingestion> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        Ingestion ingestion = new(app);
        app.Run(ingestion.TakeAsync);
        await app.StartAsync();
        return ingestion;
    }

    /// <summary>The base data of everything of a kind: <c>RequestData</c>, <c>RemoteDependencyData</c>, <c>MetricData</c>, <c>MessageData</c>.</summary>
    public List<JsonElement> Of(string kind) => [.. _lines.Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("data"))
        .Where(data => data.GetProperty("baseType").GetString() == kind).Select(static data => data.GetProperty("baseData"))];

    /// <summary>The envelopes of a kind, with their tags.</summary>
    public List<JsonElement> Envelopes(string kind) => [.. _lines.Select(static line => JsonDocument.Parse(line).RootElement)
        .Where(envelope => envelope.GetProperty("data").GetProperty("baseType").GetString() == kind)];

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext http)
    {
        Interlocked.Increment(ref _calls);
        _paths.Add(http.Request.Path.Value!);
        using MemoryStream body = new();
        await http.Request.Body.CopyToAsync(body);
        body.Position = 0;
        await using Stream plain = http.Request.Headers.ContentEncoding == "gzip" ? new GZipStream(body, CompressionMode.Decompress) : body;
        using StreamReader reader = new(plain, Encoding.UTF8);
        string[] lines = (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        http.Response.StatusCode = Status;
        if (Status != StatusCodes.Status200OK)
            return;
        foreach (string line in lines)
            _lines.Enqueue(line);
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync($$"""{"itemsReceived":{{lines.Length}},"itemsAccepted":{{lines.Length}},"errors":[]}""");
    }
}

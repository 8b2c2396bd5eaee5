using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Perigee.Embedded;
using Perigee.Routing.Health;

namespace Perigee.Tests.Failover;

/// <summary>The whole gateway on a port of its own, open to everybody on it, with the configuration of the test.</summary>
internal sealed class GatewayRig : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo _folder;
    private bool _stopped;

    private GatewayRig(WebApplication app, DirectoryInfo folder)
    {
        (_app, _folder) = (app, folder);
        Http = new HttpClient(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero, MaxResponseDrainSize = 0 })
        {
            BaseAddress = new Uri(app.Urls.First()),
            Timeout = TimeSpan.FromSeconds(40),
        };
    }

    public HttpClient Http { get; }

    public string Folder => _folder.FullName;

    public TargetStates States => _app.Services.GetRequiredService<TargetStates>();

    public IServiceProvider Services => _app.Services;

    /// <summary>Starts one.</summary>
    /// <param name="configuration">The text of perigee.json.</param>
    /// <param name="variables">Further variables of its environment.</param>
    public static Task<GatewayRig> StartAsync(string configuration, params (string Name, string? Value)[] variables) => StartAsync(configuration, null, variables);

    /// <summary>Starts one.</summary>
    /// <param name="configuration">The text of perigee.json.</param>
    /// <param name="more">Adds to its services, after all others.</param>
    /// <param name="variables">Further variables of its environment.</param>
    public static async Task<GatewayRig> StartAsync(string configuration, Action<WebApplicationBuilder>? more, params (string Name, string? Value)[] variables)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("perigee-failover-");
        string file = Path.Combine(folder.FullName, "perigee.json");
        await File.WriteAllTextAsync(file, configuration);
        IConfiguration settings = new ConfigurationBuilder().AddInMemoryCollection([new("PERIGEE_CONFIG", file), .. variables.Select(static one => new KeyValuePair<string, string?>(one.Name, one.Value))]).Build();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1));
        builder.Services.AddSingleton(new GatewayHost { Mode = "local", BoundToLoopback = true });
        builder.Services.AddPerigee(settings);
        builder.Services.AddPerigeeEmbedded(Path.Combine(folder.FullName, "data"));
        more?.Invoke(builder);
        WebApplication app = builder.Build();
        app.Run(app.Services.GetRequiredService<GatewayPipeline>().InvokeAsync);
        await app.StartAsync();
        return new GatewayRig(app, folder);
    }

    public Task<HttpResponseMessage> SendAsync(string path, string body, CancellationToken cancel, params (string Name, string Value)[] headers)
    {
        HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("anthropic-version", "2023-06-01");
        request.Headers.Add("x-perigee-cache", "off");
        foreach ((string name, string value) in headers)
        {
            request.Headers.Remove(name);
            request.Headers.Add(name, value);
        }

        return Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
    }

    public async Task<Heard> AskAsync(Tongue tongue, string model, bool stream, params (string Name, string Value)[] headers) =>
        await HearAsync(tongue, await SendAsync(tongue.ClientPath(model, stream), tongue.Question(model, stream), TestContext.Current.CancellationToken, headers));

    public static async Task<Heard> HearAsync(Tongue tongue, HttpResponseMessage answer)
    {
        using (answer)
        {
            Heard heard = new(tongue, answer);
            try
            {
                heard.Body = await answer.Content.ReadAsStringAsync();
            }
            catch (HttpRequestException)
            {
                heard.Cut = true;
            }

            return heard;
        }
    }

    /// <summary>Stops it, and gives the log records that it has written.</summary>
    public async Task<List<JsonElement>> StopAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await _app.StopAsync();
        }

        List<JsonElement> records = [];
        foreach (string file in Directory.EnumerateFiles(_folder.FullName, "*.gz", SearchOption.AllDirectories))
        {
            await using FileStream compressed = File.OpenRead(file);
            await using System.IO.Compression.GZipStream plain = new(compressed, System.IO.Compression.CompressionMode.Decompress);
            using StreamReader reader = new(plain);
            while (await reader.ReadLineAsync() is { } line)
                records.Add(JsonDocument.Parse(line).RootElement);
        }

        return records;
    }

    /// <summary>Stops it; the records of exchanges that it left, without what else stands in the blobs.</summary>
    public async Task<List<JsonElement>> ExchangesAsync() => [.. (await StopAsync()).Where(static line => line.GetProperty("kind").GetString() == "exchange")];

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // The last write of what the storage does in the background; the folder is one of the system's for such.
        }
    }
}

/// <summary>What a client heard.</summary>
internal sealed class Heard
{
    private readonly Tongue _tongue;

    public Heard(Tongue tongue, HttpResponseMessage answer)
    {
        _tongue = tongue;
        Status = (int)answer.StatusCode;
        Headers = answer.Headers;
        Type = answer.Content.Headers.ContentType?.MediaType ?? "";
    }

    public int Status { get; }

    public HttpResponseHeaders Headers { get; }

    public string Type { get; }

    public string Body { get; set; } = "";

    public bool Cut { get; set; }

    /// <summary>Name and outcome of each try, without the times.</summary>
    public string Attempts => string.Join(", ", Header("x-perigee-attempts").Split(", ").Select(static one => string.Join(';', one.Split(';') is { Length: > 2 } parts ? [parts[0], parts[1], .. parts[3..]] : [one])));

    /// <summary>The JSON values of the body: one, or one an event.</summary>
    public List<JsonElement> Values { get => field ??= Parse(); }

    /// <summary>All text that was shown.</summary>
    public string Text => string.Concat(Values.Select(value => _tongue.Text(value) ?? ""));

    /// <summary>The error with which it ends, or null.</summary>
    public string? Error => Values.Count == 0 ? null : _tongue.ErrorMessage(Values[^1]);

    public string Header(string name) => Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(", ", values) : "";

    private List<JsonElement> Parse()
    {
        if (Type != "text/event-stream")
        {
            if (Body.Length == 0 || Body[0] is not ('{' or '[') || Cut)
                return [];
            JsonElement root = JsonDocument.Parse(Body).RootElement;
            return root.ValueKind == JsonValueKind.Array ? [.. root.EnumerateArray()] : [root];
        }

        List<JsonElement> values = [];
        foreach (string line in Body.Split('\n'))
        {
            if (line.StartsWith("data: {", StringComparison.Ordinal))
                values.Add(JsonDocument.Parse(line[6..]).RootElement);
        }

        return values;
    }
}

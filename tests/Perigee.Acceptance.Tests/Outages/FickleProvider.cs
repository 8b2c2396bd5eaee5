using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Perigee.Acceptance.Tests.Running;

namespace Perigee.Acceptance.Tests.Outages;

/// <summary>A call as a provider sees it.</summary>
/// <param name="Http">The call.</param>
/// <param name="Model">The model asked for.</param>
/// <param name="Stream">Whether a stream is wanted.</param>
internal sealed record ProviderCall(HttpContext Http, string Model, bool Stream)
{
    /// <summary>Cancelled when the caller hangs up.</summary>
    public CancellationToken Gone => Http.RequestAborted;
}

/// <summary>A provider on a port of its own that can die, come back, and change what it does while calls come in.</summary>
internal sealed class FickleProvider : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _calls = new(StringComparer.Ordinal);
    private WebApplication? _app;
    private int _port;
    private int _open;
    private int _connections;
    private volatile bool _dead;

    private FickleProvider(Func<FickleProvider, ProviderCall, Task> answer) => Answer = answer;

    /// <summary>What it does with calls from now on.</summary>
    public Func<FickleProvider, ProviderCall, Task> Answer { get; set; }

    /// <summary>Its address, without a slash at the end: the same after a revival.</summary>
    public string Url => $"http://127.0.0.1:{_port}";

    /// <summary>Calls under way.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Connections that callers hold.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Calls so far, of a model or of all.</summary>
    public int Calls(string? model = null)
    {
        lock (_gate)
            return model is null ? _calls.Values.Sum() : _calls.GetValueOrDefault(model);
    }

    /// <summary>Starts one.</summary>
    public static async Task<FickleProvider> StartAsync(Func<FickleProvider, ProviderCall, Task> answer)
    {
        FickleProvider provider = new(answer);
        await provider.ReviveAsync();
        return provider;
    }

    /// <summary>
    /// Dies: nobody listens any more, and calls without content are cut. Those that have shown content run to their end, because nobody could
    /// save them: what is to be seen is who saves the others.
    /// </summary>
    public async Task KillAsync()
    {
        _dead = true;
        WebApplication app = Interlocked.Exchange(ref _app, null)!;
        using CancellationTokenSource now = new(TimeSpan.FromSeconds(1));
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    /// <summary>Listens again, where it did.</summary>
    public async Task ReviveAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port, listen =>
        {
            listen.Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1;
            listen.Use(next => connection => CountAsync(next, connection));
        }));
        builder.Logging.SetMinimumLevel(LogLevel.None);
        WebApplication app = builder.Build();
        app.Run(ServeAsync);
        await app.StartAsync();
        _port = new Uri(app.Urls.First()).Port;
        _dead = false;
        _app = app;
    }

    /// <summary>A good answer after a while.</summary>
    public async Task GiveAsync(ProviderCall call, TimeSpan toContent)
    {
        await Task.Delay(toContent, call.Gone);
        if (_dead)
        {
            call.Http.Abort();
            return;
        }

        if (!call.Stream)
        {
            await Say.AnswerAsync(call.Http, "Hello there.");
            return;
        }

        Say.Stream(call.Http);
        await Say.PieceAsync(call.Http, "Hello");
        await Say.PieceAsync(call.Http, " there.");
        await Say.EndAsync(call.Http);
    }

    /// <summary>An error.</summary>
    public static Task FailAsync(ProviderCall call, int status) =>
        Say.JsonAsync(call.Http, status, """{"error":{"message":"Not now.","type":"server_error","param":null,"code":null}}""");

    /// <summary>A 429 that says for how long.</summary>
    public static Task LimitAsync(ProviderCall call, int milliseconds)
    {
        call.Http.Response.Headers["retry-after-ms"] = milliseconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Say.JsonAsync(call.Http, 429, """{"error":{"message":"Slow down.","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}""");
    }

    /// <summary>Nothing, for half a minute.</summary>
    public static Task StaySilentAsync(ProviderCall call) => Task.Delay(TimeSpan.FromSeconds(30), call.Gone);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await KillAsync();
    }

    private async Task CountAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        Interlocked.Increment(ref _connections);
        try
        {
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }

    private async Task ServeAsync(HttpContext http)
    {
        Interlocked.Increment(ref _open);
        try
        {
            using JsonDocument question = await JsonDocument.ParseAsync(http.Request.Body, default, http.RequestAborted);
            string model = question.RootElement.GetProperty("model").GetString()!;
            lock (_gate)
                _calls[model] = _calls.GetValueOrDefault(model) + 1;
            bool stream = question.RootElement.TryGetProperty("stream", out JsonElement flag) && flag.ValueKind == JsonValueKind.True;
            await Answer(this, new ProviderCall(http, model, stream));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or BadHttpRequestException)
        {
            // The caller has hung up.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Perigee.Benchmarks.Logging;

/// <summary>
/// A port that leads to the blobs of a storage emulator and answers a share of the writes as a storage in trouble does: 503, never, or not at all
/// though the blob was written.
/// </summary>
internal sealed class FaultyBlobPort : IAsyncDisposable
{
    private static readonly string[] HopByHop = ["Host", "Connection", "Transfer-Encoding", "Expect", "Keep-Alive"];

    private readonly int _target;
    private readonly Random _dice;
    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _storage = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly int[] _faults = new int[3];
    private double _share;

    private FaultyBlobPort(int target, int seed)
    {
        (_target, _dice) = (target, new Random(seed));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    /// <summary>The port.</summary>
    public int Port => new Uri(_app.Urls.First()).Port;

    /// <summary>The share of writes that go wrong, in one of three ways each.</summary>
    public double Share
    {
        get => Volatile.Read(ref _share);
        set => Volatile.Write(ref _share, value);
    }

    /// <summary>How many writes were refused with 503, were never answered, lost their reply.</summary>
    public (int Refused, int Hung, int Lost) Faults => (_faults[0], _faults[1], _faults[2]);

    /// <summary>Starts one.</summary>
    /// <param name="target">The port of the emulator's blobs.</param>
    /// <param name="seed">Decides which writes go wrong.</param>
    public static async Task<FaultyBlobPort> StartAsync(int target, int seed)
    {
        FaultyBlobPort port = new(target, seed);
        await port._app.StartAsync();
        return port;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new(TimeSpan.Zero);
        try
        {
            await _app.StopAsync(now.Token);
        }
        catch (OperationCanceledException)
        {
            // What hangs is let go of.
        }

        await _app.DisposeAsync();
        _storage.Dispose();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        int fault = -1;
        if (HttpMethods.IsPut(http.Request.Method))
        {
            lock (_dice)
                fault = _dice.NextDouble() < Share ? _dice.Next(3) : -1;
        }

        if (fault >= 0)
            Interlocked.Increment(ref _faults[fault]);
        try
        {
            using MemoryStream body = new();
            await http.Request.Body.CopyToAsync(body, http.RequestAborted);
            switch (fault)
            {
                case 0:
                    http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                    http.Response.Headers["x-ms-error-code"] = "ServerBusy";
                    return;
                case 1:
                    await Task.Delay(Timeout.InfiniteTimeSpan, http.RequestAborted);
                    return;
            }

            using HttpResponseMessage answer = await AskAsync(http, body.ToArray());
            byte[] content = await answer.Content.ReadAsByteArrayAsync(http.RequestAborted);
            if (fault == 2)
            {
                http.Abort();
                return;
            }

            http.Response.StatusCode = (int)answer.StatusCode;
            foreach ((string name, IEnumerable<string> values) in answer.Headers.Concat(answer.Content.Headers))
            {
                if (!HopByHop.Contains(name, StringComparer.OrdinalIgnoreCase))
                    http.Response.Headers[name] = values.ToArray();
            }

            if (content.Length > 0)
                await http.Response.Body.WriteAsync(content, http.RequestAborted);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException or HttpRequestException)
        {
            http.Abort();
        }
    }

    private async Task<HttpResponseMessage> AskAsync(HttpContext http, byte[] body)
    {
        using HttpRequestMessage request = new(new HttpMethod(http.Request.Method), new Uri($"http://127.0.0.1:{_target}{http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget}"));
        if (body.Length > 0 || HttpMethods.IsPut(http.Request.Method))
            request.Content = new ByteArrayContent(body);
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in http.Request.Headers)
        {
            if (!HopByHop.Contains(name, StringComparer.OrdinalIgnoreCase) && !request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }

        return await _storage.SendAsync(request, http.RequestAborted);
    }
}

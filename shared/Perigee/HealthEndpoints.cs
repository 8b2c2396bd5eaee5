using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Storage;

namespace Perigee;

/// <summary><c>/health/live</c>: the process serves. <c>/health/ready</c>: it can do its work, its storage answers.</summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(3);

    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        IStorage storage = endpoints.ServiceProvider.GetRequiredService<IStorage>();
        TimeProvider time = endpoints.ServiceProvider.GetRequiredService<TimeProvider>();
        endpoints.MapMethods("/health/live", ["GET", "HEAD"], http => AnswerAsync(http, 200, """{"status":"live"}"""u8.ToArray()));
        endpoints.MapMethods("/health/ready", ["GET", "HEAD"], async http =>
        {
            bool ready = await AnswersAsync(storage, time, http.RequestAborted);
            await AnswerAsync(http, ready ? 200 : 503,
                ready ? """{"status":"ready","storage":"up"}"""u8.ToArray() : """{"status":"not ready","storage":"down"}"""u8.ToArray());
        });
    }

    /// <summary>Whether the storage answers within a few seconds.</summary>
    public static async ValueTask<bool> AnswersAsync(IStorage storage, TimeProvider time, CancellationToken cancel)
    {
        using CancellationTokenSource patience = new(ProbePatience, time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            await storage.ProbeAsync(both.Token);
            return true;
        }
        catch (Exception e) when (e is StorageException or OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task AnswerAsync(HttpContext http, int status, byte[] body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        http.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.BodyWriter.WriteAsync(body);
    }
}

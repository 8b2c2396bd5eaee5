using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Regions;
using Perigee.Storage;

namespace Perigee;

/// <summary>
/// <c>/health/live</c>: the process serves. <c>/health/ready</c>: it can do its work: its storage answers, it knows its configuration, and a provider is on. How old
/// that is which a region knows of its home is said and no more: a home that is down must not take the others out.
/// </summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(3);

    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        IStorage storage = endpoints.ServiceProvider.GetRequiredService<IStorage>();
        TimeProvider time = endpoints.ServiceProvider.GetRequiredService<TimeProvider>();
        endpoints.MapMethods("/health/live", ["GET", "HEAD"], http => AnswerAsync(http, 200, """{"status":"live"}"""u8.ToArray()));
        GatewayHost host = endpoints.ServiceProvider.GetRequiredService<GatewayHost>();
        IGatewayOptions options = endpoints.ServiceProvider.GetRequiredService<IGatewayOptions>();
        ConfigurationSync configuration = endpoints.ServiceProvider.GetRequiredService<ConfigurationSync>();
        RegionWatch watch = endpoints.ServiceProvider.GetRequiredService<RegionWatch>();
        endpoints.MapMethods("/health/ready", ["GET", "HEAD"], async http =>
        {
            bool up = await AnswersAsync(storage, time, http.RequestAborted);
            int providers = options.Current.Providers.Count;
            bool ready = up && configuration.IsKnown && providers > 0;
            await AnswerAsync(http, ready ? 200 : 503, ManageJson.ToBytes(json =>
            {
                json.WriteStartObject();
                json.WriteString("status"u8, ready ? "ready"u8 : "not ready"u8);
                json.WriteString("region"u8, host.Region);
                json.WriteString("storage"u8, up ? "up"u8 : "down"u8);
                json.WriteString("configuration"u8, !configuration.IsKnown ? "unknown"u8 : configuration.Hash.Length > 0 ? "stored"u8 : "file"u8);
                if (watch.State is { } state)
                    json.WriteNumber("configurationAgeSeconds"u8, Math.Round(Math.Max(0, (time.GetUtcNow() - state.PublishedAt).TotalSeconds), 1));
                json.WriteNumber("providers"u8, providers);
                json.WriteEndObject();
            }).ToArray());
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

using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Caching;
using Perigee.Caching.Asking;
using Perigee.Callers;
using Perigee.Limits;
using Perigee.Logs;
using Perigee.Logs.Query;
using Perigee.Logs.Tail;
using Perigee.Logs.Verifying;
using Perigee.Providers;
using Perigee.Regions;
using Perigee.Routing.Health;
using Perigee.Storage;
using Perigee.Telemetry.Prometheus;
using Perigee.Usage;

namespace Perigee;

/// <summary>What the admin may see of the gateway as a whole: <c>/manage/v1/health</c> (and its targets), <c>/manage/v1/config</c>, <c>/manage/v1/schema</c>.</summary>
internal static class ManagementEndpoints
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void MapManagement(this IEndpointRouteBuilder endpoints)
    {
        IServiceProvider services = endpoints.ServiceProvider;
        AdminGuard guard = services.GetRequiredService<AdminGuard>();
        endpoints.MapMethods("/manage/v1/health", ["GET"], guard.Protect(http => HealthAsync(http, services), ManagementRole.Viewer));
        TargetsEndpoint targets = services.GetRequiredService<TargetsEndpoint>();
        endpoints.MapMethods("/manage/v1/health/targets", ["GET"], guard.Protect(targets.ListAsync, ManagementRole.Viewer));
        endpoints.MapMethods("/manage/v1/health/targets/{**name}", ["POST"], guard.Audited(targets.CloseAsync, "health.close"));
        CacheEndpoints cache = services.GetRequiredService<CacheEndpoints>();
        endpoints.MapMethods("/manage/v1/cache", ["GET"], guard.Protect(cache.ShowAsync, ManagementRole.Viewer));
        endpoints.MapMethods("/manage/v1/cache:invalidate", ["POST"], guard.Audited(cache.InvalidateAsync, "cache.invalidate"));
        endpoints.MapMethods("/manage/v1/cache/{key}", ["DELETE"], guard.Audited(cache.RemoveAsync, "cache.remove"));
        endpoints.MapMethods("/manage/v1/limits", ["GET"], guard.Protect(services.GetRequiredService<LimitsEndpoint>().ShowAsync, ManagementRole.Viewer));
        endpoints.MapMethods("/manage/v1/usage", ["GET"], guard.Protect(services.GetRequiredService<UsageEndpoint>().ShowAsync, ManagementRole.KeyOwner));
        endpoints.MapMethods("/manage/v1/usage:reconcile", ["POST"], guard.Audited(services.GetRequiredService<ReconcileEndpoint>().RunAsync, "usage.reconcile"));
        MeaningEndpoint meaning = services.GetRequiredService<MeaningEndpoint>();
        endpoints.MapMethods("/manage/v1/cache:semantic", ["POST"], guard.Audited(meaning.DecideAsync, "cache.semantic"));
        endpoints.MapMethods("/manage/v1/logs:verify", ["GET"], guard.Protect(services.GetRequiredService<VerifyEndpoint>().AnswerAsync, ManagementRole.Viewer));
        endpoints.MapMethods("/manage/v1/config", ["GET"], guard.Protect(http =>
            AnswerAsync(http, 200, json => WriteConfig(json, services.GetRequiredService<IGatewayOptions>().Current)), ManagementRole.Viewer));
        ConfigurationEndpoint stored = services.GetRequiredService<ConfigurationEndpoint>();
        endpoints.MapMethods("/manage/v1/config/stored", ["GET"], guard.Protect(stored.ShowAsync, ManagementRole.Viewer));
        endpoints.MapMethods("/manage/v1/config/stored", ["PUT"], guard.Protect(stored.PutAsync));
        endpoints.MapMethods("/manage/v1/config/stored", ["DELETE"], guard.Protect(stored.DeleteAsync));
        endpoints.MapMethods("/manage/v1/regions", ["GET"], guard.Protect(services.GetRequiredService<RegionsEndpoint>().ShowAsync, ManagementRole.Viewer));
        endpoints.MapMethods("/manage/v1/schema", ["GET"], guard.Protect(
            http => CopyAsync(http, "application/schema+json", ConfigurationServices.OpenSchema()), ManagementRole.Viewer));
        LogsEndpoint logs = services.GetRequiredService<LogsEndpoint>();
        endpoints.MapMethods("/manage/v1/logs", ["GET"], guard.Protect(logs.ListAsync, ManagementRole.KeyOwner));
        endpoints.MapMethods("/manage/v1/logs/{id}", ["GET"], guard.Protect(logs.ShowAsync, ManagementRole.KeyOwner));
        endpoints.MapMethods("/manage/v1/logs/tail", ["GET"], guard.Protect(services.GetRequiredService<TailEndpoint>().AnswerAsync, ManagementRole.KeyOwner));
        endpoints.MapMethods("/metrics", ["GET", "HEAD"], guard.Protect(services.GetRequiredService<PrometheusEndpoint>().AnswerAsync, ManagementRole.Viewer));
        endpoints.MapMethods("/manage/v1/openapi.json", ["GET"], guard.Protect(
            http => CopyAsync(http, "application/json", OpenDescription()), ManagementRole.KeyOwner));
    }

    /// <summary>The OpenAPI description of the management API. It is written by hand; a test holds it to what is mapped.</summary>
    public static Stream OpenDescription() =>
        typeof(ManagementEndpoints).Assembly.GetManifestResourceStream("Perigee.openapi.json")
        ?? throw new InvalidOperationException("openapi.json is not embedded.");

    private static async Task CopyAsync(HttpContext http, string type, Stream content)
    {
        await using (content)
        {
            http.Response.ContentType = type;
            await content.CopyToAsync(http.Response.Body, http.RequestAborted);
        }
    }

    private static async Task HealthAsync(HttpContext http, IServiceProvider services)
    {
        IStorage storage = services.GetRequiredService<IStorage>();
        bool up = await HealthEndpoints.AnswersAsync(storage, services.GetRequiredService<TimeProvider>(), http.RequestAborted);
        GatewayHost host = services.GetRequiredService<GatewayHost>();
        LogShipper logs = services.GetRequiredService<LogShipper>();
        UsageRollups usage = services.GetRequiredService<UsageRollups>();
        await AnswerAsync(http, up ? 200 : 503, json =>
        {
            json.WriteString("status"u8, up ? "ready" : "not ready");
            json.WriteString("version"u8, Welcome.Version);
            json.WriteString("mode"u8, host.Mode);
            json.WriteString("region"u8, host.Region);
            json.WriteString("instance"u8, host.Instance);
            json.WriteStartObject("storage"u8);
            json.WriteBoolean("up"u8, up);
            json.WriteString("location"u8, storage.Location);
            json.WriteEndObject();
            json.WriteStartObject("logs"u8);
            json.WriteNumber("waiting"u8, logs.Waiting);
            json.WriteNumber("dropped"u8, logs.Dropped);
            json.WriteEndObject();
            json.WriteStartObject("usage"u8);
            json.WriteNumber("waiting"u8, usage.Waiting);
            json.WriteNumber("lostMinutes"u8, usage.LostMinutes);
            json.WriteNumber("other"u8, usage.Othered);
            json.WriteNumber("damagedRows"u8, services.GetRequiredService<UsageStore>().Damaged);
            json.WriteEndObject();
            json.WriteStartObject("cache"u8);
            json.WriteNumber("missedWrites"u8, services.GetRequiredService<AnswerCache>().MissedWrites);
            json.WriteEndObject();
        });
    }

    /// <summary>The snapshot in force. Of a key only whether there is one.</summary>
    private static void WriteConfig(Utf8JsonWriter json, GatewayOptions options)
    {
        json.WriteStartObject("providers"u8);
        foreach (Provider provider in options.Providers.Values.OrderBy(provider => provider.Name, StringComparer.Ordinal))
        {
            json.WriteStartObject(provider.Name);
            json.WriteString("title"u8, provider.Title);
            json.WriteString("baseUrl"u8, provider.BaseUrl);
            json.WriteString("auth"u8, provider.Auth switch
            {
                AuthStyle.ApiKey => "api-key"u8,
                AuthStyle.XApiKey => "x-api-key"u8,
                AuthStyle.XGoogApiKey => "x-goog-api-key"u8,
                AuthStyle.Bearer => "bearer"u8,
                _ => "none"u8,
            });
            json.WriteString("dialect"u8, provider.Dialect.ToString().ToLowerInvariant());
            json.WriteBoolean("hasKey"u8, provider.Key is not null);
            json.WriteString("network"u8, provider.Network.ToString().ToLowerInvariant());
            json.WriteString("streamUsage"u8, provider.StreamUsage == StreamUsage.Ask ? "ask" : "as-sent");
            json.WriteStartArray("refuses"u8);
            foreach (string parameter in provider.Traits.Refuses.Order(StringComparer.Ordinal))
                json.WriteStringValue(parameter);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartObject("aliases"u8);
        foreach ((string alias, string model) in options.Aliases.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            json.WriteString(alias, model);
        json.WriteEndObject();
        json.WriteStartObject("limits"u8);
        if (options.Limits.RequestsPerMinute is { } requests)
            json.WriteNumber("requestsPerMinute"u8, requests);
        else
            json.WriteNull("requestsPerMinute"u8);
        json.WriteStartArray("rules"u8);
        foreach (LimitRule rule in options.Limits.Rules)
            LimitRuleJson.Write(json, rule);
        json.WriteEndArray();
        json.WriteString("unknownPrice"u8, options.Limits.UnknownPrice == UnknownPrice.Allow ? "allow"u8 : "block"u8);
        json.WriteNumber("bodyBytes"u8, options.Limits.BodyBytes);
        json.WriteNumber("uploadBytes"u8, options.Limits.UploadBytes);
        json.WriteEndObject();
        json.WriteStartObject("cache"u8);
        json.WriteBoolean("enabled"u8, options.Cache.Enabled);
        json.WriteNumber("ttlSeconds"u8, options.Cache.Ttl.TotalSeconds);
        json.WriteNumber("memoryBytes"u8, options.Cache.MemoryBytes);
        json.WriteNumber("lookupMilliseconds"u8, options.Cache.LookupBudget.TotalMilliseconds);
        json.WriteEndObject();
        json.WriteStartObject("timeouts"u8);
        json.WriteNumber("connectSeconds"u8, options.Timeouts.Connect.TotalSeconds);
        json.WriteNumber("firstTokenSeconds"u8, options.Timeouts.FirstToken.TotalSeconds);
        json.WriteNumber("idleSeconds"u8, options.Timeouts.Idle.TotalSeconds);
        json.WriteNumber("totalSeconds"u8, options.Timeouts.Total.TotalSeconds);
        json.WriteNumber("holdSeconds"u8, options.Timeouts.Hold.TotalSeconds);
        json.WriteEndObject();
        json.WriteStartObject("retries"u8);
        json.WriteNumber("max"u8, options.Retries.Most);
        json.WriteNumber("baseMilliseconds"u8, options.Retries.Base.TotalMilliseconds);
        json.WriteNumber("waitMilliseconds"u8, options.Retries.LongestWait.TotalMilliseconds);
        json.WriteNumber("lastWaitMilliseconds"u8, options.Retries.LongestLastWait.TotalMilliseconds);
        json.WriteNumber("budgetPercent"u8, options.Retries.BudgetPercent);
        json.WriteEndObject();
        json.WriteStartObject("breaker"u8);
        json.WriteNumber("failures"u8, options.Breaker.Failures);
        json.WriteNumber("percent"u8, options.Breaker.Percent);
        json.WriteNumber("windowSeconds"u8, options.Breaker.Window.TotalSeconds);
        json.WriteNumber("openSeconds"u8, options.Breaker.Open.TotalSeconds);
        json.WriteNumber("longestOpenSeconds"u8, options.Breaker.LongestOpen.TotalSeconds);
        json.WriteEndObject();
        json.WriteStartArray("routes"u8);
        foreach (string route in options.Routes.Keys.Order(StringComparer.Ordinal))
            json.WriteStringValue(route);
        json.WriteEndArray();
        json.WriteStartObject("logs"u8);
        json.WriteBoolean("enabled"u8, options.Logs.Enabled);
        json.WriteNumber("flushSeconds"u8, options.Logs.FlushAfter.TotalSeconds);
        json.WriteNumber("busyFlushSeconds"u8, options.Logs.BusyFlushAfter.TotalSeconds);
        json.WriteNumber("busyRecords"u8, options.Logs.BusyRecords);
        json.WriteNumber("flushBytes"u8, options.Logs.FlushBytes);
        json.WriteNumber("memoryBytes"u8, options.Logs.MemoryBytes);
        json.WriteNumber("bodies"u8, options.Logs.Bodies);
        json.WriteEndObject();
        json.WriteStartObject("usage"u8);
        json.WriteBoolean("enabled"u8, options.Usage.Enabled);
        json.WriteNumber("flushSeconds"u8, options.Usage.FlushAfter.TotalSeconds);
        json.WriteNumber("minuteDays"u8, options.Usage.MinuteDays);
        json.WriteNumber("hourDays"u8, options.Usage.HourDays);
        json.WriteNumber("dayDays"u8, options.Usage.DayDays);
        json.WriteNumber("mostGroups"u8, options.Usage.MostGroups);
        json.WriteEndObject();
        ConfigurationView.Write(json, options);
    }

    private static async Task AnswerAsync(HttpContext http, int status, Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> body = new(1024);
        using (Utf8JsonWriter json = new(body, Options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.WrittenCount;
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.BodyWriter.WriteAsync(body.WrittenMemory);
    }
}

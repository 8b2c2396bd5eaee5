using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Perigee.Caching;
using Perigee.Callers;
using Perigee.Forwarding;
using Perigee.Limits;
using Perigee.Logs;
using Perigee.Providers;
using Perigee.Regions;
using Perigee.Routing;
using Perigee.Telemetry;
using Perigee.Usage;
using Perigee.Webhooks;

namespace Perigee;

/// <summary>Registers the gateway: one block a folder.</summary>
public static class GatewayServices
{
    /// <summary>
    /// Adds everything but the storage: the host adds one <see cref="Storage.IStorage"/> (AddPerigeeAzure or AddPerigeeEmbedded)
    /// and one <see cref="GatewayHost"/> of its own.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">Environment and settings; PERIGEE_* and the providers' key variables are read from it.</param>
    /// <exception cref="ConfigurationException">The configuration cannot be used: all its faults are named.</exception>
    public static IServiceCollection AddPerigee(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddRouting();
        services.AddConfiguration(configuration);
        services.AddProviders();
        services.AddRegions();
        services.AddCallers(configuration);
        services.AddSingleton<ReachedTargets>();
        services.AddLimits();
        services.AddCaching();
        services.AddModelRouting();
        services.AddForwarding();
        services.AddLogs(
            ProviderRows.Shipped.All.SelectMany(static row => row.KeyPatterns),
            ((string[])["PERIGEE_ADMIN_KEY", "PERIGEE_STORAGE_CONNECTION", "PERIGEE_HOME_STORAGE"]).Select(name => configuration[name]).OfType<string>());
        services.AddUsage();
        services.AddTelemetry();
        services.AddWebhooks();
        services.AddSingleton<GatewayGauges>();
        services.AddSingleton<Welcome>().AddHostedService(static provider => provider.GetRequiredService<Welcome>());
        services.AddSingleton<IOwnCalls, OwnCalls>();
        services.AddSingleton<ISigningKeyDocuments, SigningKeyDocuments>();
        services.AddSingleton<GatewayPipeline>();
        return services;
    }

    /// <summary>Has a gateway that was just started do what a first request would wait for.</summary>
    public static IServiceCollection AddPerigeeWarmUp(this IServiceCollection services) => services.AddHostedService<WarmUp>();
}

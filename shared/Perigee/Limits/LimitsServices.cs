using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Perigee.Limits.Estimating;
using Perigee.Storage;

namespace Perigee.Limits;

/// <summary>Registers this folder.</summary>
internal static class LimitsServices
{
    public static IServiceCollection AddLimits(this IServiceCollection services) => services
        .AddSingleton<OutputHistory>()
        .AddSingleton<Estimator>()
        .AddSingleton<LimitMetrics>()
        .AddSingleton<LimitsEndpoint>()
        .AddSingleton(static provider => new LimitLedger(
            RegionOf(provider),
            HomeOf(provider),
            provider.GetRequiredService<GatewayHost>(),
            provider.GetRequiredService<TimeProvider>(),
            new Random(),
            provider.GetRequiredService<ILogger<LimitLedger>>(),
            provider.GetRequiredService<SharedTables>().IsHome))
        .AddSingleton<ILimitLedger>(static provider => provider.GetRequiredService<LimitLedger>())
        .AddHostedService(static provider => provider.GetRequiredService<LimitLedger>());

    /// <summary>The rows that this region's instances lease of: the limits themselves, or where there are several regions what this one was granted of them.</summary>
    private static ITable RegionOf(IServiceProvider provider)
    {
        IStorage storage = provider.GetRequiredService<IStorage>();
        return provider.GetRequiredService<RegionStorages>().Several ? storage.Table("regionlimits") : storage.Table("limits");
    }

    /// <summary>
    /// Where there are several regions each of them, the home itself among them, is granted its part by the rows of table <c>limits</c> in the home's storage. They are those of the only region
    /// as long as there is one: what it spent still counts when others join it.
    /// </summary>
    private static ITable? HomeOf(IServiceProvider provider) =>
        provider.GetRequiredService<RegionStorages>().Several ? provider.GetRequiredService<SharedTables>().HomeStorage.Table("limits") : null;
}

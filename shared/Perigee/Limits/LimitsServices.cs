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
            provider.GetRequiredService<IStorage>().Table("limits"),
            HomeOf(provider),
            provider.GetRequiredService<GatewayHost>(),
            provider.GetRequiredService<TimeProvider>(),
            new Random(),
            provider.GetRequiredService<ILogger<LimitLedger>>(),
            provider.GetRequiredService<SharedTables>().IsHome))
        .AddSingleton<ILimitLedger>(static provider => provider.GetRequiredService<LimitLedger>())
        .AddHostedService(static provider => provider.GetRequiredService<LimitLedger>());

    /// <summary>
    /// Where there are several regions each of them, the home itself among them, is granted its part by the rows of table <c>homelimits</c> in the home's storage. Where there is one, its rows
    /// are the limits.
    /// </summary>
    private static ITable? HomeOf(IServiceProvider provider) =>
        provider.GetRequiredService<RegionStorages>().Several ? provider.GetRequiredService<SharedTables>().HomeStorage.Table("homelimits") : null;
}

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
            provider.GetRequiredService<RegionStorages>().Home?.Table("limits"),
            provider.GetRequiredService<GatewayHost>(),
            provider.GetRequiredService<TimeProvider>(),
            new Random(),
            provider.GetRequiredService<ILogger<LimitLedger>>()))
        .AddSingleton<ILimitLedger>(static provider => provider.GetRequiredService<LimitLedger>())
        .AddHostedService(static provider => provider.GetRequiredService<LimitLedger>());
}

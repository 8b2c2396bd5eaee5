using Microsoft.Extensions.DependencyInjection;

namespace Perigee.Usage;

/// <summary>Registers this folder.</summary>
internal static class UsageServices
{
    public static IServiceCollection AddUsage(this IServiceCollection services) => services
        .AddSingleton<UsageRollups>()
        .AddSingleton<IExchangeSink>(static provider => provider.GetRequiredService<UsageRollups>())
        .AddSingleton<UsageStore>()
        .AddSingleton<UsageSweeper>()
        .AddSingleton<UsageReport>()
        .AddSingleton<UsageEndpoint>()
        .AddSingleton<Reconciler>()
        .AddSingleton<ReconcileEndpoint>()
        .AddHostedService<UsageUpkeep>();
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Perigee.Storage;

namespace Perigee.Regions;

/// <summary>Registers this folder. Which regions there are the host says by a <see cref="RegionStorages"/>; without one there is one.</summary>
internal static class RegionsServices
{
    public static IServiceCollection AddRegions(this IServiceCollection services)
    {
        services.TryAddSingleton(RegionStorages.None);
        return services
            .AddSingleton(static provider => new SharedTables(
                provider.GetRequiredService<IStorage>(), provider.GetRequiredService<RegionStorages>(), provider.GetRequiredService<TimeProvider>()))
            .AddSingleton<ConfigurationStore>()
            .AddSingleton<ConfigurationSync>()
            .AddSingleton<ConfigurationEndpoint>()
            .AddSingleton<RegionPublisher>()
            .AddSingleton<RegionWatch>()
            .AddSingleton<RegionsEndpoint>()
            .AddHostedService(static provider => provider.GetRequiredService<ConfigurationSync>())
            .AddHostedService(static provider => provider.GetRequiredService<RegionPublisher>())
            .AddHostedService(static provider => provider.GetRequiredService<RegionWatch>());
    }
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Perigee.Caching.Near;
using Perigee.Caching.Asking;
using Perigee.Caching.Store;
using Perigee.Storage;

namespace Perigee.Caching;

/// <summary>Registers this folder.</summary>
internal static class CachingServices
{
    public static IServiceCollection AddCaching(this IServiceCollection services) => services
        .AddSingleton<Flights>()
        .AddSingleton<KnownQuestions>()
        .AddSingleton<SharedCalls>()
        .AddSingleton(static provider => new NearSync(
            provider.GetRequiredService<IStorage>(), provider.GetRequiredService<IGatewayOptions>().Current.Cache.MostTtl,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<NearSync>>(), provider.GetRequiredService<AnswerCache>().Instance))
        .AddSingleton(static provider => new ShadowCheck(
            provider.GetRequiredService<IStorage>(), provider.GetRequiredService<Random>().NextDouble,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ShadowCheck>>()))
        .AddSingleton<MeaningTiers>()
        .AddSingleton<ICacheReport>(static provider => provider.GetRequiredService<MeaningTiers>())
        .AddSingleton<MeaningEndpoint>()
        .AddHostedService(static provider => provider.GetRequiredService<NearSync>())
        .AddHostedService(static provider => provider.GetRequiredService<ShadowCheck>())
        .AddSingleton<CacheCounts>()
        .AddSingleton<AnswerCache>()
        .AddSingleton(static provider => new CountStore(
            provider.GetRequiredService<IStorage>().Table(BucketRegistry.StateTable), provider.GetRequiredService<AnswerCache>().Instance))
        .AddSingleton<CacheEndpoints>()
        .AddHostedService(static provider => provider.GetRequiredService<AnswerCache>())
        .AddHostedService<CacheUpkeep>();
}

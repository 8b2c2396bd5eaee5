using Microsoft.Extensions.DependencyInjection;
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
        .AddSingleton<MeaningTiers>()
        .AddSingleton<CacheCounts>()
        .AddSingleton<AnswerCache>()
        .AddSingleton(static provider => new CountStore(
            provider.GetRequiredService<IStorage>().Table(BucketRegistry.StateTable), provider.GetRequiredService<AnswerCache>().Instance))
        .AddSingleton<CacheEndpoints>()
        .AddHostedService(static provider => provider.GetRequiredService<AnswerCache>())
        .AddHostedService<CacheUpkeep>();
}

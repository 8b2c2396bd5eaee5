using Microsoft.Extensions.DependencyInjection;

namespace Perigee.Caching;

/// <summary>Registers this folder.</summary>
internal static class CachingServices
{
    public static IServiceCollection AddCaching(this IServiceCollection services) =>
        services.AddSingleton<Flights>().AddSingleton<AnswerCache>().AddHostedService(provider => provider.GetRequiredService<AnswerCache>());
}

using Microsoft.Extensions.DependencyInjection;
using Perigee.Routing.Health;

namespace Perigee.Routing;

/// <summary>Registers what finds targets. Not named AddRouting: ASP.NET Core has one.</summary>
internal static class RoutingServices
{
    public static IServiceCollection AddModelRouting(this IServiceCollection services) => services
        .AddSingleton<ModelResolver>()
        .AddSingleton<TargetStates>()
        .AddSingleton<SharedHealth>()
        .AddHostedService(provider => provider.GetRequiredService<SharedHealth>())
        .AddSingleton<TargetsEndpoint>()
        .AddSingleton<Origins>()
        .AddSingleton<ProofKey>()
        .AddSingleton<ModelsEndpoint>();
}

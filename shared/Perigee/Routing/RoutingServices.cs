using Microsoft.Extensions.DependencyInjection;
using Perigee.Routing.Health;
using Perigee.Routing.Policies;

namespace Perigee.Routing;

/// <summary>Registers what finds targets. Not named AddRouting: ASP.NET Core has one.</summary>
internal static class RoutingServices
{
    public static IServiceCollection AddModelRouting(this IServiceCollection services) => services
        .AddSingleton<ModelResolver>()
#pragma warning disable RS0030 // The one place where the dice are taken from (these may be thrown by many at once): everybody else is handed them.
        .AddSingleton(Random.Shared)
#pragma warning restore RS0030
        .AddSingleton(provider => new TargetStates(
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<IGatewayOptions>(), provider.GetRequiredService<Random>()))
        .AddSingleton<SharedHealth>()
        .AddHostedService(provider => provider.GetRequiredService<SharedHealth>())
        .AddSingleton<TargetsEndpoint>()
        .AddSingleton<RoutePlanner>()
        .AddSingleton<PlanDrafter>()
        .AddSingleton<Affinity>()
        .AddSingleton<Explanation>()
        .AddSingleton<Origins>()
        .AddSingleton<ProofKey>()
        .AddSingleton<IProofSecret>(static provider => provider.GetRequiredService<ProofKey>())
        .AddSingleton<ModelsEndpoint>();
}

using Microsoft.Extensions.DependencyInjection;

namespace Perigee.Routing;

/// <summary>Registers what finds targets. Not named AddRouting: ASP.NET Core has one.</summary>
internal static class RoutingServices
{
    public static IServiceCollection AddModelRouting(this IServiceCollection services) => services
        .AddSingleton<ModelResolver>()
        .AddSingleton<Origins>()
        .AddSingleton<ProofKey>()
        .AddSingleton<ModelsEndpoint>();
}

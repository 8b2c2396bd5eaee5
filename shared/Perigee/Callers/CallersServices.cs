using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Perigee.Callers;

/// <summary>Registers this folder.</summary>
internal static class CallersServices
{
    public static IServiceCollection AddCallers(this IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton(provider => new CallerPolicy(configuration, provider.GetRequiredService<GatewayHost>()))
        .AddSingleton<AdminGuard>()
        .AddSingleton<KeyStore>()
        .AddSingleton<KeyLookup>()
        .AddHostedService<StartNotice>();
}

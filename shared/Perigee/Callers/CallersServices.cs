using Microsoft.Extensions.DependencyInjection;

namespace Perigee.Callers;

/// <summary>Registers this folder.</summary>
internal static class CallersServices
{
    public static IServiceCollection AddCallers(this IServiceCollection services) => services
        .AddSingleton<CallerPolicy>()
        .AddSingleton<AdminGuard>()
        .AddSingleton<KeyStore>()
        .AddSingleton<KeyLookup>()
        .AddHostedService<StartNotice>();
}

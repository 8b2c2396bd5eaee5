using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Perigee.Callers;

/// <summary>Registers this folder.</summary>
internal static class CallersServices
{
    public static IServiceCollection AddCallers(this IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton(provider => new CallerPolicy(configuration, provider.GetRequiredService<GatewayHost>()))
        .AddSingleton<AdminGuard>()
        .AddSingleton<AdminKeys>()
        .AddSingleton<AuditLog>()
        .AddSingleton<IdempotentReplies>()
        .AddSingleton<KeyStore>().AddSingleton<IOwnKeys, OwnKeys>()
        .AddSingleton<KeyLookup>()
        .AddSingleton<IForgets>(static provider => provider.GetRequiredService<KeyLookup>())
        .AddSingleton<IForgets>(static provider => provider.GetRequiredService<OwnerLookup>())
        .AddSingleton<IForgets>(static provider => provider.GetRequiredService<AdminKeys>())
        .AddSingleton<OwnerStore>()
        .AddSingleton<OwnerLookup>()
        .AddSingleton<UserCallers>()
        .AddSingleton<ILimitOwners, LimitOwners>()
        .AddSingleton<SigningKeys>()
        .AddSingleton<JwtReader>()
        .AddSingleton<JwtCallers>()
        .AddSingleton<KeyEndpoints>()
        .AddSingleton<KeyRotation>()
        .AddSingleton<OwnerEndpoints>()
        .AddSingleton<AdminKeyEndpoints>()
        .AddSingleton<AuditEndpoint>()
        .AddHostedService<StartNotice>();
}

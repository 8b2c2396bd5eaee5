using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Perigee.Providers;

namespace Perigee;

/// <summary>Registers the configuration. Hosted services are made before any is started, so a faulty file stops the host before it listens.</summary>
internal static class ConfigurationServices
{
    public static IServiceCollection AddConfiguration(this IServiceCollection services, IConfiguration configuration)
    {
        Func<string, string?> environment = name => UnresolvedReference.OrValue(configuration[name]);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(ConfigurationFile.Of(environment));
        services.AddSingleton(static provider => new RotatedSecrets(
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<RotatedSecrets>>(), provider.GetService<ISecretSource>()));
        services.AddSingleton<IExchangeSink>(static provider => provider.GetRequiredService<RotatedSecrets>());
        services.AddSingleton(provider =>
        {
            RotatedSecrets secrets = provider.GetRequiredService<RotatedSecrets>();
            return new ConfigurationReader(provider.GetRequiredService<ProviderRows>(), name => secrets.Find(name) ?? environment(name));
        });
        services.AddSingleton<GatewayOptionsHolder>();
        services.AddSingleton<IGatewayOptions>(provider => provider.GetRequiredService<GatewayOptionsHolder>());
        services.AddHostedService<ConfigurationWatch>();
        services.AddHostedService<SecretWatch>();
        return services;
    }

    /// <summary>The JSON Schema of perigee.json, as it is shipped beside the app.</summary>
    public static Stream OpenSchema() =>
        typeof(ConfigurationServices).Assembly.GetManifestResourceStream("Perigee.perigee.schema.json")
        ?? throw new InvalidOperationException("perigee.schema.json is not embedded.");
}

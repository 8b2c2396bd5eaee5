using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Perigee.Providers;

namespace Perigee;

/// <summary>Registers the configuration. Hosted services are made before any is started, so a faulty file stops the host before it listens.</summary>
internal static class ConfigurationServices
{
    public static IServiceCollection AddConfiguration(this IServiceCollection services, IConfiguration configuration)
    {
        Func<string, string?> environment = name => configuration[name];
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(ConfigurationFile.Of(environment));
        services.AddSingleton(provider => new ConfigurationReader(provider.GetRequiredService<ProviderRows>(), environment));
        services.AddSingleton<GatewayOptionsHolder>();
        services.AddSingleton<IGatewayOptions>(provider => provider.GetRequiredService<GatewayOptionsHolder>());
        services.AddHostedService<ConfigurationWatch>();
        return services;
    }

    /// <summary>The JSON Schema of perigee.json, as it is shipped beside the app.</summary>
    public static Stream OpenSchema() =>
        typeof(ConfigurationServices).Assembly.GetManifestResourceStream("Perigee.perigee.schema.json")
        ?? throw new InvalidOperationException("perigee.schema.json is not embedded.");
}

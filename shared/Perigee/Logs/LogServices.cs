using Microsoft.Extensions.DependencyInjection;

namespace Perigee.Logs;

/// <summary>Registers the log shipper.</summary>
internal static class LogServices
{
    /// <param name="services">The host's services.</param>
    /// <param name="keyPatterns">How the providers' keys begin.</param>
    /// <param name="secrets">Secrets of the gateway's own that are in use.</param>
    public static IServiceCollection AddLogs(this IServiceCollection services, IEnumerable<string> keyPatterns, IEnumerable<string> secrets) => services
        .AddSingleton(provider => new Redactor(keyPatterns, provider.GetRequiredService<IGatewayOptions>(), secrets))
        .AddSingleton<LogShipper>()
        .AddSingleton<IExchangeSink>(static provider => provider.GetRequiredService<LogShipper>())
        .AddHostedService(provider => provider.GetRequiredService<LogShipper>());
}

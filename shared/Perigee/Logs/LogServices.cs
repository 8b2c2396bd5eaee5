using Microsoft.Extensions.DependencyInjection;
using Perigee.Logs.Query;
using Perigee.Logs.Tail;

namespace Perigee.Logs;

/// <summary>Registers the log shipper.</summary>
internal static class LogServices
{
    /// <param name="services">The host's services.</param>
    /// <param name="keyPatterns">How the providers' keys begin.</param>
    public static IServiceCollection AddLogs(this IServiceCollection services, IEnumerable<string> keyPatterns) => services
        .AddSingleton(new Redactor(keyPatterns))
        .AddSingleton<LogShipper>()
        .AddSingleton<IExchangeSink>(static provider => provider.GetRequiredService<LogShipper>())
        .AddSingleton<LogTail>()
        .AddSingleton<IExchangeSink>(static provider => provider.GetRequiredService<LogTail>())
        .AddSingleton<TailEndpoint>()
        .AddSingleton<LogSearch>()
        .AddSingleton<LogsEndpoint>()
        .AddHostedService(provider => provider.GetRequiredService<LogShipper>());
}

using Microsoft.Extensions.DependencyInjection;
using Perigee.Logs.Bodies;
using Perigee.Logs.Query;
using Perigee.Logs.Shipping;
using Perigee.Logs.Tail;
using Perigee.Logs.Verifying;

namespace Perigee.Logs;

/// <summary>Registers the log shipper.</summary>
internal static class LogServices
{
    /// <param name="services">The host's services.</param>
    /// <param name="keyPatterns">How the providers' keys begin.</param>
    /// <param name="secrets">Secrets of the gateway's own that are in use.</param>
    public static IServiceCollection AddLogs(this IServiceCollection services, IEnumerable<string> keyPatterns, IEnumerable<string> secrets) => services
        .AddSingleton(provider => new Redactor(keyPatterns, provider.GetRequiredService<IGatewayOptions>(), secrets))
        .AddSingleton<ITextRedactor>(static provider => provider.GetRequiredService<Redactor>())
        .AddSingleton<IErrorRedactor, ErrorRedactor>()
        .AddSingleton<LogMetrics>()
        .AddSingleton(new LogFolder())
        .AddSingleton<UnwrittenRecords>()
        .AddSingleton<LogShipper>()
        .AddSingleton<IExchangeSink>(static provider => provider.GetRequiredService<LogShipper>())
        .AddSingleton<BodyShipper>()
        .AddSingleton<AuditShipper>()
        .AddSingleton<IAuditSink>(static provider => provider.GetRequiredService<AuditShipper>())
        .AddSingleton<VerifyEndpoint>()
        .AddHostedService<LogShipping>()
        .AddHostedService<AuditRecovery>()
        .AddSingleton<LogTail>()
        .AddSingleton<IExchangeSink>(static provider => provider.GetRequiredService<LogTail>())
        .AddSingleton<TailEndpoint>()
        .AddSingleton<LogSearch>()
        .AddSingleton<LogsEndpoint>();
}

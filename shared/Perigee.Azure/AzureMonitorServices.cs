using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Telemetry.Export;

namespace Perigee.Azure;

/// <summary>Registers Azure Monitor (Application Insights) as a place that telemetry is sent to.</summary>
public static class AzureMonitorServices
{
    private const string Connection = "APPLICATIONINSIGHTS_CONNECTION_STRING";
    private const string Authentication = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

    /// <summary>
    /// Sends to Azure Monitor where APPLICATIONINSIGHTS_CONNECTION_STRING is set and perigee.json does not say otherwise. With
    /// <c>telemetry.azureMonitorIdentity</c>, or <c>Authorization=AAD</c> in APPLICATIONINSIGHTS_AUTHENTICATION_STRING as the Functions host
    /// takes it, by the app's identity.
    /// </summary>
    public static IServiceCollection AddPerigeeAzureMonitor(this IServiceCollection services, IConfiguration configuration)
    {
        if (configuration[Connection] is not { Length: > 0 } connection)
            return services;
        Dictionary<string, string> authentication = (configuration[Authentication] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(static part => part.Split('=', 2, StringSplitOptions.TrimEntries)).Where(static part => part.Length == 2)
            .GroupBy(static part => part[0], StringComparer.OrdinalIgnoreCase)
            .ToDictionary(static same => same.Key, static same => same.Last()[1], StringComparer.OrdinalIgnoreCase);
        bool identity = authentication.GetValueOrDefault("Authorization")?.Equals("AAD", StringComparison.OrdinalIgnoreCase) == true;
        return services.AddSingleton<ITelemetryExporter>(new AzureMonitorExporter(connection, identity, authentication.GetValueOrDefault("ClientId")));
    }
}

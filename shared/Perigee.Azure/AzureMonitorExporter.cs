using Azure.Monitor.OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Perigee.Telemetry.Export;

namespace Perigee.Azure;

/// <summary>Sends to Azure Monitor.</summary>
/// <param name="connection">The connection string of the Application Insights resource.</param>
/// <param name="identity">Whether the app's identity is sent along, whatever perigee.json says.</param>
/// <param name="clientId">The client id of a user-assigned identity, or null.</param>
internal sealed class AzureMonitorExporter(string connection, bool identity, string? clientId) : ITelemetryExporter
{
    /// <inheritdoc/>
    public TelemetrySignals Wanted(TelemetryOptions options) =>
        options.AzureMonitor ? TelemetrySignals.Traces | TelemetrySignals.Metrics | TelemetrySignals.Logs : TelemetrySignals.None;

    /// <inheritdoc/>
    public void AddTo(TracerProviderBuilder traces, TelemetryOptions options) => traces.AddAzureMonitorTraceExporter(sender => Set(sender, options));

    /// <inheritdoc/>
    public void AddTo(MeterProviderBuilder metrics, TelemetryOptions options) => metrics.AddAzureMonitorMetricExporter(sender => Set(sender, options));

    /// <inheritdoc/>
    public void AddTo(OpenTelemetryLoggerOptions logs, TelemetryOptions options) => logs.AddAzureMonitorLogExporter(sender => Set(sender, options));

    private void Set(AzureMonitorExporterOptions sender, TelemetryOptions options)
    {
        sender.ConnectionString = connection;

        // Its own sampler, where OTEL_TRACES_SAMPLER asks for one, is told by variables: five traces a second, its default, would lose the rest.
        sender.TracesPerSecond = null;

        // What cannot be sent is not put on the disk of whatever machine this is: it may hold content.
        sender.DisableOfflineStorage = true;
        if (identity || options.AzureMonitorIdentity)
            sender.Credential = StorageSettings.Credential(clientId);
    }
}

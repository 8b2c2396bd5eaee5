using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Perigee.Telemetry.Export;

/// <summary>
/// Sends by OTLP. What the configuration does not say OpenTelemetry's own variables do (OTEL_EXPORTER_OTLP_HEADERS above all: headers hold keys,
/// and keys do not stand in files), as its SDK reads them.
/// </summary>
internal sealed class OtlpExporter : ITelemetryExporter
{
    /// <inheritdoc/>
    public TelemetrySignals Wanted(TelemetryOptions options) => options.Otlp is not { } otlp
        ? TelemetrySignals.None
        : (otlp.Traces ? TelemetrySignals.Traces : 0) | (otlp.Metrics ? TelemetrySignals.Metrics : 0) | (otlp.Logs ? TelemetrySignals.Logs : 0);

    /// <inheritdoc/>
    public void AddTo(TracerProviderBuilder traces, TelemetryOptions options) => traces.AddOtlpExporter(sender => Set(sender, options.Otlp!, "TRACES", "v1/traces"));

    /// <inheritdoc/>
    public void AddTo(MeterProviderBuilder metrics, TelemetryOptions options) =>
        metrics.AddOtlpExporter((sender, _) => Set(sender, options.Otlp!, "METRICS", "v1/metrics"));

    /// <inheritdoc/>
    public void AddTo(OpenTelemetryLoggerOptions logs, TelemetryOptions options) => logs.AddOtlpExporter(sender => Set(sender, options.Otlp!, "LOGS", "v1/logs"));

    private static void Set(OtlpExporterOptions sender, OtlpOptions options, string signal, string path)
    {
        if (options.Grpc is { } grpc)
            sender.Protocol = grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;

        // An address that only one signal has goes before that of all, and an address that is set here is taken as it is, without the signal's path.
        if (options.Endpoint is { } endpoint && string.IsNullOrEmpty(Environment.GetEnvironmentVariable($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")))
            sender.Endpoint = sender.Protocol == OtlpExportProtocol.Grpc ? endpoint : new Uri($"{endpoint.AbsoluteUri.TrimEnd('/')}/{path}");
    }
}

using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Perigee.Telemetry.Export;

/// <summary>A place that telemetry is sent to. Asked once, at the start; where none is wanted nothing of OpenTelemetry's SDK is made.</summary>
internal interface ITelemetryExporter
{
    /// <summary>What it sends, with what is configured.</summary>
    /// <param name="options">The configuration.</param>
    TelemetrySignals Wanted(TelemetryOptions options);

    /// <summary>Sends spans.</summary>
    void AddTo(TracerProviderBuilder traces, TelemetryOptions options);

    /// <summary>Sends metrics.</summary>
    void AddTo(MeterProviderBuilder metrics, TelemetryOptions options);

    /// <summary>Sends the process's own log.</summary>
    void AddTo(OpenTelemetryLoggerOptions logs, TelemetryOptions options);
}

/// <summary>What there is to send.</summary>
[Flags]
internal enum TelemetrySignals
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Spans.</summary>
    Traces = 1,

    /// <summary>Metrics.</summary>
    Metrics = 2,

    /// <summary>The process's own log.</summary>
    Logs = 4,
}

using System.Diagnostics.Tracing;
using Microsoft.Extensions.Logging;

namespace Perigee.Telemetry.Export;

/// <summary>
/// Says in the process's log that telemetry does not arrive: exporters tell it nobody but the runtime's own event sources. One line a minute at
/// most, however many sendings fail, and nothing of what the events hold: an address may have a key in it.
/// </summary>
internal sealed partial class ExportWatch : EventListener
{
    /// <summary>The shortest time between two lines.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private const string Otlp = "OpenTelemetry-Exporter-OpenTelemetryProtocol";
    private const string AzureMonitor = "OpenTelemetry-AzureMonitor-Exporter";

    // The base class tells of sources before the constructor has run: until then there is no clock.
    private readonly TimeProvider? _time;
    private readonly ILogger _log;
    private long _failures;
    private long _told;

    public ExportWatch(TimeProvider time, ILogger log)
    {
        _log = log;
        _time = time;
    }

    /// <inheritdoc/>
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name is Otlp or AzureMonitor)
            EnableEvents(eventSource, EventLevel.Warning);
    }

    /// <inheritdoc/>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (_time is not { } time)
            return;
        Interlocked.Increment(ref _failures);
        long told = Volatile.Read(ref _told);
        if ((told != 0 && time.GetElapsedTime(told) < Pause) || Interlocked.CompareExchange(ref _told, time.GetTimestamp(), told) != told)
            return;
        LogFailed(_log, eventData.EventSource.Name == Otlp ? "OTLP" : "Azure Monitor", eventData.EventName ?? "", Interlocked.Exchange(ref _failures, 0));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Telemetry does not arrive ({Place}: {Event}; {Failures} time(s) since this was last said). Requests do not wait for it.")]
    private static partial void LogFailed(ILogger log, string place, string @event, long failures);
}

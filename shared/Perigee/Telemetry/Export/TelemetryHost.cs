using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Logs;
using Perigee.Telemetry.Prometheus;

namespace Perigee.Telemetry.Export;

/// <summary>
/// Starts what the configuration asks for and flushes it at the end. The flush runs beside that of the logs and may not hold it up: a collector
/// that does not answer costs its own four seconds, not theirs.
/// </summary>
internal sealed partial class TelemetryHost(
    IGatewayOptions options, GatewayHost host, IEnumerable<ITelemetryExporter> exporters, PrometheusMeters prometheus, Redactor redactor,
    ILoggerFactory loggers, TimeProvider time, ILogger<TelemetryHost> log) : IHostedLifecycleService, IDisposable
{
    /// <summary>How long the last spans and metrics are waited for: the host kills five seconds after it asked to stop.</summary>
    public static readonly TimeSpan LastChance = TimeSpan.FromSeconds(3.5);

    private TelemetryProviders? _providers;
    private ExportWatch? _watch;
    private Task _flush = Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        TelemetryOptions telemetry = options.Current.Telemetry;
        if (telemetry.Prometheus)
            prometheus.Start();
        ITelemetryExporter[] wanted = [.. exporters.Where(exporter => exporter.Wanted(telemetry) != TelemetrySignals.None)];
        if (wanted.Length > 0)
        {
            _watch = new ExportWatch(time, log);
            _providers = TelemetryProviders.Make(wanted, telemetry, host, redactor, loggers);
            LogStarted(wanted.Length);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        if (_providers is { } providers)
            _flush = providers.ShutdownAsync(LastChance);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        await _flush.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_flush.IsCompletedSuccessfully)
            LogLate();
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        // What has been shut down is let go of without another wait.
        if (_flush.IsCompleted)
            _providers?.Dispose();
        _providers = null;
        _watch?.Dispose();
        _watch = null;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Telemetry is sent to {Places} place(s).")]
    private partial void LogStarted(int places);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The last spans and metrics could not be sent in time.")]
    private partial void LogLate();
}

using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Perigee.Logs;

namespace Perigee.Telemetry.Export;

/// <summary>OpenTelemetry's providers: its SDK listens to our spans, metrics and log, and sends them from threads of its own.</summary>
internal sealed class TelemetryProviders : IDisposable
{
    private TracerProvider? _traces;
    private MeterProvider? _metrics;
    private ILoggerFactory? _logs;

    private TelemetryProviders()
    {
    }

    /// <summary>Makes those that are wanted.</summary>
    public static TelemetryProviders Make(
        IReadOnlyList<ITelemetryExporter> exporters, TelemetryOptions options, GatewayHost host, Redactor redactor, ILoggerFactory loggers)
    {
        TelemetryProviders providers = new();
        ResourceBuilder resource = ResourceOf(host);
        if (Those(TelemetrySignals.Traces) is { Length: > 0 } traces)
        {
            TracerProviderBuilder builder = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(Spans.SourceName);
            foreach (ITelemetryExporter exporter in traces)
                exporter.AddTo(builder, options);

            // Behind the exporters: the last word counts, and Azure Monitor's exporter has one of its own.
            if (Sampling.Of(options, Environment.GetEnvironmentVariable) is { } sampler)
                builder.SetSampler(sampler);
            providers._traces = builder.Build();
        }

        if (Those(TelemetrySignals.Metrics) is { Length: > 0 } metrics)
        {
            MeterProviderBuilder builder = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(Instruments.MeterName);
            foreach (ITelemetryExporter exporter in metrics)
                exporter.AddTo(builder, options);
            providers._metrics = builder.Build();
        }

        if (Those(TelemetrySignals.Logs) is { Length: > 0 } logs)
        {
            // A factory of its own: the filters of the process hold before it, and loggers that exist already hear of it.
            providers._logs = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddOpenTelemetry(log =>
            {
                log.SetResourceBuilder(resource).AddProcessor(new LogRedaction(redactor));
                log.IncludeFormattedMessage = true;
                foreach (ITelemetryExporter exporter in logs)
                    exporter.AddTo(log, options);
            }));
            loggers.AddProvider(new Forwarded(providers._logs));
        }

        return providers;

        ITelemetryExporter[] Those(TelemetrySignals signal) => [.. exporters.Where(exporter => exporter.Wanted(options).HasFlag(signal))];
    }

    /// <summary>Sends what waits, all signals at once, and stops. Completes with a fault where not all could be sent in time.</summary>
    public async Task ShutdownAsync(TimeSpan patience)
    {
        int milliseconds = (int)patience.TotalMilliseconds;
        Task<bool> traces = Task.Run(() => _traces?.Shutdown(milliseconds) ?? true);
        Task<bool> metrics = Task.Run(() => _metrics?.Shutdown(milliseconds) ?? true);
        Task logs = Task.Run(() => _logs?.Dispose());
        await Task.WhenAll(traces, metrics, logs).WaitAsync(patience);
        if (!await traces || !await metrics)
            throw new TimeoutException("Not everything could be sent.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
        _logs?.Dispose();
    }

    // Whatever OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say goes before our own words.
    private static ResourceBuilder ResourceOf(GatewayHost host) => ResourceBuilder.CreateEmpty()
        .AddService("perigee", serviceVersion: Welcome.Version, autoGenerateServiceInstanceId: false, serviceInstanceId: host.Instance)
        .AddAttributes([new("cloud.region", host.Region)])
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();

    private sealed class Forwarded(ILoggerFactory inner) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => inner.CreateLogger(categoryName);

        public void Dispose()
        {
        }
    }
}

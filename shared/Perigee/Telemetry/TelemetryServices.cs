using Microsoft.Extensions.DependencyInjection;
using Perigee.Telemetry.Export;
using Perigee.Telemetry.Prometheus;

namespace Perigee.Telemetry;

/// <summary>Registers this folder.</summary>
internal static class TelemetryServices
{
    public static IServiceCollection AddTelemetry(this IServiceCollection services) => services
        .AddSingleton<SpanWriter>()
        .AddSingleton<Instruments>()
        .AddSingleton<MetricModels>()
        .AddSingleton<IExchangeSink, MetricsSink>()
        .AddSingleton<PrometheusMeters>()
        .AddSingleton<PrometheusEndpoint>()
        .AddSingleton<ITelemetryExporter, OtlpExporter>()
        .AddHostedService<TelemetryHost>();
}

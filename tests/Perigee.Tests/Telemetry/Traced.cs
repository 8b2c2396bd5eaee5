using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Telemetry;

/// <summary>A gateway whose spans and metrics OpenTelemetry's SDK takes, to be looked at.</summary>
internal sealed class Traced : IAsyncDisposable
{
    private readonly List<Activity> _spans = [];
    private readonly List<Metric> _metrics = [];
    private readonly TracerProvider _traces;
    private readonly MeterProvider _meters;

    private Traced(Scene scene, Sampler? sampler)
    {
        Scene = scene;
        TracerProviderBuilder traces = Sdk.CreateTracerProviderBuilder().AddSource("Perigee").AddInMemoryExporter(_spans);
        if (sampler is not null)
            traces.SetSampler(sampler);
        _traces = traces.Build();
        _meters = Sdk.CreateMeterProviderBuilder().AddMeter("Perigee").AddInMemoryExporter(_metrics).Build();
    }

    public Scene Scene { get; }

    public static async Task<Traced> StartAsync(string providers = "a b", string routes = """ "r": {"targets": ["a/m", "b/m"]} """, string more = """ "retries": {"max": 0} """, Sampler? sampler = null) =>
        new(await Scene.StartAsync(providers, routes, more), sampler);

    /// <summary>The spans of one request: the exchange's, then those of its calls in the order in which they began. Each is held to its list.</summary>
    public async Task<(Activity Exchange, List<Activity> Calls)> OfAsync(Func<Scene, Task> ask)
    {
        _spans.Clear();
        await ask(Scene);

        // The client may have its answer before the last step is over.
        for (int i = 0; i < 200 && !_spans.ToArray().Any(static span => span.Kind == ActivityKind.Server); i++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Activity[] spans = [.. _spans.ToArray()];
        foreach (Activity span in spans)
            Convention.Check(span);
        Activity exchange = Assert.Single(spans, static span => span.Kind == ActivityKind.Server);
        return (exchange, [.. spans.Where(span => span.Kind == ActivityKind.Client).OrderBy(static span => span.StartTimeUtc)]);
    }

    /// <summary>What was measured so far, by the instruments' names.</summary>
    public Dictionary<string, Metric> Measured()
    {
        _metrics.Clear();
        _meters.ForceFlush();
        return _metrics.GroupBy(static metric => metric.Name).ToDictionary(static same => same.Key, static same => same.First());
    }

    public async ValueTask DisposeAsync()
    {
        _traces.Dispose();
        _meters.Dispose();
        await Scene.DisposeAsync();
    }
}

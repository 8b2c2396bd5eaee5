using Microsoft.Extensions.DependencyInjection;
using Perigee.Logs;
using Perigee.Telemetry;
using Perigee.Tests.Failover;
using Perigee.Tests.Configuration;

namespace Perigee.Tests.Telemetry;

[Collection(nameof(Alone))]
public sealed class TelemetryCostTests
{
    [Fact]
    public void Where_nobody_listens_the_step_allocates_nothing()
    {
        Assert.False(Spans.Source.HasListeners());
        Exchange exchange = Exchanges.Make("chat", out _);
        TraceMiddleware step = new(static _ => Task.CompletedTask, new SpanWriter(new Redactor([]), TimeProvider.System));
        using Instruments instruments = new();
        MetricsSink sink = new(instruments, new MetricModels(), new Redactor([]));
        Target target = new(Exchanges.Provider, "m");
        long taken = Measure(() =>
        {
            _ = step.InvokeAsync(exchange.Http);
            Assert.False(sink.Wants(exchange.Options));
            Assert.Null(Spans.BeginCall(exchange, target));
        });

        Assert.Equal(0, taken);
        Assert.Null(exchange.Trace);
    }

    [Fact]
    public void Metrics_of_an_exchange_allocate_little()
    {
        using System.Diagnostics.Metrics.MeterListener listener = new() { InstrumentPublished = static (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        listener.Start();
        using Instruments instruments = new();
        MetricsSink sink = new(instruments, new MetricModels(), new Redactor([]));
        Exchange exchange = Exchanges.Make("chat", out _);
        Target target = new(Exchanges.Provider, "m");
        exchange.Attempts.Add(new Attempt(target, 200, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), true, null) { Outcome = "ok", Sent = true, Usage = new(1, 0, 0, 2, 0) });
        exchange.Served = target;
        exchange.Complete = true;
        ExchangeRecord record = ExchangeRecord.Of(exchange, TimeSpan.FromSeconds(3), null);

        Assert.InRange(Measure(() => sink.Take(record)), 1, 1200);
    }

    [Fact]
    public async Task Nothing_of_OpenTelemetry_is_made_where_nothing_is_configured()
    {
        await using Scene scene = await Scene.StartAsync("a", """ "r": {"targets": ["a/m"]} """);
        scene.Works("a");
        Assert.Equal(200, (await scene.AskAsync()).Status);
        Assert.False(Spans.Source.HasListeners());
        Assert.False(scene.Gateway.Services.GetRequiredService<Instruments>().Enabled);
        Assert.False(Settings.Read("").ContentCapture);
    }

    private static long Measure(Action action)
    {
        for (int i = 0; i < 200; i++)
            action();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            action();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
    }
}

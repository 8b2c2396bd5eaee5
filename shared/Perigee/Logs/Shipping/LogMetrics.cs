using System.Diagnostics.Metrics;

namespace Perigee.Logs.Shipping;

/// <summary>What is measured of log shipping, by stream.</summary>
internal sealed class LogMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _records;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _blobs;
    private readonly Counter<long> _failures;
    private readonly List<(string Stream, Func<long> Count, Func<long> Bytes)> _queues = [];

    /// <param name="meter">The meter's name.</param>
    public LogMetrics(string meter = "Perigee")
    {
        _meter = new Meter(meter);
        _records = _meter.CreateCounter<long>("perigee.logs.records", "{record}", "Records written to blobs.");
        _dropped = _meter.CreateCounter<long>("perigee.logs.dropped", "{record}", "Records dropped or given up.");
        _blobs = _meter.CreateCounter<long>("perigee.logs.blobs", "{blob}", "Blobs written.");
        _failures = _meter.CreateCounter<long>("perigee.logs.failures", "{try}", "Tries to write a blob that failed.");
        _meter.CreateObservableGauge("perigee.logs.waiting", () => Observe(static queue => queue.Count()), "{record}", "Records that wait to be written.");
        _meter.CreateObservableGauge("perigee.logs.waiting_bytes", () => Observe(static queue => queue.Bytes()), "By", "Their bytes, about.");
    }

    /// <summary>Watches what waits in a stream.</summary>
    public void Watch(string stream, Func<long> count, Func<long> bytes)
    {
        lock (_queues)
            _queues.Add((stream, count, bytes));
    }

    public void Written(string stream, long records)
    {
        _records.Add(records, Of(stream));
        _blobs.Add(1, Of(stream));
    }

    public void Dropped(string stream, long records) => _dropped.Add(records, Of(stream));

    public void Failed(string stream) => _failures.Add(1, Of(stream));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Of(string stream) => new("stream", stream);

    private List<Measurement<long>> Observe(Func<(string Stream, Func<long> Count, Func<long> Bytes), long> value)
    {
        lock (_queues)
            return [.. _queues.Select(queue => new Measurement<long>(value(queue), Of(queue.Stream)))];
    }
}

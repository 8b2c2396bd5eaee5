using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Perigee.Telemetry.Prometheus;

/// <summary>Sums up what our meter measures, for <c>/metrics</c>. Only where that is on; the rest of the process is not listened to.</summary>
internal sealed class PrometheusMeters : IDisposable
{
    private readonly ConcurrentDictionary<Instrument, PrometheusFamily> _families = [];
    private MeterListener? _listener;

    /// <summary>Whether it listens.</summary>
    public bool IsOn => _listener is not null;

    /// <summary>Begins to listen.</summary>
    public void Start()
    {
        if (_listener is not null)
            return;
        MeterListener listener = new()
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == Instruments.MeterName)
                    listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(instrument, static instrument => new PrometheusFamily(instrument)));
            },

            // A gateway that stopped (several share a process only in tests) takes its series along.
            MeasurementsCompleted = (instrument, _) => _families.TryRemove(instrument, out PrometheusFamily? _),
        };
        listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => ((PrometheusFamily)family!).Take(value, tags));
        listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => ((PrometheusFamily)family!).Take(value, tags));
        listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => ((PrometheusFamily)family!).Take(value, tags));
        listener.Start();
        _listener = listener;
    }

    /// <summary>What there is, by name; what is observed only when it is asked for is asked now.</summary>
    public IReadOnlyList<PrometheusFamily> Collect()
    {
        foreach (PrometheusFamily family in _families.Values)
            family.ForgetObserved();
        _listener?.RecordObservableInstruments();
        return [.. _families.Values.OrderBy(static family => family.Name, StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public void Dispose() => _listener?.Dispose();
}

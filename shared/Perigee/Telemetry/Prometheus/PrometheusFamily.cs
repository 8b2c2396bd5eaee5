using System.Diagnostics.Metrics;
using System.Globalization;

namespace Perigee.Telemetry.Prometheus;

/// <summary>
/// One instrument as a family of series. Names by OpenTelemetry's rules for Prometheus
/// (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/): dots become underscores, the unit is a suffix unless it
/// is an annotation in braces, and counters end with <c>_total</c>.
/// </summary>
internal sealed class PrometheusFamily
{
    /// <summary>More series than this are one, as in OpenTelemetry's SDK.</summary>
    private const int MostSeries = 2000;

    private static readonly KeyValuePair<string, string>[] Overflow = [new("otel_metric_overflow", "true")];
    private static readonly double[] UsualBounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];

    private readonly Lock _gate = new();
    private readonly Dictionary<int, List<Series>> _series = [];
    private readonly bool _observed;
    private readonly bool _sums;
    private int _count;
    private Series? _overflow;

    public PrometheusFamily(Instrument instrument)
    {
        Type kind = instrument.GetType().GetGenericTypeDefinition();
        _observed = instrument.IsObservable;
        _sums = !_observed && kind != typeof(Gauge<>);
        Type = kind == typeof(Histogram<>) ? "histogram" : kind == typeof(Counter<>) || kind == typeof(ObservableCounter<>) ? "counter" : "gauge";
        Bounds = Type != "histogram" ? [] : instrument switch
        {
            Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
            Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(static bound => (double)bound)],
            _ => UsualBounds,
        };
        Help = instrument.Description ?? "";
        string unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", "ms" => "_milliseconds", "1" when Type == "gauge" => "_ratio", _ => "" };
        string name = Plain(instrument.Name);
        Name = (name.EndsWith(unit, StringComparison.Ordinal) ? name : name + unit) + (Type == "counter" ? "_total" : "");
    }

    /// <summary>The name of its series.</summary>
    public string Name { get; }

    /// <summary><c>counter</c>, <c>gauge</c> or <c>histogram</c>.</summary>
    public string Type { get; }

    /// <summary>What it means.</summary>
    public string Help { get; }

    /// <summary>The upper bounds of a histogram's buckets, without infinity.</summary>
    public double[] Bounds { get; }

    /// <summary>Takes a measurement.</summary>
    public void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_gate)
        {
            Series series = Find(tags);
            if (Type != "histogram")
            {
                series.Sum = _sums ? series.Sum + value : value;
                return;
            }

            int bucket = Array.BinarySearch(Bounds, value);
            series.Buckets[bucket >= 0 ? bucket : ~bucket]++;
            series.Sum += value;
            series.Count++;
        }
    }

    /// <summary>What is observed anew each time must not show what is no longer there.</summary>
    public void ForgetObserved()
    {
        if (!_observed)
            return;
        lock (_gate)
        {
            _series.Clear();
            _count = 0;
        }
    }

    /// <summary>The series as they stand.</summary>
    public IReadOnlyList<Series> Snapshot()
    {
        lock (_gate)
            return [.. _series.Values.SelectMany(static same => same).Concat(_overflow is null ? [] : [_overflow]).Select(static series => series.Copy())];
    }

    /// <summary>A name as Prometheus takes it: letters, digits and underscores.</summary>
    public static string Plain(string name)
    {
        string plain = new([.. name.Select(static c => char.IsAsciiLetterOrDigit(c) || c == ':' ? c : '_')]);
        return plain.Length > 0 && char.IsAsciiDigit(plain[0]) ? "_" + plain : plain;
    }

    private Series Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        HashCode hash = default;
        foreach ((string name, object? value) in tags)
        {
            hash.Add(name);
            hash.Add(value);
        }

        int key = hash.ToHashCode();
        if (_series.TryGetValue(key, out List<Series>? same))
        {
            foreach (Series known in same)
            {
                if (known.Is(tags))
                    return known;
            }
        }

        if (_count >= MostSeries)
            return _overflow ??= new Series([], Overflow, Bounds.Length + 1);
        _count++;
        Series made = new(tags.ToArray(), [.. tags.ToArray().Select(static tag => new KeyValuePair<string, string>(
            Plain(tag.Key), tag.Value is bool flag ? (flag ? "true" : "false") : Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? ""))], Bounds.Length + 1);
        if (same is null)
            _series[key] = [made];
        else
            same.Add(made);
        return made;
    }

    /// <summary>One series.</summary>
    internal sealed class Series(KeyValuePair<string, object?>[] tags, KeyValuePair<string, string>[] labels, int buckets)
    {
        /// <summary>Its labels.</summary>
        public KeyValuePair<string, string>[] Labels { get; } = labels;

        /// <summary>The value, or a histogram's sum.</summary>
        public double Sum { get; set; }

        /// <summary>How many measurements a histogram has taken.</summary>
        public long Count { get; set; }

        /// <summary>How many of them fell into each bucket, the last one without a bound.</summary>
        public long[] Buckets { get; private init; } = new long[buckets];

        /// <summary>Whether these tags are its own.</summary>
        public bool Is(ReadOnlySpan<KeyValuePair<string, object?>> other) => tags.AsSpan().SequenceEqual(other);

        /// <summary>A copy that nobody counts on.</summary>
        public Series Copy() => new(tags, Labels, 0) { Sum = Sum, Count = Count, Buckets = [.. Buckets] };
    }
}

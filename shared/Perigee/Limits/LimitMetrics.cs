using System.Diagnostics.Metrics;

namespace Perigee.Limits;

/// <summary>What is measured of limits.</summary>
internal sealed class LimitMetrics : IDisposable
{
    private readonly Meter _meter = new("Perigee");
    private readonly Counter<long> _unknown;

    public LimitMetrics() => _unknown = _meter.CreateCounter<long>(
        "perigee.limits.price_unknown", "{request}", "Requests under a budget whose price was not known, by whether they were blocked.");

    /// <summary>A budget held for a request whose price is not known.</summary>
    public void PriceUnknown(bool blocked) => _unknown.Add(1, new KeyValuePair<string, object?>("perigee.blocked", blocked));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}

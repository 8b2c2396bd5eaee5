using System.Diagnostics.Metrics;
using Perigee.Caching;
using Perigee.Logs;
using Perigee.Routing.Health;
using Perigee.Telemetry;

namespace Perigee;

/// <summary>What is looked at only when metrics are collected: breakers, and what waits or was given up behind the requests.</summary>
internal sealed class GatewayGauges : IDisposable
{
    private readonly Meter _meter = new(Instruments.MeterName);

    public GatewayGauges(TargetStates states, LogShipper logs, AnswerCache cache)
    {
        _meter.CreateObservableGauge("perigee.breaker.open", () => Breakers(states), "{target}", "Targets of a provider whose breaker is not closed.");
        _meter.CreateObservableGauge("perigee.logs.waiting", () => logs.Waiting, "{record}", "Log records that wait to be written.");
        _meter.CreateObservableGauge("perigee.logs.dropped.pending", () => logs.Dropped, "{record}", "Log records that were dropped since the last blob.");
        _meter.CreateObservableCounter("perigee.cache.missed_writes", () => cache.MissedWrites, "{write}", "Answers that could not be kept.");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    // By provider: the name of a target may be a text that a client made up.
    private static IEnumerable<Measurement<int>> Breakers(TargetStates states) => states.All
        .Where(static state => state.Breaker != BreakerState.Closed)
        .GroupBy(static state => state.Name.Split('/')[0], StringComparer.Ordinal)
        .Select(static provider => new Measurement<int>(provider.Count(), new KeyValuePair<string, object?>("perigee.provider", provider.Key)));
}

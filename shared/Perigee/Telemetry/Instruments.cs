using System.Diagnostics.Metrics;

namespace Perigee.Telemetry;

/// <summary>What is measured, all of it of one meter: the conventions' metrics of generative AI, and the gateway's own under <c>perigee.</c>.</summary>
internal sealed class Instruments : IDisposable
{
    /// <summary>The name by which listeners ask for them.</summary>
    public const string MeterName = "Perigee";

    // The conventions' own boundaries.
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
    };

    private static readonly InstrumentAdvice<double> FirstToken = new()
    {
        HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0],
    };

    private static readonly InstrumentAdvice<double> PerToken = new()
    {
        HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5],
    };

    private static readonly InstrumentAdvice<long> Tokens = new()
    {
        HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864],
    };

    private readonly Meter _meter = new(new MeterOptions(MeterName) { Version = Welcome.Version, TelemetrySchemaUrl = Semantics.SchemaUrl });

    public Instruments()
    {
        CallDuration = _meter.CreateHistogram("gen_ai.client.operation.duration", "s", "Duration of a call to a provider.", null, Seconds);
        TokenUsage = _meter.CreateHistogram("gen_ai.client.token.usage", "{token}", "Input and output tokens of a call to a provider.", null, Tokens);
        CallFirstChunk = _meter.CreateHistogram("gen_ai.client.operation.time_to_first_chunk", "s", "From a streaming call to its first content.", null, Seconds);
        RequestDuration = _meter.CreateHistogram("gen_ai.server.request.duration", "s", "Duration of a request as its client saw it.", null, Seconds);
        TimeToFirstToken = _meter.CreateHistogram("gen_ai.server.time_to_first_token", "s", "From a request to the first content to its client.", null, FirstToken);
        TimePerToken = _meter.CreateHistogram("gen_ai.server.time_per_output_token", "s", "Time for each output token after the first.", null, PerToken);
        Overhead = _meter.CreateHistogram("perigee.request.overhead", "s", "The gateway's own share of a request: all but the calls to providers.", null, FirstToken);
        Cost = _meter.CreateCounter<double>("perigee.cost", "{USD}", "Dollars that calls to providers cost.");
        Unpriced = _meter.CreateCounter<long>("perigee.cost.unknown", "{request}", "Requests whose cost is not known.");
        Saved = _meter.CreateCounter<double>("perigee.cost.saved", "{USD}", "Dollars that replayed answers did not cost.");
        Cache = _meter.CreateCounter<long>("perigee.cache.requests", "{request}", "Requests by what the cache did.");
        Refused = _meter.CreateCounter<long>("perigee.limits.refused", "{request}", "Requests that a limit refused.");
    }

    public Histogram<double> CallDuration { get; }

    public Histogram<long> TokenUsage { get; }

    public Histogram<double> CallFirstChunk { get; }

    public Histogram<double> RequestDuration { get; }

    public Histogram<double> TimeToFirstToken { get; }

    public Histogram<double> TimePerToken { get; }

    public Histogram<double> Overhead { get; }

    public Counter<double> Cost { get; }

    public Counter<long> Unpriced { get; }

    public Counter<double> Saved { get; }

    public Counter<long> Cache { get; }

    public Counter<long> Refused { get; }

    /// <summary>Whether anybody listens: all of them are listened to together.</summary>
    public bool Enabled => RequestDuration.Enabled || CallDuration.Enabled || TokenUsage.Enabled;

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}

#pragma warning disable CA1822 // for the moment
namespace Perigee.Routing.Health;

/// <summary>Where a breaker stands.</summary>
internal enum BreakerState
{
    /// <summary>The target is used.</summary>
    Closed,

    /// <summary>The target is tried last only.</summary>
    Open,

    /// <summary>It was open long enough: one request at a time finds out.</summary>
    HalfOpen,
}

/// <summary>What this process knows of one target: written by the tries, read by the policies. Thread-safe.</summary>
internal sealed class TargetState
{
    private int _inFlight;

    /// <param name="name"><c>provider/model</c>.</param>
    /// <param name="time">The clock.</param>
    public TargetState(string name, TimeProvider time) => (Name, _) = (name, time);

    /// <summary><c>provider/model</c>.</summary>
    public string Name { get; }

    /// <summary>Calls that are being answered now, by this process.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Where its breaker stands now.</summary>
    public BreakerState Breaker => BreakerState.Closed;

    /// <summary>Until when it is open, or the beginning of time. To order those that are open: the least is tried first.</summary>
    public DateTimeOffset OpenUntil => DateTimeOffset.MinValue;

    /// <summary>Why it is open, or null.</summary>
    public string? Why => null;

    /// <summary>The decayed mean of the time to the first content, or null where nothing was measured.</summary>
    public TimeSpan? Ttft => null;

    /// <summary>The recent 95th percentile of it, or null where too little was measured.</summary>
    public TimeSpan? SlowTtft => null;

    /// <summary>The decayed mean of output tokens a second, or null.</summary>
    public double? TokensPerSecond => null;

    /// <summary>What is left of its rate limits, 0 to 1, the least of requests and tokens; null where no header said so lately.</summary>
    public double? Headroom => null;

    /// <summary>Takes the one place of a probe while half-open. True as well where the breaker is closed.</summary>
    public bool TryEnter() => true;

    /// <summary>A try begins.</summary>
    public void Began() => Interlocked.Increment(ref _inFlight);

    /// <summary>A try has ended: exactly once for each that began.</summary>
    public void Ended(in TryOutcome outcome)
    {
        _ = outcome;
        Interlocked.Decrement(ref _inFlight);
    }

    /// <summary>An answer's headers said what is left of a rate limit.</summary>
    /// <param name="left">What is left, 0 to 1.</param>
    /// <param name="reset">Until when that is worth remembering.</param>
    public void Heard(double left, TimeSpan reset)
    {
    }
}

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
    private static readonly TimeSpan LongestHeadroom = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly TargetStates? _all;
    private readonly TargetBreaker _breaker = new();
    private DecayedMean _ttft;
    private DecayedMean _speed;
    private SlowTail? _tail;
    private double _left;
    private DateTimeOffset _leftUntil;
    private DateTimeOffset _used;
    private int _inFlight;

    /// <param name="name"><c>provider/model</c>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="all">Whose it is: knows the rules and hears of changes. Null takes the defaults.</param>
    public TargetState(string name, TimeProvider time, TargetStates? all = null)
    {
        (Name, _time, _all) = (name, time, all);
        _used = time.GetUtcNow();
    }

    /// <summary><c>provider/model</c>.</summary>
    public string Name { get; }

    /// <summary>Calls that are being answered now, by this process.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Where its breaker stands now.</summary>
    public BreakerState Breaker => _breaker.OpenUntil == 0 ? BreakerState.Closed : _breaker.State(_time.GetUtcNow());

    /// <summary>Until when it is open, or the beginning of time. To order those that are open: the least is tried first.</summary>
    public DateTimeOffset OpenUntil => new(_breaker.OpenUntil, TimeSpan.Zero);

    /// <summary>Why it is open, or null.</summary>
    public string? Why => _breaker.Why;

    /// <summary>The decayed mean of the time to the first content, or null where nothing was measured in the last ten minutes.</summary>
    public TimeSpan? Ttft => Read(ref _ttft) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;

    /// <summary>The recent 95th percentile of it, or null where too little was measured.</summary>
    public TimeSpan? SlowTtft
    {
        get
        {
            if (Volatile.Read(ref _tail) is not { } tail)
                return null;
            lock (_gate)
                return tail.Read(_time.GetUtcNow());
        }
    }

    /// <summary>The decayed mean of output tokens a second, or null where nothing was measured in the last ten minutes.</summary>
    public double? TokensPerSecond => Read(ref _speed);

    /// <summary>What is left of its rate limits, 0 to 1, the least of requests and tokens; null where no header said so lately.</summary>
    public double? Headroom
    {
        get
        {
            lock (_gate)
                return _time.GetUtcNow() < _leftUntil ? _left : null;
        }
    }

    /// <summary>Whether there is nothing in it that would be missed.</summary>
    public bool IsIdle(TimeSpan since)
    {
        lock (_gate)
            return InFlight == 0 && _breaker.State(_time.GetUtcNow()) != BreakerState.Open && _time.GetUtcNow() - _used > since;
    }

    /// <summary>Takes the one place of a probe while half-open. True as well where the breaker is closed.</summary>
    public bool TryEnter()
    {
        if (_breaker.OpenUntil == 0)
            return true;
        lock (_gate)
            return _breaker.TryEnter(_time.GetUtcNow());
    }

    /// <summary>A try begins.</summary>
    public void Began()
    {
        Interlocked.Increment(ref _inFlight);
        if (_breaker.OpenUntil == 0)
            return;
        lock (_gate)
            _breaker.Began(_time.GetUtcNow());
    }

    /// <summary>A try has ended: exactly once for each that began.</summary>
    public void Ended(in TryOutcome outcome)
    {
        Interlocked.Decrement(ref _inFlight);
        GatewayOptions? options = _all?.Options;
        BreakerOptions rules = options?.Breaker ?? TargetStates.Defaults;
        TimeSpan wait = options?.Retries.LongestWait ?? TimeSpan.FromSeconds(1);
        double dice = outcome.Effect is HealthEffect.Success or HealthEffect.None ? 0 : _all?.Roll() ?? 0.5;
        bool news;
        lock (_gate)
        {
            _used = _time.GetUtcNow();
            Measure(outcome, _used);
            news = _breaker.Take(outcome, _used, rules, wait, dice);
        }

        if (news)
            _all?.Tell(this);
    }

    /// <summary>An answer's headers said what is left of a rate limit.</summary>
    /// <param name="left">What is left, 0 to 1.</param>
    /// <param name="reset">Until when that is worth remembering.</param>
    public void Heard(double left, TimeSpan reset)
    {
        lock (_gate)
        {
            _left = Math.Clamp(left, 0, 1);
            _leftUntil = _time.GetUtcNow() + (reset < LongestHeadroom ? reset : LongestHeadroom);
        }
    }

    /// <summary>What other instances should know of its breaker.</summary>
    public BreakerNews News()
    {
        lock (_gate)
            return _breaker.News;
    }

    /// <summary>Another instance saw something.</summary>
    public void Merge(in BreakerNews news)
    {
        lock (_gate)
            _breaker.Merge(news, _time.GetUtcNow());
    }

    /// <summary>The operator says that it works.</summary>
    public void Close()
    {
        bool news;
        lock (_gate)
            news = _breaker.Close(_time.GetUtcNow());
        if (news)
            _all?.Tell(this);
    }

    private void Measure(in TryOutcome outcome, DateTimeOffset now)
    {
        if (outcome.ToContent is { } toContent)
        {
            _ttft.Add(toContent.TotalMilliseconds, now);
            Tail().Add(toContent, now);
        }
        else if (outcome.LostRace)
        {
            // Without these the slowest would never be measured, and the time after which it is hedged would shrink by itself.
            Tail().Add(outcome.Total, now);
        }

        if (outcome.OutputTokens > 0 && outcome.Total > TimeSpan.Zero)
        {
            // An answer that came all at once says nothing of the time in which it was written, but for the whole.
            TimeSpan writing = outcome.Total - (outcome.ToContent ?? TimeSpan.Zero);
            _speed.Add(outcome.OutputTokens / (writing * 10 < outcome.Total ? outcome.Total : writing).TotalSeconds, now);
        }
    }

    private SlowTail Tail()
    {
        if (_tail is { } tail)
            return tail;
        tail = new SlowTail();
        Volatile.Write(ref _tail, tail);
        return tail;
    }

    private double? Read(ref DecayedMean mean)
    {
        lock (_gate)
            return mean.Read(_time.GetUtcNow());
    }
}

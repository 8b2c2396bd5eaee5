namespace Perigee.Routing.Health;

/// <summary>What is told to other instances when a breaker opens, opens anew or closes.</summary>
/// <param name="At">When that happened.</param>
/// <param name="OpenUntil">Until when it is open, or null where it is closed.</param>
/// <param name="Why">Why it is open, or null.</param>
/// <param name="Times">How often in a row it has opened: the next time is longer.</param>
internal readonly record struct BreakerNews(DateTimeOffset At, DateTimeOffset? OpenUntil, string? Why, int Times);

/// <summary>
/// The breaker of one target: closed, open for a while, half-open until a probe says more. Only knows the times that it is given.
/// Not thread-safe: its owner has a lock; what others read without it are single words.
/// </summary>
internal sealed class TargetBreaker
{
    /// <summary>Fewer tries than these are no share.</summary>
    private const int LeastTries = 10;

    /// <summary>Answers in a row that ask to slow down, without saying for how long, until it opens.</summary>
    private const int MostLimited = 3;

    /// <summary>Whoever asks to be left alone for longer is probed all the same: quotas are raised, clocks are wrong.</summary>
    private static readonly TimeSpan LongestNamed = TimeSpan.FromHours(1);

    /// <summary>A later time that a provider names while it is open anyway is worth telling from here on. Else each refusal would be news.</summary>
    private static readonly TimeSpan WorthTelling = TimeSpan.FromSeconds(10);

    /// <summary>How long the place of a probe is kept until its try begins: the request may have been served by another target.</summary>
    private static readonly TimeSpan ToBegin = TimeSpan.FromSeconds(5);

    /// <summary>How long it is kept for a try that does not end.</summary>
    private static readonly TimeSpan ToEnd = TimeSpan.FromSeconds(30);

    private readonly FailureWindow _window = new();
    private int _failures;
    private int _limited;
    private int _times;
    private DateTimeOffset _changed;
    private DateTimeOffset _success;
    private DateTimeOffset _probeUntil;
    private long _openUntil;

    /// <summary>Why it is open, or null.</summary>
    public string? Why { get; private set; }

    /// <summary>Until when it is open, in UTC ticks, or 0 where it is closed.</summary>
    public long OpenUntil => Volatile.Read(ref _openUntil);

    /// <summary>What others should know.</summary>
    public BreakerNews News => new(_changed, OpenUntil == 0 ? null : Moment(OpenUntil), Why, _times);

    /// <summary>Where it stands.</summary>
    public BreakerState State(DateTimeOffset now) =>
        OpenUntil is var until && until == 0 ? BreakerState.Closed : now.UtcTicks < until ? BreakerState.Open : BreakerState.HalfOpen;

    /// <summary>Takes the one place of a probe while half-open.</summary>
    public bool TryEnter(DateTimeOffset now)
    {
        if (State(now) != BreakerState.HalfOpen)
            return State(now) == BreakerState.Closed;
        if (now < _probeUntil)
            return false;
        _probeUntil = now + ToBegin;
        return true;
    }

    /// <summary>A try begins: if a probe was let in, it is taken to be this.</summary>
    public void Began(DateTimeOffset now)
    {
        if (now < _probeUntil)
            _probeUntil = now + ToEnd;
    }

    /// <summary>Takes in how a try ended.</summary>
    /// <param name="outcome">How.</param>
    /// <param name="now">When.</param>
    /// <param name="rules">When it opens, and for how long.</param>
    /// <param name="wait">A time named by the provider that is waited for, and no reason to leave it alone.</param>
    /// <param name="dice">0 to 1.</param>
    /// <returns>Whether that is news for others.</returns>
    public bool Take(in TryOutcome outcome, DateTimeOffset now, BreakerOptions rules, TimeSpan wait, double dice)
    {
        if (outcome.Effect == HealthEffect.None)
        {
            _probeUntil = default;
            return false;
        }

        // What began before the last change was part of the reason for it, or is older than it: a stream that ends well proves nothing
        // against a 429 that came meanwhile, and one outage must not be punished as many times as there were calls in it.
        DateTimeOffset began = now - outcome.Total;
        if (began < _changed)
            return false;
        BreakerState state = State(now);
        switch (outcome.Effect)
        {
            case HealthEffect.Success:
                _success = began;
                _failures = _limited = 0;
                if (state != BreakerState.Closed)
                    return Close(now);
                _window.Add(failed: false, now, rules.Window);
                return false;
            case HealthEffect.Limited:
                TimeSpan? named = outcome.RetryAfter > wait ? Least(outcome.RetryAfter.Value, LongestNamed) : null;
                if (named is { } time)
                {
                    return (state != BreakerState.Open || now + time > Moment(OpenUntil) + WorthTelling)
                        && Open(now, time, outcome.Why ?? "limited");
                }

                return state != BreakerState.Open && (state == BreakerState.HalfOpen || ++_limited >= MostLimited) && OpenLonger(now, rules, dice, outcome.Why ?? "limited");
            case HealthEffect.Unusable:
                return state != BreakerState.Open && OpenLonger(now, rules, dice, outcome.Why ?? "unusable");
            default:
                if (state == BreakerState.Open)
                    return false;
                _failures++;
                _window.Add(failed: true, now, rules.Window);
                return (state == BreakerState.HalfOpen || _failures >= rules.Failures || IsMostlyFailing(now, rules))
                    && OpenLonger(now, rules, dice, outcome.Why ?? "failing");
        }
    }

    /// <summary>Takes in what another instance saw, unless this one knows something newer.</summary>
    public void Merge(in BreakerNews news, DateTimeOffset now)
    {
        // A clock that goes ahead of ours must not make our own findings look old.
        DateTimeOffset at = news.At < now ? news.At : now;
        if (at <= _changed)
            return;
        if (news.OpenUntil is not { } until)
        {
            if (OpenUntil != 0)
                Close(at);
            return;
        }

        if (_success > at)
            return;
        Open(at, Least(until - at, LongestNamed), news.Why ?? "failing");
        _times = news.Times;
    }

    /// <summary>Closes it, whatever it knew: the operator's word.</summary>
    /// <returns>Whether that is news for others.</returns>
    public bool Close(DateTimeOffset now)
    {
        bool open = OpenUntil != 0;
        _failures = _limited = _times = 0;
        _window.Clear();
        _probeUntil = default;
        _changed = now;
        Why = null;
        Volatile.Write(ref _openUntil, 0);
        return open;
    }

    private bool IsMostlyFailing(DateTimeOffset now, BreakerOptions rules)
    {
        (int tries, int failures) = _window.Count(now, rules.Window);
        return tries >= LeastTries && failures * 100L >= (long)rules.Percent * tries;
    }

    /// <summary>Opens it for a time that doubles with each time in a row, jittered by a fifth so that instances do not probe in step.</summary>
    private bool OpenLonger(DateTimeOffset now, BreakerOptions rules, double dice, string why)
    {
        double ticks = rules.Open.Ticks * Math.Pow(2, Math.Min(_times, 30)) * (0.8 + (0.4 * dice));
        _times++;
        return Open(now, TimeSpan.FromTicks((long)Math.Min(ticks, rules.LongestOpen.Ticks)), why);
    }

    private bool Open(DateTimeOffset now, TimeSpan time, string why)
    {
        _failures = _limited = 0;
        _window.Clear();
        _probeUntil = default;
        _changed = now;
        Why = why;
        Volatile.Write(ref _openUntil, Math.Max(1, (now + time).UtcTicks));
        return true;
    }

    private static TimeSpan Least(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static DateTimeOffset Moment(long ticks) => new(ticks, TimeSpan.Zero);
}

using System.Collections.Concurrent;

namespace Perigee.Caching.Store;

/// <summary>What is counted, each by tenant, namespace and model.</summary>
internal enum CacheEvent
{
    /// <summary>A hit of the same question, in memory.</summary>
    ExactMemory,

    /// <summary>A hit of the same question, in the table.</summary>
    ExactTable,

    /// <summary>Joined a call under way.</summary>
    Joined,

    /// <summary>A hit of tier <c>equivalent</c>.</summary>
    Equivalent,

    /// <summary>A hit of tier <c>near</c>.</summary>
    Near,

    /// <summary>Looked for and not found.</summary>
    Miss,

    /// <summary>Not looked for: the caller or the configuration said so.</summary>
    Bypass,

    /// <summary>Asked anew and kept.</summary>
    Refresh,

    /// <summary>Answers kept.</summary>
    Stored,

    /// <summary>Their bytes.</summary>
    StoredBytes,

    /// <summary>Input tokens that hits did not cost.</summary>
    SavedInputTokens,

    /// <summary>Output tokens that hits did not cost.</summary>
    SavedOutputTokens,

    /// <summary>What hits would have cost, in pico-dollars, where the price is known.</summary>
    SavedPicoDollars,

    /// <summary>Answers that could not be shared, of whosever.</summary>
    MissedWrite,

    /// <summary>Look-ups in the table that took longer than their budget, of whosever.</summary>
    TableTimeout,
}

/// <summary>Under what is counted.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Namespace">The namespace.</param>
/// <param name="Model">The model as asked for.</param>
internal readonly record struct CountScope(string Tenant, string Namespace, string Model)
{
    /// <summary>Where those are counted for whom there is no room.</summary>
    public static CountScope Other { get; } = new("other", "", "");

    /// <summary>What cannot be told apart by scope.</summary>
    public static CountScope Unknown { get; } = new("", "", "");
}

/// <summary>The counts of one day (UTC) in this instance.</summary>
/// <param name="date">The day.</param>
/// <param name="texts">Knows a secret or a person where one is named as a model; null takes every name.</param>
internal sealed class CountDay(DateOnly date, ITextRedactor? texts = null)
{
    /// <summary>Clients name models at will.</summary>
    public const int MostScopes = 1000;

    private const int LongestName = 100;

    private readonly ConcurrentDictionary<CountScope, long[]> _cells = new();
    private int _scopes;

    /// <summary>The number of things counted.</summary>
    public static readonly int Events = Enum.GetValues<CacheEvent>().Length;

    public DateOnly Date => date;

    /// <summary>What was counted. The numbers go on moving.</summary>
    public IEnumerable<KeyValuePair<CountScope, long[]>> Cells => _cells;

    /// <summary>The numbers of a scope, by event.</summary>
    public long[] Of(in CountScope scope) => _cells.TryGetValue(scope, out long[]? cell) ? cell : Make(scope);

    private long[] Make(CountScope scope)
    {
        bool fits = scope.Tenant.Length <= LongestName && scope.Namespace.Length <= LongestName && scope.Model.Length <= LongestName
            && IsClean(scope.Model) && IsClean(scope.Namespace);
        if (scope != CountScope.Other && (!fits || Interlocked.Increment(ref _scopes) > MostScopes))
        {
            if (fits)
                Interlocked.Decrement(ref _scopes);
            scope = CountScope.Other;
        }

        return _cells.GetOrAdd(scope, static _ => new long[Events]);
    }

    // Clients name them, and what they name is kept.
    private bool IsClean(string name) => texts is null || ReferenceEquals(texts.Redact(name), name);
}

/// <summary>What the cache did in this instance. Counting takes no lock.</summary>
internal sealed class CacheCounts
{
    /// <summary>Days that are over and could not be written yet.</summary>
    private const int MostEnded = 7;

    private readonly TimeProvider _time;
    private readonly ITextRedactor? _texts;
    private readonly Lock _gate = new();
    private readonly List<CountDay> _ended = [];
    private volatile CountDay _today;
    private volatile bool _changed;

    public CacheCounts(TimeProvider time, ITextRedactor? texts = null)
    {
        (_time, _texts) = (time, texts);
        _today = new CountDay(Date, texts);
    }

    /// <summary>Whether there is something that is not written yet.</summary>
    public bool Changed => _changed;

    private DateOnly Date => DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime);

    /// <summary>Counts an event.</summary>
    public void Add(CacheScope scope, CacheEvent what, long times = 1)
    {
        Interlocked.Add(ref _today.Of(new CountScope(scope.Tenant, scope.Namespace, scope.Model))[(int)what], times);
        if (!_changed)
            _changed = true;
    }

    /// <summary>Counts a hit and what it saved.</summary>
    /// <param name="scope">Who asked.</param>
    /// <param name="tier">One of the hits.</param>
    /// <param name="answer">What was replayed.</param>
    public void Hit(CacheScope scope, CacheEvent tier, CachedAnswer answer)
    {
        long[] cell = _today.Of(new CountScope(scope.Tenant, scope.Namespace, scope.Model));
        Interlocked.Increment(ref cell[(int)tier]);
        if (answer.Usage is { } usage)
        {
            Interlocked.Add(ref cell[(int)CacheEvent.SavedInputTokens], usage.Input);
            Interlocked.Add(ref cell[(int)CacheEvent.SavedOutputTokens], usage.Output);
        }

        if (answer.PicoDollars is { } cost)
            Interlocked.Add(ref cell[(int)CacheEvent.SavedPicoDollars], cost);
        if (!_changed)
            _changed = true;
    }

    /// <summary>The days that this instance holds, the current one last.</summary>
    public IReadOnlyList<CountDay> Days()
    {
        lock (_gate)
        {
            Roll();
            return [.. _ended, _today];
        }
    }

    /// <summary>The days to be written now. Whoever cannot write them says so with <see cref="Failed"/>.</summary>
    public IReadOnlyList<CountDay> Take()
    {
        lock (_gate)
        {
            _changed = false;
            Roll();
            CountDay[] days = [.. _ended, _today];
            _ended.Clear();
            return days;
        }
    }

    /// <summary>Gives days back that could not be written.</summary>
    public void Failed(IReadOnlyList<CountDay> days)
    {
        lock (_gate)
        {
            _changed = true;
            _ended.InsertRange(0, days.Where(day => day != _today));
            if (_ended.Count > MostEnded)
                _ended.RemoveRange(0, _ended.Count - MostEnded);
        }
    }

    private void Roll()
    {
        DateOnly date = Date;
        if (_today.Date == date)
            return;
        _ended.Add(_today);
        _today = new CountDay(date, _texts);
        _changed = true;
    }
}

using System.Security.Cryptography;
using System.Text;
using Perigee.Storage;

namespace Perigee.Caching.Near;

/// <summary>
/// What checks found in one scope (a tenant's namespace), over all instances, and whether semantic hits are stopped there. The row of the
/// table <c>cachestate</c> is what counts; what is found here is added to it.
/// </summary>
internal sealed class ShadowScope(string name)
{
    /// <summary>The partition of all scopes.</summary>
    public const string Partition = "shadow";

    private const int FewestDisagreements = 3;

    private const int MostWords = 64;
    private const string Measured = "measured";

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, long> _wouldHit = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _refused = new(StringComparer.Ordinal);
    private ShadowCounts _shared;
    private ShadowCounts _pending;
    private string? _stopped;
    private bool _measuredHere;

    /// <summary>The scope, as the caller names it.</summary>
    public string Name => name;

    /// <summary>Its row.</summary>
    public string Row { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16));

    /// <summary>Who stopped semantic hits: <c>measured</c> or <c>operator</c>; null where nobody did.</summary>
    public string? StoppedBy => Volatile.Read(ref _stopped) ?? (Volatile.Read(ref _measuredHere) ? Measured : null);

    /// <summary>Whose turn it is to read and write the row: who took over an older row after a newer one would forget what the newer one counts.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    /// <summary>When somebody last asked, by the clock's timestamp.</summary>
    public long Asked { get; set; }

    /// <summary>When the row was last read, or 0.</summary>
    public long Read { get; set; }

    /// <summary>What was found, over all instances as far as is known.</summary>
    public ShadowCounts Counts
    {
        get
        {
            lock (_gate)
                return _shared + _pending;
        }
    }

    /// <summary>Whether something was found that is not in the row yet.</summary>
    public bool HasPending
    {
        get
        {
            lock (_gate)
                return _pending != default;
        }
    }

    /// <summary>Adds what one check found, and stops hits where that is too much.</summary>
    public void Add(Agreement found, double mostErrorPercent)
    {
        lock (_gate)
        {
            _pending += ShadowCounts.Of(found);

            // Checks err as well: one or two of them must not take a tenant's hits away, whatever the bound says of so few.
            ShadowCounts all = _shared + _pending;
            if (all.Disagreed >= FewestDisagreements && all.Bounds.Low * 100 > mostErrorPercent)
                _measuredHere = true;
        }
    }

    /// <summary>Counts what would have been a hit.</summary>
    public void AddWouldHit(string tier) => Count(_wouldHit, tier);

    /// <summary>Counts why something was none.</summary>
    public void AddRefused(string reason) => Count(_refused, reason);

    /// <summary>What would have been hits, by tier, and why others were none.</summary>
    public (KeyValuePair<string, long>[] WouldHit, KeyValuePair<string, long>[] Refused) Observed
    {
        get
        {
            lock (_gate)
                return ([.. _wouldHit], [.. _refused]);
        }
    }

    /// <summary>Takes the row over, read or written just now.</summary>
    /// <param name="row">The row, or null where there is none.</param>
    /// <param name="added">What of the pending counts is in it.</param>
    public void Take(TableRow? row, ShadowCounts added = default)
    {
        lock (_gate)
        {
            _pending -= added;
            _shared = row is null ? default : ShadowCounts.From(row);
            _stopped = row?.Text("stopped");

            // What was measured here holds until it is in the row; from then on the row does, which an operator may change elsewhere.
            if (_pending == default)
                _measuredHere = false;
        }
    }

    /// <summary>The row with the pending counts added.</summary>
    public (TableRow Row, ShadowCounts Added) Merge(TableRow? row)
    {
        lock (_gate)
        {
            ShadowCounts sum = (row is null ? default : ShadowCounts.From(row)) + _pending;
            return (ToRow(row, sum, row?.Text("stopped") ?? (_measuredHere ? Measured : null)), _pending);
        }
    }

    /// <summary>The row as an operator wants it. Resuming forgets what was measured, or it would stop again at once.</summary>
    public TableRow Decide(TableRow? row, bool stop)
    {
        if (stop)
            return ToRow(row, row is null ? default : ShadowCounts.From(row), "operator");
        lock (_gate)
            _pending = default;
        return ToRow(row, default, null);
    }

    private TableRow ToRow(TableRow? old, ShadowCounts counts, string? stopped)
    {
        // The name stays out of it: a client chose a part of it.
        TableRow row = new TableRow(Partition, Row) { ETag = old?.ETag }.Set("stopped", stopped);
        return counts.WriteTo(row);
    }

    private void Count(SortedDictionary<string, long> counts, string word)
    {
        lock (_gate)
        {
            if (counts.TryGetValue(word, out long count) || counts.Count < MostWords)
                counts[word] = count + 1;
        }
    }
}

/// <summary>How many checks came to what.</summary>
internal readonly record struct ShadowCounts(long Agreed, long Disagreed, long Undecided)
{
    /// <summary>All of them.</summary>
    public long Checked => Agreed + Disagreed + Undecided;

    /// <summary>Between what shares the true share of errors lies. Undecided checks say nothing.</summary>
    public (double Low, double High) Bounds => ErrorRate.Bounds(Disagreed, Agreed + Disagreed);

    public static ShadowCounts operator +(ShadowCounts left, ShadowCounts right) =>
        new(left.Agreed + right.Agreed, left.Disagreed + right.Disagreed, left.Undecided + right.Undecided);

    public static ShadowCounts operator -(ShadowCounts left, ShadowCounts right) =>
        new(left.Agreed - right.Agreed, left.Disagreed - right.Disagreed, left.Undecided - right.Undecided);

    /// <summary>One check.</summary>
    public static ShadowCounts Of(Agreement found) => found switch
    {
        Agreement.Agree => new(1, 0, 0),
        Agreement.Disagree => new(0, 1, 0),
        _ => new(0, 0, 1),
    };

    /// <summary>Reads them from a row.</summary>
    public static ShadowCounts From(TableRow row) =>
        new(Math.Max(0, row.Number("agreed") ?? 0), Math.Max(0, row.Number("disagreed") ?? 0), Math.Max(0, row.Number("undecided") ?? 0));

    /// <summary>Writes them into a row.</summary>
    public TableRow WriteTo(TableRow row) => row.Set("agreed", Agreed).Set("disagreed", Disagreed).Set("undecided", Undecided);
}

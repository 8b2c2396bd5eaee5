using System.Globalization;
using Perigee.Storage;

namespace Perigee.Caching.Store;

/// <summary>
/// Invalidation without removing anything: a row says "answers made before this moment are dead" of a key, a tenant, a model ..., each instance
/// reads the rows that are new every two seconds, and every hit is held against them. A stamp goes when no answer from before it can be alive.
/// </summary>
internal sealed class Stamps(ITable state, string instance, TimeProvider time)
{
    private const string Partition = "stamps";

    /// <summary>Rows are ordered by their own writer's clock, and may be written later than they say: so far back is read again.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(1);

    /// <summary>All are read anew so often.</summary>
    private static readonly TimeSpan Whole = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<CacheInvalidation, (long Before, DateTimeOffset Until)> _stamps = [];
    private volatile StampSet? _set;
    private DateTimeOffset _wholeAt = DateTimeOffset.MinValue;
    private DateTimeOffset _readAt = DateTimeOffset.MinValue;
    private int _reading;
    private int _made;

    /// <summary>Grows whenever something new became dead.</summary>
    public long Version => Interlocked.Read(ref _version);

    private long _version;

    /// <summary>Whether an answer was invalidated.</summary>
    public bool IsStale(CachedAnswer answer) => _set is { } set && set.Covers(answer);

    /// <summary>Invalidates: here at once, elsewhere within about two seconds.</summary>
    /// <param name="what">What is dead.</param>
    /// <param name="mostLife">The longest life of an answer: so long the stamp is kept.</param>
    /// <param name="cancel">Gives up telling the others.</param>
    /// <exception cref="StorageException">The others could not be told.</exception>
    public async ValueTask AddAsync(CacheInvalidation what, TimeSpan mostLife, CancellationToken cancel)
    {
        DateTimeOffset before = time.GetUtcNow();
        DateTimeOffset until = before + mostLife;
        Merge([(what, before, until)]);
        string name = string.Create(CultureInfo.InvariantCulture, $"{Name(before)}|{instance}{Interlocked.Increment(ref _made):x}");
        TableRow row = new TableRow(Partition, name).Set("before", before).Set("until", until)
            .Set("tenant", what.Tenant).Set("namespace", what.Namespace).Set("model", what.Model).Set("key", what.Key).Set("all", what.Given == 0);
        await state.WriteAsync(row, WriteWhen.Always, cancel);
    }

    /// <summary>Reads what is new. One at a time; who comes meanwhile does nothing.</summary>
    public async ValueTask ReadAsync(CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref _reading, 1) != 0)
            return;
        try
        {
            DateTimeOffset now = time.GetUtcNow();
            bool whole = now - _wholeAt >= Whole;
            List<(CacheInvalidation, DateTimeOffset, DateTimeOffset)> found = [];
            await foreach (TableRow row in state.ReadAsync(Partition, whole ? null : Name(_readAt - Overlap), null, cancel))
            {
                if (row.Moment("before") is not { } before || row.Moment("until") is not { } until || until <= now)
                    continue;
                CacheInvalidation what = new(row.Text("tenant"), row.Text("namespace"), row.Text("model"), row.Text("key"));

                // Only a row that says so means all: one that lost its values does not.
                if (what.Given != 0 || (row.TryGet("all", out bool all) && all))
                    found.Add((what, before, until));
            }

            Merge(found);
            _readAt = now;
            if (whole)
                _wholeAt = now;
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }

    /// <summary>Removes the rows that are over. For the one who cleans.</summary>
    public async ValueTask CleanAsync(CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        List<string> over = [];
        await foreach (TableRow row in state.ReadAsync(Partition, null, null, cancel))
        {
            if (row.Moment("until") is not { } until || until <= now)
                over.Add(row.Row);
        }

        foreach (string name in over)
            await state.RemoveAsync(Partition, name, null, cancel);
    }

    private static string Name(DateTimeOffset moment) => Math.Max(0, moment.UtcTicks).ToString("D19", CultureInfo.InvariantCulture);

    private void Merge(List<(CacheInvalidation What, DateTimeOffset Before, DateTimeOffset Until)> found)
    {
        lock (_gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            bool changed = false;
            foreach ((CacheInvalidation what, DateTimeOffset before, DateTimeOffset until) in found)
            {
                if (_stamps.TryGetValue(what, out (long Before, DateTimeOffset) old) && old.Before >= before.UtcTicks)
                    continue;
                _stamps[what] = (before.UtcTicks, until);
                changed = true;
            }

            if (changed)
                Interlocked.Increment(ref _version);
            foreach (CacheInvalidation over in _stamps.Where(stamp => stamp.Value.Until <= now).Select(static stamp => stamp.Key).ToList())
                changed |= _stamps.Remove(over);
            if (changed)
                _set = _stamps.Count == 0 ? null : new StampSet(_stamps.ToDictionary(static stamp => stamp.Key, static stamp => stamp.Value.Before));
        }
    }
}

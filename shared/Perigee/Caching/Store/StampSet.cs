using System.Collections.Frozen;

namespace Perigee.Caching.Store;

/// <summary>The invalidations in force: an immutable set that every hit is held against.</summary>
internal sealed class StampSet
{
    private readonly FrozenDictionary<CacheInvalidation, long>[] _byGiven = new FrozenDictionary<CacheInvalidation, long>[16];
    private readonly int[] _present;
    private readonly long _latest;

    /// <param name="stamps">Each with the moment (UTC ticks) before which answers are dead. At least one.</param>
    public StampSet(IReadOnlyDictionary<CacheInvalidation, long> stamps)
    {
        foreach (IGrouping<int, KeyValuePair<CacheInvalidation, long>> group in stamps.GroupBy(static stamp => stamp.Key.Given))
            _byGiven[group.Key] = group.ToFrozenDictionary();
        _present = [.. Enumerable.Range(0, 16).Where(given => _byGiven[given] is not null)];
        _latest = stamps.Values.Max();
    }

    /// <summary>Whether an answer is dead. It was asked for before it was made: what was under way when the word came is dead as well.</summary>
    public bool Covers(CachedAnswer answer)
    {
        long begun = answer.Began.UtcTicks;
        if (begun > _latest)
            return false;
        CacheScope scope = answer.Scope;
        foreach (int given in _present)
        {
            CacheInvalidation stamp = new(
                (given & 1) == 0 ? null : scope.Tenant, (given & 2) == 0 ? null : scope.Namespace,
                (given & 4) == 0 ? null : scope.Model, (given & 8) == 0 ? null : answer.Id);
            if (_byGiven[given].TryGetValue(stamp, out long before) && begun <= before)
                return true;
        }

        return false;
    }
}

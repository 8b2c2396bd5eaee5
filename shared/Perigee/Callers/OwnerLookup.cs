using System.Collections.Concurrent;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>Organisations and teams as keys need them: from memory while a read of them is young, one read for all who ask at the same time.</summary>
internal sealed class OwnerLookup(OwnerStore store, TimeProvider time) : IForgets
{
    /// <summary>
    /// A key is believed for 10 seconds from the oldest of what it was made of; that this is younger than the difference to the 6 seconds after
    /// which keys in use are read again keeps one read of a team from being made for each of its keys.
    /// </summary>
    private static readonly TimeSpan Young = TimeSpan.FromSeconds(3);

    private const int MostKnown = 10_000;

    private readonly ConcurrentDictionary<string, Owner> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<Owner>>> _reads = new(StringComparer.Ordinal);
    private int _version;

    /// <summary>Changes whenever this process changes an organisation or a team: what was made of them before is old.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>Both at once; null for those that are not asked for.</summary>
    /// <exception cref="StorageException">The storage does not answer.</exception>
    public async ValueTask<(Owner? Organisation, Owner? Team)> FindAsync(string? organisation, string? team)
    {
        ValueTask<Owner> first = organisation is null ? default : FindAsync(organisation);
        ValueTask<Owner> second = team is null ? default : FindAsync(team);
        Owner? one = organisation is null ? null : await first;
        return (one, team is null ? null : await second);
    }

    /// <summary>One of them.</summary>
    public ValueTask<Owner> FindAsync(string id)
    {
        if (_known.TryGetValue(id, out Owner? known) && time.GetElapsedTime(known.ReadAt) < Young)
            return new ValueTask<Owner>(known);
        return new ValueTask<Owner>(_reads.GetOrAdd(id, static (id, self) => new Lazy<Task<Owner>>(() => self.ReadAsync(id)), this).Value);
    }

    /// <summary>A change made by this process: it holds at once.</summary>
    public void Put(OwnerRecord record)
    {
        Interlocked.Increment(ref _version);
        _known[record.Id] = new Owner(record.Id, record, time.GetTimestamp());
    }

    /// <inheritdoc/>
    public void Forget() => _known.Clear();

    private async Task<Owner> ReadAsync(string id)
    {
        try
        {
            long began = time.GetTimestamp();
            int version = Version;
            Owner read = new(id, await store.FindOwnAsync(id, CancellationToken.None), began);

            // Ids come from stored keys and from the configuration, so they are the operator's: a bound for good measure.
            if (_known.Count >= MostKnown)
                _known.Clear();
            if (version == Version)
                _known[id] = read;
            return version == Version || !_known.TryGetValue(id, out Owner? put) ? read : put;
        }
        finally
        {
            _reads.TryRemove(id, out _);
        }
    }
}

/// <summary>What a read found.</summary>
/// <param name="Id">The id that was asked for.</param>
/// <param name="Record">The record, or null where there is none.</param>
/// <param name="ReadAt">When the read began.</param>
internal sealed record Owner(string Id, OwnerRecord? Record, long ReadAt);

using Perigee.Storage;

namespace Perigee.Caching.Near;

/// <summary>
/// What one instance does for all: it writes snapshots and removes what is too old. Who does it holds a row of the table <c>cachestate</c>
/// for a while; the row also says what was done last.
/// </summary>
internal sealed class NearKeeper(IStorage storage, NearPlaces places, NearSnapshots snapshots, string instance, TimeProvider time)
{
    /// <summary>The table of leases and switches.</summary>
    public const string Table = "cachestate";

    private const string Partition = "near";
    private const int FewestChanges = 2000;
    private const int MostDrops = 400;

    /// <summary>So many tables before the first that may be needed are dropped by whoever cleans first.</summary>
    private const int FirstDrops = 8;

    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan LongestBetween = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortestBetween = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan CleanEvery = TimeSpan.FromHours(1);

    private readonly ITable _table = storage.Table(Table);
    private DateTimeOffset _nextClean = time.GetUtcNow() + TimeSpan.FromMinutes(1);

    /// <summary>Writes a snapshot of a namespace if it is due and nobody else is at it.</summary>
    public async ValueTask SnapshotAsync(NearSpace space, CancellationToken cancel)
    {
        // As often as a fifth of what is there has changed: a snapshot costs as much as the namespace is large.
        DateTimeOffset now = time.GetUtcNow();
        TimeSpan since = now - space.SnapshotTo;
        if (space.Changes == 0 || since < ShortestBetween || space.Index is not { } index
            || (since < LongestBetween && space.Changes < Math.Max(FewestChanges, index.Count / 5)))
        {
            return;
        }

        DateTimeOffset until = space.ReadTo;
        TableRow? last = await _table.FindAsync(Partition, space.Hash, cancel);
        if (last?.Moment("reached") is { } reached && reached > space.SnapshotTo)
        {
            space.SnapshotTo = reached;
            space.Settle(space.Changes);
            return;
        }

        if (await LeaseAsync(space.Hash, last, cancel) is not { } lease)
            return;
        int changes = space.Changes;
        index.RemoveExpired();
        await snapshots.WriteAsync(space, index, until, cancel);
        space.SnapshotTo = until;
        space.Settle(changes);
        await _table.WriteAsync(lease.Set("until", now).Set("reached", until), WriteWhen.Unchanged, cancel);
    }

    /// <summary>Now and then, drops tables whose entries have all expired, and snapshots that nobody can need.</summary>
    public async ValueTask CleanAsync(CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (now < _nextClean)
            return;
        _nextClean = now + CleanEvery;
        TableRow? last = await _table.FindAsync(Partition, "clean", cancel);
        if (last?.Moment("next") is { } next && next > now)
            return;
        if (await LeaseAsync("clean", last, cancel) is not { } lease)
            return;

        // An entry of the table before this one may live until this one ends.
        long keep = places.NumberAt(now) - 1;
        long from = Math.Max((last?.Number("dropped") ?? (keep - FirstDrops - 1)) + 1, keep - MostDrops);
        for (long number = from; number < keep; number++)
            await storage.DropTableAsync(places.Table(number), cancel);
        await snapshots.RemoveBeforeAsync(now - places.Span, cancel);
        await _table.WriteAsync(
            lease.Set("until", now).Set("next", now + CleanEvery - TimeSpan.FromMinutes(1)).Set("dropped", keep - 1), WriteWhen.Unchanged, cancel);
    }

    /// <summary>Takes the row if nobody holds it.</summary>
    /// <returns>The row as it stands now, to be written when all is done; null where another instance has it.</returns>
    private async ValueTask<TableRow?> LeaseAsync(string name, TableRow? last, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (last?.Moment("until") is { } until && until > now)
            return null;
        TableRow row = new TableRow(Partition, name) { ETag = last?.ETag };
        foreach ((string value, object content) in last?.Values ?? [])
            row.Set(value, content);
        row.Set("holder", instance).Set("until", now + Lease);
        WriteResult written = await _table.WriteAsync(row, last is null ? WriteWhen.Absent : WriteWhen.Unchanged, cancel);
        row.ETag = written.ETag;
        return written.Written ? row : null;
    }
}

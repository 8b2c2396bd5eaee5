using Perigee.Storage;

namespace Perigee.Regions;

/// <summary>
/// Brings shared rows from the home region to another. Any number of processes may do it at once, and one may be paused for as long as it likes:
/// the region's row is read first, then the home's, and it is written only where the region's is still the same. A newer row is never written
/// over by an older one.
/// </summary>
/// <param name="home">The home region's storage.</param>
/// <param name="there">The other region's.</param>
internal sealed class RegionCopy(IStorage home, IStorage there)
{
    /// <summary>The value by which a region's row says that it was brought: others are never removed.</summary>
    public const string Mark = "published";

    private const int Tries = 8;
    private const int AtOnce = 16;

    /// <summary>Brings one row, or takes it away where the home has it no longer.</summary>
    /// <returns>Whether anything was changed.</returns>
    /// <exception cref="StorageException">One of the storages does not answer.</exception>
    public async ValueTask<bool> CopyAsync(SharedRow row, CancellationToken cancel)
    {
        ITable from = home.Table(row.Table), to = there.Table(row.Table);
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            TableRow? known = await to.FindAsync(row.Partition, row.Row, cancel);
            TableRow? now = await from.FindAsync(row.Partition, row.Row, cancel);
            if (Same(known, now) || (now is null && !IsBrought(known!)))
                return false;
            if (now is null)
            {
                if (await to.RemoveAsync(row.Partition, row.Row, known!.ETag, cancel))
                    return true;
                continue;
            }

            if (row.Table == ConfigurationStore.Table)
                await CopyBlobAsync(now, cancel);
            TableRow copy = new(row.Partition, row.Row) { ETag = known?.ETag };
            foreach ((string name, object value) in now.Values)
                copy.Set(name, value);
            copy.Set(Mark, true);
            if ((await to.WriteAsync(copy, known is null ? WriteWhen.Absent : WriteWhen.Unchanged, cancel)).Written)
                return true;
        }

        throw new StorageException($"Others write to a row of '{row.Table}' all the time.");
    }

    /// <summary>Brings several rows, some at a time.</summary>
    /// <returns>How many were changed.</returns>
    public async Task<int> CopyAsync(IReadOnlyCollection<SharedRow> rows, CancellationToken cancel)
    {
        int changed = 0;
        await Parallel.ForEachAsync(rows, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (row, token) =>
        {
            if (await CopyAsync(row, token))
                Interlocked.Increment(ref changed);
        });
        return changed;
    }

    /// <summary>Compares all shared tables and brings what differs.</summary>
    /// <returns>How many rows were changed, and how many the region has that its home does not know.</returns>
    public async Task<(int Changed, int Strange)> CopyAllAsync(CancellationToken cancel)
    {
        int strange = 0;
        List<SharedRow> differing = [];
        foreach (string table in SharedTables.Published)
        {
            Dictionary<(string, string), TableRow> known = [];
            await foreach (TableRow row in there.Table(table).ScanAsync(cancel))
                known[(row.Partition, row.Row)] = row;
            await foreach (TableRow row in home.Table(table).ScanAsync(cancel))
            {
                known.Remove((row.Partition, row.Row), out TableRow? copy);
                if (!Same(copy, row))
                    differing.Add(new SharedRow(table, row.Partition, row.Row));
            }

            foreach (TableRow left in known.Values)
            {
                if (IsBrought(left))
                    differing.Add(new SharedRow(table, left.Partition, left.Row));
                else
                    strange++;
            }
        }

        return (await CopyAsync(differing, cancel), strange);
    }

    // The row is only worth as much as the blob that it names: that one goes first.
    private async ValueTask CopyBlobAsync(TableRow row, CancellationToken cancel)
    {
        if (row.Text("hash") is not { Length: > 0 } hash)
            return;
        string name = ConfigurationStore.BlobOf(hash);
        await using Stream content = await home.Blobs(ConfigurationStore.Container).OpenAsync(name, cancel)
            ?? throw new StorageException("The configuration that is in force is not in the home region's storage.");
        using MemoryStream bytes = new();
        await content.CopyToAsync(bytes, cancel);
        await there.Blobs(ConfigurationStore.Container).WriteAsync(name, bytes.GetBuffer().AsMemory(0, (int)bytes.Length), "application/json", cancel);
    }

    private static bool IsBrought(TableRow row) => row.TryGet(Mark, out bool brought) && brought;

    private static bool Same(TableRow? copy, TableRow? original)
    {
        if (copy is null || original is null)
            return copy is null && original is null;
        if (copy.Values.Count != original.Values.Count + 1 || !IsBrought(copy))
            return false;
        foreach ((string name, object value) in original.Values)
        {
            if (!copy.Values.TryGetValue(name, out object? other))
                return false;
            if (value is byte[] bytes ? other is not byte[] others || !bytes.AsSpan().SequenceEqual(others) : !value.Equals(other))
                return false;
        }

        return true;
    }
}

/// <summary>A row of a table whose rows are the same in all regions.</summary>
/// <param name="Table">One of <see cref="SharedTables.Published"/>.</param>
/// <param name="Partition">Its partition key.</param>
/// <param name="Row">Its row key.</param>
internal readonly record struct SharedRow(string Table, string Partition, string Row);

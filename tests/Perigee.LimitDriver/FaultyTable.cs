using Perigee.Storage;

namespace Perigee.LimitDriver;

/// <summary>
/// A table that now and then says no, hangs until its caller gives up, loses its reply, or is said to have failed and writes a moment later all
/// the same. Each of the four has this share of the calls; reads know the first three.
/// </summary>
internal sealed class FaultyTable(ITable table, Random dice, double share) : ITable
{
    /// <summary>The longest that a write is late: others write meanwhile, or nobody does.</summary>
    private static readonly TimeSpan Latest = TimeSpan.FromMilliseconds(400);

    private readonly int[] _counts = new int[4];

    /// <summary>How many there were: refused, hung, lost, late.</summary>
    public IReadOnlyList<int> Counts => _counts;

    public async ValueTask<TableRow?> FindAsync(string partition, string row, CancellationToken cancel)
    {
        Fate fate = await BeginAsync(cancel);
        TableRow? found = await table.FindAsync(partition, row, cancel);
        return fate == Fate.Lost ? throw new StorageException("lost for a test") : found;
    }

    public async ValueTask<WriteResult> WriteAsync(TableRow row, WriteWhen when, CancellationToken cancel)
    {
        Fate fate = await BeginAsync(cancel, writes: true);
        if (fate == Fate.Late)
        {
            _ = WriteLateAsync(row, when);
            throw new StorageException("given up for a test");
        }

        WriteResult result = await table.WriteAsync(row, when, cancel);
        return fate == Fate.Lost ? throw new StorageException("lost for a test") : result;
    }

    public IAsyncEnumerable<TableRow> ReadAsync(string partition, string? from, string? to, CancellationToken cancel) =>
        table.ReadAsync(partition, from, to, cancel);

    public IAsyncEnumerable<TableRow> ScanAsync(CancellationToken cancel) => table.ScanAsync(cancel);

    public ValueTask<WriteResult> WriteTogetherAsync(IReadOnlyList<TableWrite> writes, CancellationToken cancel) => table.WriteTogetherAsync(writes, cancel);

    public ValueTask<bool> RemoveAsync(string partition, string row, string? etag, CancellationToken cancel) => table.RemoveAsync(partition, row, etag, cancel);

    private async Task WriteLateAsync(TableRow row, WriteWhen when)
    {
        double part;
        lock (dice)
            part = dice.NextDouble();
        await Task.Delay(Latest * part);
        try
        {
            await table.WriteAsync(row, when, CancellationToken.None);
        }
        catch (StorageException)
        {
            // Then it was not written at all.
        }
    }

    private async ValueTask<Fate> BeginAsync(CancellationToken cancel, bool writes = false)
    {
        double cast;
        lock (dice)
            cast = dice.NextDouble();
        Fate fate = share <= 0 || cast >= share * (writes ? 4 : 3) ? Fate.None : (Fate)(1 + (int)(cast / share));
        if (fate != Fate.None)
            Interlocked.Increment(ref _counts[(int)fate - 1]);
        switch (fate)
        {
            case Fate.Refused:
                throw new StorageException("503 for a test");
            case Fate.Hung:
                await Task.Delay(Timeout.Infinite, cancel);
                break;
            default:
                break;
        }

        return fate;
    }

    private enum Fate
    {
        None,
        Refused,
        Hung,
        Lost,
        Late,
    }
}

/// <summary>The machine's clock with a wrong idea of what time it is.</summary>
internal sealed class SkewedClock(TimeSpan skew) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + skew;
}

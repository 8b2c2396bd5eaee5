using Perigee.Storage;

namespace Perigee.LimitDriver;

/// <summary>A table that now and then says no, hangs, or loses its reply.</summary>
internal sealed class FaultyTable(ITable table, Random dice, double share) : ITable
{
    public async ValueTask<TableRow?> FindAsync(string partition, string row, CancellationToken cancel)
    {
        double fate = await BeforeAsync(cancel);
        TableRow? found = await table.FindAsync(partition, row, cancel);
        return fate < share ? throw new StorageException("lost for a test") : found;
    }

    public async ValueTask<WriteResult> WriteAsync(TableRow row, WriteWhen when, CancellationToken cancel)
    {
        double fate = await BeforeAsync(cancel);
        WriteResult result = await table.WriteAsync(row, when, cancel);
        return fate < share ? throw new StorageException("lost for a test") : result;
    }

    public IAsyncEnumerable<TableRow> ReadAsync(string partition, string? from, string? to, CancellationToken cancel) =>
        table.ReadAsync(partition, from, to, cancel);

    public IAsyncEnumerable<TableRow> ScanAsync(CancellationToken cancel) => table.ScanAsync(cancel);

    public ValueTask<WriteResult> WriteTogetherAsync(IReadOnlyList<TableWrite> writes, CancellationToken cancel) => table.WriteTogetherAsync(writes, cancel);

    public ValueTask<bool> RemoveAsync(string partition, string row, string? etag, CancellationToken cancel) => table.RemoveAsync(partition, row, etag, cancel);

    private async ValueTask<double> BeforeAsync(CancellationToken cancel)
    {
        double before;
        double after;
        lock (dice)
            (before, after) = (dice.NextDouble(), dice.NextDouble());
        if (before < share)
            throw new StorageException("503 for a test");
        if (before < share * 1.2)
            await Task.Delay(Timeout.Infinite, cancel);
        return after;
    }
}

/// <summary>The machine's clock with a wrong idea of what time it is.</summary>
internal sealed class SkewedClock(TimeSpan skew) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + skew;
}

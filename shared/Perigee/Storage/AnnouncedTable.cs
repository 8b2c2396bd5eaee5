namespace Perigee.Storage;

/// <summary>
/// A table whose writes are announced before they are made. The publisher looks at an announced row again and again for a while, so that a write
/// that lands late is seen, and one that was announced and never made does no harm.
/// </summary>
internal sealed class AnnouncedTable(string name, ITable table, ITable changes, TimeProvider time) : ITable
{
    /// <inheritdoc/>
    public ValueTask<TableRow?> FindAsync(string partition, string row, CancellationToken cancel) => table.FindAsync(partition, row, cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<TableRow> ReadAsync(string partition, string? from, string? to, CancellationToken cancel) => table.ReadAsync(partition, from, to, cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<TableRow> ScanAsync(CancellationToken cancel) => table.ScanAsync(cancel);

    /// <inheritdoc/>
    public async ValueTask<WriteResult> WriteAsync(TableRow row, WriteWhen when, CancellationToken cancel)
    {
        await AnnounceAsync([(row.Partition, row.Row)], cancel);
        return await table.WriteAsync(row, when, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<WriteResult> WriteTogetherAsync(IReadOnlyList<TableWrite> writes, CancellationToken cancel)
    {
        await AnnounceAsync([.. writes.Select(static write => (write.Row.Partition, write.Row.Row))], cancel);
        return await table.WriteTogetherAsync(writes, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> RemoveAsync(string partition, string row, string? etag, CancellationToken cancel)
    {
        await AnnounceAsync([(partition, row)], cancel);
        return await table.RemoveAsync(partition, row, etag, cancel);
    }

    private async ValueTask AnnounceAsync(IReadOnlyList<(string Partition, string Row)> rows, CancellationToken cancel)
    {
        List<TableWrite> writes = [];
        foreach ((string partition, string row) in rows)
        {
            TableRow change = new TableRow(SharedTables.ChangesPartition, Guid.CreateVersion7(time.GetUtcNow()).ToString("N"))
                .Set("table", name).Set("partition", partition).Set("row", row);
            writes.Add(new TableWrite(change, WriteWhen.Always));
        }

        if (writes.Count == 1)
            await changes.WriteAsync(writes[0].Row, WriteWhen.Always, cancel);
        else
            await changes.WriteTogetherAsync(writes, cancel);
    }
}

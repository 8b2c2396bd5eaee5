using System.Collections.Concurrent;
using Perigee.Storage;

namespace Perigee.Tests.Routing;

/// <summary>Tables that hold rows in memory, count their reads, and can be down.</summary>
internal sealed class MemoryTables : IStorage, ITable
{
    private readonly ConcurrentDictionary<(string, string), TableRow> _rows = new();

    public string Location => "memory";

    public bool Down { get; set; }

    public int Finds { get; private set; }

    public IReadOnlyCollection<TableRow> Rows => [.. _rows.Values];

    public ITable Table(string name) => this;

    public IBlobs Blobs(string container) => throw new NotSupportedException();

    public ValueTask DropTableAsync(string name, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask ProbeAsync(CancellationToken cancel) => default;

    public ValueTask<TableRow?> FindAsync(string partition, string row, CancellationToken cancel)
    {
        Finds++;
        return Down ? throw new StorageException("down") : new(_rows.GetValueOrDefault((partition, row)));
    }

    public ValueTask<WriteResult> WriteAsync(TableRow row, WriteWhen when, CancellationToken cancel)
    {
        if (Down)
            throw new StorageException("down");
        TableLimits.Check(row);
        _rows[(row.Partition, row.Row)] = row;
        return new(new WriteResult(true, "1"));
    }

    public IAsyncEnumerable<TableRow> ReadAsync(string partition, string? from, string? to, CancellationToken cancel) => throw new NotSupportedException();

    public IAsyncEnumerable<TableRow> ScanAsync(CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<WriteResult> WriteTogetherAsync(IReadOnlyList<TableWrite> writes, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<bool> RemoveAsync(string partition, string row, string? etag, CancellationToken cancel) => throw new NotSupportedException();
}

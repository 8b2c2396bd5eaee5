using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Perigee.Storage;

namespace Perigee.Tests.Routing;

/// <summary>Tables that hold rows in memory, count what is done to them, and can be down.</summary>
internal sealed class MemoryTables : IStorage, ITable
{
    private readonly ConcurrentDictionary<(string, string), TableRow> _rows = new();
    private readonly Lock _writing = new();
    private int _reads;
    private int _writes;
    private int _version;

    public string Location => "memory";

    public bool Down { get; set; }

    /// <summary>What a look-up waits for.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public int Finds { get; private set; }

    public int Reads => Volatile.Read(ref _reads);

    public int Writes => Volatile.Read(ref _writes);

    public IReadOnlyCollection<TableRow> Rows => [.. _rows.Values];

    public ITable Table(string name) => this;

    public IBlobs Blobs(string container) => null!; // Nothing that is tested over tables alone opens one.

    public ValueTask DropTableAsync(string name, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask ProbeAsync(CancellationToken cancel) => default;

    public async ValueTask<TableRow?> FindAsync(string partition, string row, CancellationToken cancel)
    {
        Finds++;
        await Gate.WaitAsync(cancel);
        return Down ? throw new StorageException("down") : _rows.GetValueOrDefault((partition, row));
    }

    public ValueTask<WriteResult> WriteAsync(TableRow row, WriteWhen when, CancellationToken cancel)
    {
        if (Down)
            throw new StorageException("down");
        TableLimits.Check(row);
        lock (_writing)
        {
            _rows.TryGetValue((row.Partition, row.Row), out TableRow? old);
            if ((when == WriteWhen.Absent && old is not null) || (when == WriteWhen.Unchanged && old?.ETag != row.ETag))
                return new(WriteResult.Conflict());
            TableRow kept = new(row.Partition, row.Row) { ETag = $"{++_version}" };
            foreach ((string name, object value) in row.Values)
                kept.Set(name, value);
            _rows[(row.Partition, row.Row)] = kept;
            _writes++;
            return new(new WriteResult(true, kept.ETag));
        }
    }

    public async IAsyncEnumerable<TableRow> ReadAsync(
        string partition, string? from, string? to, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        Interlocked.Increment(ref _reads);
        if (Down)
            throw new StorageException("down");
        foreach (TableRow row in Rows.Where(row => row.Partition == partition).OrderBy(row => row.Row, StringComparer.Ordinal))
        {
            if ((from is null || string.CompareOrdinal(row.Row, from) >= 0) && (to is null || string.CompareOrdinal(row.Row, to) < 0))
                yield return row;
        }
    }

    public IAsyncEnumerable<TableRow> ScanAsync(CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<WriteResult> WriteTogetherAsync(IReadOnlyList<TableWrite> writes, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<bool> RemoveAsync(string partition, string row, string? etag, CancellationToken cancel) =>
        Down ? throw new StorageException("down") : new(_rows.TryRemove((partition, row), out _));
}

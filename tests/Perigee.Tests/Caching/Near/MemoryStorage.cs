using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Perigee.Storage;

namespace Perigee.Tests.Caching.Near;

/// <summary>Tables and blobs in memory that several instances share. It can be down, and tells what it holds.</summary>
internal sealed class MemoryStorage : IStorage
{
    private readonly ConcurrentDictionary<string, MemoryTable> _tables = new();
    private readonly ConcurrentDictionary<string, MemoryBlobs> _blobs = new();
    private int _reads;

    public string Location => "memory";

    public bool Down { get; set; }

    public int Reads => Volatile.Read(ref _reads);

    public ConcurrentQueue<string> Dropped { get; } = new();

    public IEnumerable<string> Tables => _tables.Where(static table => !table.Value.Rows.IsEmpty).Select(static table => table.Key);

    public ITable Table(string name)
    {
        Assert.DoesNotContain(name, Dropped);
        return _tables.GetOrAdd(StorageNames.Table(name), _ => new MemoryTable(this));
    }

    public IEnumerable<TableRow> Rows(string prefix) =>
        _tables.Where(table => table.Key.StartsWith(prefix, StringComparison.Ordinal)).SelectMany(static table => table.Value.Rows.Values);

    public IBlobs Blobs(string container) => BlobsOf(container);

    public MemoryBlobs BlobsOf(string container) => _blobs.GetOrAdd(StorageNames.Container(container), _ => new MemoryBlobs(this));

    public ValueTask DropTableAsync(string name, CancellationToken cancel)
    {
        Check(cancel);
        Dropped.Enqueue(name);
        _tables.TryRemove(name, out _);
        return default;
    }

    public ValueTask ProbeAsync(CancellationToken cancel) => default;

    private void Check(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (Down)
            throw new StorageException("down for a test");
    }

    private sealed class MemoryTable(MemoryStorage owner) : ITable
    {
        private int _version;

        public ConcurrentDictionary<(string, string), TableRow> Rows { get; } = new();

        public ValueTask<TableRow?> FindAsync(string partition, string row, CancellationToken cancel)
        {
            owner.Check(cancel);
            return new(Rows.GetValueOrDefault((partition, row)));
        }

        public async IAsyncEnumerable<TableRow> ReadAsync(string partition, string? from, string? to, [EnumeratorCancellation] CancellationToken cancel)
        {
            await Task.CompletedTask;
            owner.Check(cancel);
            Interlocked.Increment(ref owner._reads);
            foreach (TableRow row in Rows.Values.Where(row => row.Partition == partition).OrderBy(static row => row.Row, StringComparer.Ordinal))
            {
                if ((from is null || string.CompareOrdinal(row.Row, from) >= 0) && (to is null || string.CompareOrdinal(row.Row, to) < 0))
                    yield return row;
            }
        }

        public IAsyncEnumerable<TableRow> ScanAsync(CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask<WriteResult> WriteAsync(TableRow row, WriteWhen when, CancellationToken cancel)
        {
            owner.Check(cancel);
            TableLimits.Check(row);
            lock (this)
            {
                Rows.TryGetValue((row.Partition, row.Row), out TableRow? old);
                if ((when == WriteWhen.Absent && old is not null) || (when == WriteWhen.Unchanged && old?.ETag != row.ETag))
                    return new(WriteResult.Conflict());
                TableRow kept = new(row.Partition, row.Row) { ETag = $"{++_version}" };
                foreach ((string name, object value) in row.Values)
                    kept.Set(name, value);
                Rows[(row.Partition, row.Row)] = kept;
                return new(new WriteResult(true, kept.ETag));
            }
        }

        public async ValueTask<WriteResult> WriteTogetherAsync(IReadOnlyList<TableWrite> writes, CancellationToken cancel)
        {
            owner.Check(cancel);
            TableLimits.CheckBatch(writes);
            foreach (TableWrite write in writes)
                await WriteAsync(write.Row, write.When, cancel);
            return new WriteResult(true);
        }

        public ValueTask<bool> RemoveAsync(string partition, string row, string? etag, CancellationToken cancel)
        {
            owner.Check(cancel);
            return new(Rows.TryRemove((partition, row), out _));
        }
    }

    internal sealed class MemoryBlobs(MemoryStorage owner) : IBlobs
    {
        public ConcurrentDictionary<string, byte[]> All { get; } = new();

        public ValueTask<bool> WriteAsync(string name, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancel)
        {
            owner.Check(cancel);
            return new(All.TryAdd(StorageNames.Blob(name), content.ToArray()));
        }

        public ValueTask<Stream?> OpenAsync(string name, CancellationToken cancel)
        {
            owner.Check(cancel);
            return new(All.TryGetValue(name, out byte[]? content) ? new MemoryStream(content) : null);
        }

        public async IAsyncEnumerable<BlobItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
        {
            await Task.CompletedTask;
            owner.Check(cancel);
            foreach ((string name, byte[] content) in All.Where(blob => blob.Key.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(static blob => blob.Key, StringComparer.Ordinal))
                yield return new BlobItem(name, content.Length);
        }

        public ValueTask<bool> RemoveAsync(string name, CancellationToken cancel)
        {
            owner.Check(cancel);
            return new(All.TryRemove(name, out _));
        }
    }
}

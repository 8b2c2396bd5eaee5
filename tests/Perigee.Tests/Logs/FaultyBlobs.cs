using System.Runtime.CompilerServices;
using Perigee.Storage;

namespace Perigee.Tests.Logs;

/// <summary>A container in memory whose writes go wrong as those of a real one do: refused, unanswered, done with the reply lost, down for a time.</summary>
internal sealed class FaultyBlobs(Random dice, TimeProvider time) : IStorage, IBlobs
{
    private readonly SortedDictionary<string, byte[]> _blobs = new(StringComparer.Ordinal);

    public string Location => "memory";

    /// <summary>The share of writes that go wrong in one of three ways.</summary>
    public double Share { get; set; }

    /// <summary>Whether some of them are never answered; else those are refused.</summary>
    public bool Hangs { get; set; } = true;

    /// <summary>When it is down.</summary>
    public (DateTimeOffset From, DateTimeOffset To) Outage { get; set; }

    public int Faults { get; private set; }

    public SortedDictionary<string, byte[]> All
    {
        get
        {
            lock (_blobs)
                return new(_blobs, StringComparer.Ordinal);
        }
    }

    public IDictionary<string, byte[]> Raw => _blobs;

    public ITable Table(string name) => throw new NotSupportedException();

    public IBlobs Blobs(string container) => this;

    public ValueTask DropTableAsync(string name, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask ProbeAsync(CancellationToken cancel) => default;

    public async ValueTask<bool> WriteAsync(string name, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        DateTimeOffset now = time.GetUtcNow();
        int fault;
        lock (_blobs)
        {
            fault = now >= Outage.From && now < Outage.To ? 1 : dice.NextDouble() < Share ? dice.Next(1, 4) : 0;
            Faults += fault == 0 ? 0 : 1;
        }

        if (fault == 1 || (fault == 2 && !Hangs))
            throw new StorageException("503 Server Busy");
        if (fault == 2)
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancel);
        bool written;
        lock (_blobs)
            written = _blobs.TryAdd(name, content.ToArray());
        return fault == 3 ? throw new StorageException("the connection broke") : written;
    }

    public ValueTask<Stream?> OpenAsync(string name, CancellationToken cancel)
    {
        lock (_blobs)
            return new(_blobs.TryGetValue(name, out byte[]? bytes) ? new MemoryStream(bytes) : null);
    }

    public async IAsyncEnumerable<BlobItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        foreach ((string name, byte[] bytes) in All)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
                yield return new(name, bytes.Length);
        }
    }

    public ValueTask<bool> RemoveAsync(string name, CancellationToken cancel) => throw new NotSupportedException();
}

using System.IO.Compression;
using System.Text.Json;
using Perigee.Storage;

namespace Perigee.Tests.Logs;

/// <summary>A container in memory that can be down, or lose the answer to a write that it has done.</summary>
internal sealed class MemoryBlobs : IStorage, IBlobs
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, byte[]> _blobs = new(StringComparer.Ordinal);

    public string Location => "memory";

    public volatile bool Down;

    public volatile bool LosesAnswers;

    public volatile bool Hangs;

    public int Tries { get; private set; }

    public string? Container { get; private set; }

    public string[] Names
    {
        get
        {
            lock (_lock)
                return [.. _blobs.Keys.Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>Every line of every blob.</summary>
    public string[] Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _blobs.Values.SelectMany(bytes =>
                {
                    using StreamReader reader = new(new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress));
                    return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
                })];
            }
        }
    }

    /// <summary>Every line but the footers.</summary>
    public JsonElement[] Records => [.. Lines.Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.GetProperty("kind").GetString() != "footer")];

    public ITable Table(string name) => throw new NotSupportedException();

    public IBlobs Blobs(string container)
    {
        Container = container;
        return this;
    }

    public ValueTask DropTableAsync(string name, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask ProbeAsync(CancellationToken cancel) => default;

    public async ValueTask<bool> WriteAsync(string name, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (Hangs)
        {
            Tries++;
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
        }

        lock (_lock)
        {
            Tries++;
            if (Down)
                throw new StorageException("down");
            bool written = _blobs.TryAdd(name, content.ToArray());
            if (LosesAnswers)
            {
                LosesAnswers = false;
                throw new StorageException("the connection broke");
            }

            return written;
        }
    }

    public ValueTask<Stream?> OpenAsync(string name, CancellationToken cancel) => throw new NotSupportedException();

    public IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<bool> RemoveAsync(string name, CancellationToken cancel) => throw new NotSupportedException();
}

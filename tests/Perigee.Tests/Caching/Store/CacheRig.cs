using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Perigee.Caching;
using Perigee.Caching.Store;
using Perigee.Embedded;
using Perigee.Storage;
using Perigee.Wire;

namespace Perigee.Tests.Caching.Store;

/// <summary>Caches of several instances on one embedded storage, a clock that tests move, and calls to the storage that they can break.</summary>
internal sealed class CacheRig : IDisposable, IGatewayOptions
{
    public static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(250);

    private readonly EmbeddedStorage _embedded = new(Path.Combine(Path.GetTempPath(), "perigee-" + Guid.NewGuid().ToString("N")));

    public CacheRig() => Storage = new BreakableStorage(_embedded);

    /// <summary>14:00, so that a bucket of a day ends in ten hours.</summary>
    public MovedClock Time { get; } = new(new DateTimeOffset(2026, 11, 24, 14, 0, 0, TimeSpan.Zero));

    public BreakableStorage Storage { get; }

    public TestLog Log { get; } = new();

    public CacheOptions Cache { get; set; } = new();

    public GatewayOptions Current => Exchanges.Options with { Cache = Cache };

    public ITable State => Storage.Table(BucketRegistry.StateTable);

    public static CacheKey Key(string row, string partition = "p") => new(partition, row);

    /// <summary>Another instance.</summary>
    public AnswerCache Instance() => new(Storage, this, Time, Log);

    public CachedAnswer Answer(byte[] body, TimeSpan ttl, CacheScope? scope = null) => new(body, new AnswerForm("openai-chat", false, false, true))
    {
        ContentType = "application/json",
        Model = "m",
        Usage = new TokenUsage(10, 0, 0, 5, 0),
        Finish = FinishReason.Stop,
        StoredAt = Time.GetUtcNow(),
        Expires = Time.GetUtcNow() + ttl,
        PicoDollars = 1000,
        Scope = scope ?? new CacheScope("t1", "", "m", ""),
    };

    public CachedAnswer Answer(string body = "hello", double hours = 1, CacheScope? scope = null) =>
        Answer(System.Text.Encoding.UTF8.GetBytes(body), TimeSpan.FromHours(hours), scope);

    public static byte[] Noise(int length)
    {
        byte[] noise = new byte[length];
        new Random(length).NextBytes(noise);
        return noise;
    }

    /// <summary>An instance keeps answers and stops, so all are written.</summary>
    public async Task<AnswerCache> WriteAsync(params (CacheKey Key, CachedAnswer Answer)[] answers)
    {
        AnswerCache writer = Instance();
        await writer.StartAsync(default);
        foreach ((CacheKey key, CachedAnswer answer) in answers)
            writer.Keep(key, answer);
        await writer.StopAsync(default).WaitAsync(TimeSpan.FromSeconds(90));
        return writer;
    }

    /// <summary>What an instance that has nothing in memory finds.</summary>
    public async Task<string?> FindAsync(CacheKey key) =>
        await Instance().FindInTableAsync(key, Budget, default) is { } found ? System.Text.Encoding.UTF8.GetString(found.Body.Span) : null;

    public void Dispose()
    {
        _embedded.Dispose();
        if (Directory.Exists(_embedded.Location))
            Directory.Delete(_embedded.Location, recursive: true);
    }
}

/// <summary>What was logged from a level up.</summary>
internal sealed class TestLog : ILogger<AnswerCache>, ILogger<CacheUpkeep>
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            Lines.Enqueue(formatter(state, exception));
    }
}

/// <summary>A storage whose calls are noted, and can be held or broken before they begin.</summary>
internal sealed class BreakableStorage(IStorage inner) : IStorage
{
    /// <summary>Called with each call: <c>find cache24h20781</c>. What it throws the call throws; what it waits for the call waits for.</summary>
    public Func<string, Task> Before { get; set; } = static _ => Task.CompletedTask;

    public ConcurrentQueue<string> Calls { get; } = new();

    public string Location => inner.Location;

    public ITable Table(string name) => new BreakableTable(this, inner.Table(name), name);

    public IBlobs Blobs(string container) => new BreakableBlobs(this, inner.Blobs(container), container);

    public async ValueTask DropTableAsync(string name, CancellationToken cancel)
    {
        await BeginAsync("drop " + name);
        await inner.DropTableAsync(name, cancel);
    }

    public ValueTask ProbeAsync(CancellationToken cancel) => inner.ProbeAsync(cancel);

    private Task BeginAsync(string call)
    {
        Calls.Enqueue(call);
        return Before(call);
    }

    private sealed class BreakableTable(BreakableStorage owner, ITable table, string name) : ITable
    {
        public async ValueTask<TableRow?> FindAsync(string partition, string row, CancellationToken cancel)
        {
            await owner.BeginAsync("find " + name);
            return await table.FindAsync(partition, row, cancel);
        }

        public async IAsyncEnumerable<TableRow> ReadAsync(
            string partition, string? from, string? to, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
        {
            await owner.BeginAsync($"read {name} {partition}");
            await foreach (TableRow row in table.ReadAsync(partition, from, to, cancel))
                yield return row;
        }

        public IAsyncEnumerable<TableRow> ScanAsync(CancellationToken cancel) => table.ScanAsync(cancel);

        public async ValueTask<WriteResult> WriteAsync(TableRow row, WriteWhen when, CancellationToken cancel)
        {
            await owner.BeginAsync("write " + name);
            return await table.WriteAsync(row, when, cancel);
        }

        public async ValueTask<WriteResult> WriteTogetherAsync(IReadOnlyList<TableWrite> writes, CancellationToken cancel)
        {
            await owner.BeginAsync("write " + name);
            return await table.WriteTogetherAsync(writes, cancel);
        }

        public async ValueTask<bool> RemoveAsync(string partition, string row, string? etag, CancellationToken cancel)
        {
            await owner.BeginAsync($"remove {name} {partition}");
            return await table.RemoveAsync(partition, row, etag, cancel);
        }
    }

    private sealed class BreakableBlobs(BreakableStorage owner, IBlobs blobs, string name) : IBlobs
    {
        public async ValueTask<bool> WriteAsync(string blob, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancel)
        {
            await owner.BeginAsync("write blobs " + name);
            return await blobs.WriteAsync(blob, content, contentType, cancel);
        }

        public async ValueTask<Stream?> OpenAsync(string blob, CancellationToken cancel)
        {
            await owner.BeginAsync("open blobs " + name);
            return await blobs.OpenAsync(blob, cancel);
        }

        public IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancel) => blobs.ListAsync(prefix, cancel);

        public async ValueTask<bool> RemoveAsync(string blob, CancellationToken cancel)
        {
            await owner.BeginAsync("remove blobs " + name);
            return await blobs.RemoveAsync(blob, cancel);
        }
    }
}

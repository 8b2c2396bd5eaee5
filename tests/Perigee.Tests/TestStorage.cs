using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Perigee.Embedded;
using Perigee.Storage;

namespace Perigee.Tests;

/// <summary>What happens to one call of a table.</summary>
internal enum Mishap
{
    None,

    /// <summary>It fails and nothing has happened.</summary>
    Down,

    /// <summary>It happened, and the reply was lost.</summary>
    LostReply,

    /// <summary>It happened, the reply was lost, and the SDK's own second try met its first.</summary>
    ConflictWithItself,
}

/// <summary>The embedded storage in a folder of its own, whose calls can be counted, held and broken.</summary>
internal sealed class TestStorage : IStorage, IDisposable
{
    private readonly EmbeddedStorage _inner;
    private readonly bool _owns;
    private int _calls;

    public TestStorage(string? directory = null, TimeProvider? time = null)
    {
        _owns = directory is null;
        _inner = new EmbeddedStorage(directory ?? Path.Combine(Path.GetTempPath(), "perigee-" + Guid.NewGuid().ToString("N")), time);
    }

    public string Location => _inner.Location;

    /// <summary>Decides what becomes of each call ("find", "read", "scan", "write", "together", "remove").</summary>
    public Func<string, Mishap> Next { get; set; } = static _ => Mishap.None;

    /// <summary>Calls wait for it before they begin.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public int Calls => Volatile.Read(ref _calls);

    public ConcurrentQueue<string> Log { get; } = new();

    public ITable Table(string name) => new Guarded(this, _inner.Table(name));

    public IBlobs Blobs(string container) => _inner.Blobs(container);

    public ValueTask DropTableAsync(string name, CancellationToken cancel) => _inner.DropTableAsync(name, cancel);

    public ValueTask ProbeAsync(CancellationToken cancel) => _inner.ProbeAsync(cancel);

    public void Dispose()
    {
        _inner.Dispose();
        if (_owns && Directory.Exists(Location))
            Directory.Delete(Location, recursive: true);
    }

    private async ValueTask<Mishap> BeginAsync(string call)
    {
        Interlocked.Increment(ref _calls);
        Log.Enqueue(call);
        Task gate = Gate;
        if (!gate.IsCompleted)
            await gate;
        Mishap mishap = Next(call);
        return mishap == Mishap.Down ? throw new StorageException("down for a test") : mishap;
    }

    private sealed class Guarded(TestStorage owner, ITable table) : ITable
    {
        public async ValueTask<TableRow?> FindAsync(string partition, string row, CancellationToken cancel)
        {
            Mishap mishap = await owner.BeginAsync("find");
            TableRow? found = await table.FindAsync(partition, row, cancel);
            return mishap == Mishap.None ? found : throw new StorageException("lost for a test");
        }

        public async IAsyncEnumerable<TableRow> ReadAsync(
            string partition, string? from, string? to, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
        {
            await owner.BeginAsync("read");
            await foreach (TableRow row in table.ReadAsync(partition, from, to, cancel))
                yield return row;
        }

        public async IAsyncEnumerable<TableRow> ScanAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
        {
            await owner.BeginAsync("scan");
            await foreach (TableRow row in table.ScanAsync(cancel))
                yield return row;
        }

        public async ValueTask<WriteResult> WriteAsync(TableRow row, WriteWhen when, CancellationToken cancel)
        {
            Mishap mishap = await owner.BeginAsync("write");
            WriteResult result = await table.WriteAsync(row, when, cancel);
            return mishap switch
            {
                Mishap.None => result,
                Mishap.ConflictWithItself => WriteResult.Conflict(),
                _ => throw new StorageException("lost for a test"),
            };
        }

        public async ValueTask<WriteResult> WriteTogetherAsync(IReadOnlyList<TableWrite> writes, CancellationToken cancel)
        {
            await owner.BeginAsync("together");
            return await table.WriteTogetherAsync(writes, cancel);
        }

        public async ValueTask<bool> RemoveAsync(string partition, string row, string? etag, CancellationToken cancel)
        {
            await owner.BeginAsync("remove");
            return await table.RemoveAsync(partition, row, etag, cancel);
        }
    }
}

/// <summary>The wall clock stands still, so that no minute ends within a test; timers and timestamps are real.</summary>
internal sealed class StandingClock : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => new(2026, 11, 22, 18, 30, 20, TimeSpan.Zero);
}

/// <summary>A clock that tests move, except for the few milliseconds that a writer backs off.</summary>
internal sealed class MovedClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        dueTime < TimeSpan.FromMilliseconds(100) && period == Timeout.InfiniteTimeSpan
            ? System.CreateTimer(callback, state, dueTime, period)
            : base.CreateTimer(callback, state, dueTime, period);
}

/// <summary>Waiting for what happens on another thread.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    public static async Task IsTrueAsync(Func<Task<bool>> condition, string what)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Deadline, what);
            await Task.Delay(5);
        }
    }

    public static Task IsTrueAsync(Func<bool> condition, string what) => IsTrueAsync(() => Task.FromResult(condition()), what);
}

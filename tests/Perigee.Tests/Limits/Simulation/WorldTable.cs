using System.Runtime.CompilerServices;
using Perigee.Storage;

namespace Perigee.Tests.Limits.Simulation;

/// <summary>What a network and a storage do to calls: shares of them, from 0 to 1.</summary>
internal sealed record Faults(double Down = 0, double LostReply = 0, double Hang = 0, double ConflictWithItself = 0)
{
    public static Faults None { get; } = new();

    /// <summary>Some of everything.</summary>
    public static Faults Some { get; } = new(0.02, 0.02, 0.005, 0.02);
}

/// <summary>A table in the world: far away by a latency, stamped by the world's clock, with faults. One that all see through links of their own.</summary>
internal sealed class WorldTable(World world)
{
    private readonly Dictionary<(string, string), (Dictionary<string, object> Values, string ETag, DateTimeOffset At)> _rows = [];
    private long _version;

    /// <summary>How far the storage's clock was set: what it stamps is that much later than it is.</summary>
    public TimeSpan Set { get; set; }

    /// <summary>Conditional writes that succeeded or lost.</summary>
    public int Writes { get; private set; }

    /// <summary>Those that lost.</summary>
    public int Lost { get; private set; }

    /// <summary>Point reads.</summary>
    public int Reads { get; private set; }

    /// <summary>The table as one process sees it.</summary>
    public Link From(Random dice, TimeSpan latency) => new(this, world, dice, latency);

    private TableRow? Find(string partition, string row)
    {
        Reads++;
        if (!_rows.TryGetValue((partition, row), out (Dictionary<string, object> Values, string ETag, DateTimeOffset At) found))
            return null;
        TableRow copy = new(partition, row) { ETag = found.ETag, WrittenAt = found.At };
        foreach ((string name, object value) in found.Values)
            copy.Set(name, value);
        return copy;
    }

    private WriteResult Write(TableRow row, Dictionary<string, object> values, string? etag, WriteWhen when)
    {
        Writes++;
        bool there = _rows.TryGetValue((row.Partition, row.Row), out (Dictionary<string, object> Values, string ETag, DateTimeOffset At) found);
        if ((when == WriteWhen.Absent && there) || (when == WriteWhen.Unchanged && (!there || found.ETag != etag)))
        {
            Lost++;
            return WriteResult.Conflict();
        }

        string version = (++_version).ToString(System.Globalization.CultureInfo.InvariantCulture);
        _rows[(row.Partition, row.Row)] = (values, version, world.GetUtcNow() + Set);
        return new WriteResult(true, version);
    }

    /// <summary>A process's way to the table.</summary>
    internal sealed class Link(WorldTable table, World world, Random dice, TimeSpan latency) : ITable
    {
        public Faults Faults { get; set; } = Faults.None;

        /// <summary>Nothing passes.</summary>
        public bool Cut { get; set; }

        public ValueTask<TableRow?> FindAsync(string partition, string row, CancellationToken cancel) =>
            CallAsync(() => table.Find(partition, row), false, cancel);

        public ValueTask<WriteResult> WriteAsync(TableRow row, WriteWhen when, CancellationToken cancel)
        {
            TableLimits.Check(row);
            Dictionary<string, object> values = new(row.Values);
            string? etag = row.ETag;
            return CallAsync(() => table.Write(row, values, etag, when), true, cancel);
        }

        public async IAsyncEnumerable<TableRow> ReadAsync(string partition, string? from, string? to, [EnumeratorCancellation] CancellationToken cancel)
        {
            await Task.CompletedTask;
            yield break;
        }

        public IAsyncEnumerable<TableRow> ScanAsync(CancellationToken cancel) => ReadAsync("", null, null, cancel);

        public ValueTask<WriteResult> WriteTogetherAsync(IReadOnlyList<TableWrite> writes, CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask<bool> RemoveAsync(string partition, string row, string? etag, CancellationToken cancel) => throw new NotSupportedException();

        private async ValueTask<T> CallAsync<T>(Func<T> call, bool write, CancellationToken cancel)
        {
            TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using CancellationTokenRegistration gone = cancel.Register(() => answer.TrySetCanceled(cancel));
            double fate = dice.NextDouble();
            Faults faults = Faults;
            TimeSpan there = latency * (0.3 + (0.4 * dice.NextDouble()));
            TimeSpan back = latency * (0.3 + (0.4 * dice.NextDouble()));
            if (Cut)
            {
                world.After(there + back, () => answer.TrySetException(new StorageException("cut off for a test")));
            }
            else if ((fate -= faults.Down) < 0)
            {
                world.After(there + back, () => answer.TrySetException(new StorageException("503 for a test")));
            }
            else if ((fate -= faults.Hang) < 0)
            {
                // It may still happen long after the caller has given up.
                world.After(there + (TimeSpan.FromSeconds(20) * dice.NextDouble()), () => call());
            }
            else
            {
                bool lost = (fate -= faults.LostReply) < 0;
                bool conflict = !lost && write && fate - faults.ConflictWithItself < 0;
                world.After(there, () =>
                {
                    T result = call();
                    world.After(back, () =>
                    {
                        if (lost)
                            answer.TrySetException(new StorageException("lost for a test"));
                        else
                            answer.TrySetResult(conflict ? (T)(object)WriteResult.Conflict() : result);
                    });
                });
            }

            return await answer.Task;
        }
    }
}

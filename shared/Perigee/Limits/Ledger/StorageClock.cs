using Perigee.Storage;

namespace Perigee.Limits;

/// <summary>
/// The storage's clock, as far as this process can know it. Instances disagree about the time by seconds; the one clock that they share is that
/// of the storage, which stamps every row. A row is written and read again: its stamp was taken between two readings of a clock that only runs on
/// (not the wall clock), so the difference between the two clocks is known within one trip. Times are UTC ticks, moments ticks since the process began.
/// <para>
/// Where the storage's clock is set back, everybody notices within 20 s (<see cref="Stale"/>), and counters go on in the newest slot that a row has until the clock is there again, as
/// if time stood still: windows last that much longer, and nobody is refused for it. Until all have noticed, what an instance holds may be spent that much late. Where it is set on, windows
/// are that much shorter, once.
/// </para>
/// </summary>
internal sealed class StorageClock(ITable table, TimeProvider time)
{
    /// <summary>Stamps are cut to the millisecond.</summary>
    private const long Resolution = TimeSpan.TicksPerMillisecond;

    /// <summary>How far the clocks of one account's servers may be apart.</summary>
    private const long Spread = 2 * TimeSpan.TicksPerMillisecond;

    /// <summary>Two clocks drift apart by at most one part in so many.</summary>
    private const long Drift = 2_500;

    /// <summary>What was learned is made sure of again after this long.</summary>
    private static readonly long Stale = TimeSpan.FromSeconds(20).Ticks;

    /// <summary>A bad measure is made again after this long at first, then after twice as long each time.</summary>
    private static readonly long ShortestPause = TimeSpan.FromMilliseconds(20).Ticks;

    private static readonly long LongestPause = TimeSpan.FromSeconds(2).Ticks;

    private readonly long _origin = time.GetTimestamp();
    private Bounds? _bounds;
    private Task? _asking;
    private long _pause = ShortestPause;
    private long _again;

    /// <summary>Ticks since the process began.</summary>
    public long Moment => time.GetElapsedTime(_origin).Ticks;

    /// <summary>Whether anything is known.</summary>
    public bool Known => Volatile.Read(ref _bounds) is not null;

    /// <summary>
    /// Whether it is time to ask: nothing is known, or not lately, or not well, because the storage was slow when it was asked. Not well is worth
    /// another try only now and then.
    /// </summary>
    /// <param name="moment">Now.</param>
    /// <param name="tolerance">The doubt that does not matter, in ticks.</param>
    public bool WantsAsking(long moment, long tolerance)
    {
        if (Volatile.Read(ref _bounds) is not { } bounds || moment - bounds.At > Stale)
            return true;
        return Latest(moment) - Earliest(moment) > tolerance && moment >= Volatile.Read(ref _again);
    }

    /// <summary>The storage's time is not before this.</summary>
    public long Earliest(long moment)
    {
        Bounds bounds = Volatile.Read(ref _bounds)!;
        return moment + bounds.Low - ((moment - bounds.At) / Drift);
    }

    /// <summary>The storage's time is not after this.</summary>
    public long Latest(long moment)
    {
        Bounds bounds = Volatile.Read(ref _bounds)!;
        return moment + bounds.High + ((moment - bounds.At) / Drift);
    }

    /// <summary>The last moment at which the storage's time is surely before <paramref name="end"/>.</summary>
    public long MomentBefore(long end, long moment)
    {
        long left = end - Latest(moment);
        return left <= 0 ? moment : moment + left - (left / (Drift / 2)) - 1;
    }

    /// <summary>Asks the storage, once for all who wait.</summary>
    /// <exception cref="StorageException">It does not answer.</exception>
    public Task AskAsync(CancellationToken cancel)
    {
        Task? asking = Volatile.Read(ref _asking);
        if (asking is { IsCompleted: false })
            return asking.WaitAsync(cancel);
        asking = CalibrateAsync(cancel);
        Volatile.Write(ref _asking, asking);
        return asking;
    }

    /// <summary>Takes in that a stamp was given between two moments.</summary>
    public void Observe(long stamp, long before, long after)
    {
        Bounds found = new(after, stamp - after - Spread, stamp + Resolution - before + Spread);
        if (Volatile.Read(ref _bounds) is { } known)
        {
            // What was known has become less sure since then. Where both cannot be true, the storage's clock was set.
            long drifted = Math.Max(0, after - known.At) / Drift;
            long low = Math.Max(known.Low - drifted, found.Low);
            long high = Math.Min(known.High + drifted, found.High);
            if (low <= high)
                found = new Bounds(after, low, high);
        }

        Volatile.Write(ref _bounds, found);
    }

    private async Task CalibrateAsync(CancellationToken cancel)
    {
        // Others write the same row: the stamp that is read is that of the last of them, at or after our own.
        string mark = Guid.CreateVersion7().ToString("N");
        long before = Moment;
        _pause = Known && before - _bounds!.At < Stale ? Math.Min(2 * _pause, LongestPause) : ShortestPause;
        Volatile.Write(ref _again, before + _pause);
        await table.WriteAsync(new TableRow("clock", "clock").Set("mark", mark), WriteWhen.Always, cancel);
        long written = Moment;
        TableRow row = await table.FindAsync("clock", "clock", cancel) ?? throw new StorageException("The storage lost a row.");
        long stamp = row.WrittenAt?.UtcTicks ?? throw new StorageException("The storage does not say when it writes.");
        Observe(stamp, before, row.Text("mark") == mark ? written : Moment);
    }

    /// <summary>The storage's clock less ours, at least and at most, as learned at a moment.</summary>
    private sealed record Bounds(long At, long Low, long High);
}

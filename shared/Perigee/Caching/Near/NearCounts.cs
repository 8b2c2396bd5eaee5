namespace Perigee.Caching.Near;

/// <summary>What the synchronization did and could not do.</summary>
internal sealed class NearCounts
{
    private long _written;
    private long _dropped;
    private long _read;
    private long _damaged;
    private long _foreign;
    private long _failures;
    private long _loads;
    private long _snapshots;

    /// <summary>Changes written for others.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Changes that others will not see: too many at a time, or the storage was down for too long.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Changes of others that were taken in.</summary>
    public long Taken => Interlocked.Read(ref _read);

    /// <summary>Rows and parts of snapshots that were not whole.</summary>
    public long Damaged => Interlocked.Read(ref _damaged);

    /// <summary>Those with vectors of another kind.</summary>
    public long Foreign => Interlocked.Read(ref _foreign);

    /// <summary>Times that the storage did not answer.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Namespaces that were read from the beginning.</summary>
    public long Loads => Interlocked.Read(ref _loads);

    /// <summary>Snapshots written.</summary>
    public long Snapshots => Interlocked.Read(ref _snapshots);

    public void AddWritten(int count) => Interlocked.Add(ref _written, count);

    public void AddDropped(int count) => Interlocked.Add(ref _dropped, count);

    public void AddTaken() => Interlocked.Increment(ref _read);

    public void AddDamaged() => Interlocked.Increment(ref _damaged);

    public void AddForeign() => Interlocked.Increment(ref _foreign);

    public void AddFailure() => Interlocked.Increment(ref _failures);

    public void AddLoad() => Interlocked.Increment(ref _loads);

    public void AddSnapshot() => Interlocked.Increment(ref _snapshots);
}

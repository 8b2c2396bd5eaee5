namespace Perigee.Routing.Health;

/// <summary>
/// The 95th percentile of the last ten minutes: counts in buckets that grow by a tenth each, so what is read is within 5% of the true one,
/// in five slices of two minutes. One addition costs one logarithm, and nothing is allocated after the first.
/// Not thread-safe: its owner has a lock.
/// </summary>
internal sealed class SlowTail
{
    /// <summary>Below this many values a 95th percentile is a guess.</summary>
    public const int Least = 20;

    private const int Slices = 5;

    /// <summary>From a millisecond to more than ten minutes.</summary>
    private const int Buckets = 141;

    private static readonly TimeSpan Slice = TimeSpan.FromMinutes(2);
    private static readonly double Growth = Math.Log(1.1);

    private readonly ushort[] _counts = new ushort[Slices * Buckets];
    private readonly long[] _ids = new long[Slices];

    /// <summary>Adds a time.</summary>
    public void Add(TimeSpan value, DateTimeOffset now)
    {
        long id = now.UtcTicks / Slice.Ticks;
        int slice = (int)(id % Slices);
        if (_ids[slice] != id)
        {
            _ids[slice] = id;
            Of(slice).Clear();
        }

        int bucket = value.TotalMilliseconds <= 1 ? 0 : Math.Min(Buckets - 1, (int)(Math.Log(value.TotalMilliseconds) / Growth));
        ref ushort count = ref Of(slice)[bucket];
        if (count < ushort.MaxValue)
        {
            count++;
            return;
        }

        // Hundreds a second: halved, the slice keeps its form.
        foreach (ref ushort each in Of(slice))
            each /= 2;
        count++;
    }

    /// <summary>The 95th percentile, or null where too little was measured.</summary>
    public TimeSpan? Read(DateTimeOffset now)
    {
        Span<int> sums = stackalloc int[Buckets];
        sums.Clear();
        long id = now.UtcTicks / Slice.Ticks;
        int total = 0;
        for (int slice = 0; slice < Slices; slice++)
        {
            if (id - _ids[slice] is < 0 or >= Slices)
                continue;
            ReadOnlySpan<ushort> counts = Of(slice);
            for (int bucket = 0; bucket < Buckets; bucket++)
            {
                sums[bucket] += counts[bucket];
                total += counts[bucket];
            }
        }

        if (total < Least)
            return null;
        int rank = (int)Math.Ceiling(total * 0.95);
        int at = 0;
        for (int passed = sums[0]; passed < rank; passed += sums[at])
            at++;

        // The middle of the bucket on the scale on which it is one.
        return TimeSpan.FromMilliseconds(Math.Exp((at + 0.5) * Growth));
    }

    private Span<ushort> Of(int slice) => _counts.AsSpan(slice * Buckets, Buckets);
}

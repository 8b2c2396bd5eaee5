using System.Numerics;

namespace Perigee.Caching.Store;

/// <summary>
/// How often keys were used of late, in four bits for each of four counters: a count-min sketch that halves all its counts after a while, so
/// that what was popular once does not stay so. Source: Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy",
/// ACM Transactions on Storage 13(4), 2017, sections 3.2 to 3.4. Not safe for use by several threads.
/// </summary>
internal sealed class FrequencySketch
{
    private const int Rows = 4;
    private const ulong Ones = 0x1111_1111_1111_1111;
    private const ulong Halves = 0x7777_7777_7777_7777;

    /// <summary>Uses per entry until the counts are halved (the paper's W over C).</summary>
    private const int SampleFactor = 10;

    private ulong[] _table;
    private int _additions;

    /// <param name="capacity">The entries that are expected at first; more make it grow.</param>
    public FrequencySketch(int capacity) => _table = new ulong[BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, 16))];

    /// <summary>The most that a count can be.</summary>
    public static int Most => 15;

    /// <summary>Makes it fit so many entries. The counts stay: the wider table holds each of them twice, and a key finds its own in either half.</summary>
    public void Fit(int entries)
    {
        while (entries > _table.Length && _table.Length < 1 << 28)
        {
            ulong[] wider = new ulong[_table.Length * 2];
            _table.CopyTo(wider, 0);
            _table.CopyTo(wider, _table.Length);
            _table = wider;
        }
    }

    /// <summary>Counts a use.</summary>
    public void Add(int hash)
    {
        (uint first, uint step) = Spread(hash);
        bool added = false;
        for (int row = 0; row < Rows; row++)
        {
            ref ulong word = ref _table[(first + ((uint)row * step)) & (uint)(_table.Length - 1)];
            int shift = Shift(step, row);
            if (((word >> shift) & 15) == 15)
                continue;
            word += 1UL << shift;
            added = true;
        }

        if (added && ++_additions >= SampleFactor * _table.Length)
            Age();
    }

    /// <summary>How often the key was used: never too low but for ageing, too high where keys collide in all four counters.</summary>
    public int Estimate(int hash)
    {
        (uint first, uint step) = Spread(hash);
        int least = 15;
        for (int row = 0; row < Rows; row++)
        {
            ulong word = _table[(first + ((uint)row * step)) & (uint)(_table.Length - 1)];
            least = Math.Min(least, (int)((word >> Shift(step, row)) & 15));
        }

        return least;
    }

    private void Age()
    {
        int odd = 0;
        foreach (ref ulong word in _table.AsSpan())
        {
            odd += BitOperations.PopCount(word & Ones);
            word = (word >> 1) & Halves;
        }

        // What rounding took off: every addition stood in four counters.
        _additions = (_additions - (odd / Rows)) / 2;
    }

    /// <summary>Each row has four of a word's sixteen counters to itself.</summary>
    private static int Shift(uint step, int row) => (int)(((step >> 30) * 4) + (uint)row) * 4;

    /// <summary>Two independent halves of a mixed hash: a start and an odd step. Source of the mixer: Stafford's variant 13, as in SplitMix64.</summary>
    private static (uint First, uint Step) Spread(int hash)
    {
        ulong x = (uint)hash * 0x9E37_79B9_7F4A_7C15;
        x = (x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9;
        x = (x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB;
        x ^= x >> 31;
        return ((uint)x, (uint)(x >> 32) | 1);
    }
}

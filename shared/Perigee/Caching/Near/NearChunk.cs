using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Perigee.Caching.Near;

/// <summary>
/// Some hundred vectors side by side, with what is compared first: small, because most namespaces are. One writer at a time (the index sees to it), any number of readers
/// without a lock: a writer takes the entry out before it touches the vector and puts the new one in after, so a reader that sees the same
/// entry before and after it multiplied has multiplied that entry's vector.
/// </summary>
internal sealed class NearChunk
{
    private const int Bytes = 64 * 1024;

    private readonly int _stride;
    private readonly sbyte[] _vectors;
    private readonly uint[] _tags;
    private readonly float[] _scales;
    private readonly NearEntry?[] _entries;
    private readonly long[] _used;
    private int _rows;

    public NearChunk(int stride)
    {
        _stride = stride;
        Capacity = RowsOf(stride);
        _vectors = new sbyte[Capacity * stride];
        _tags = new uint[Capacity];
        _scales = new float[Capacity];
        _entries = new NearEntry?[Capacity];
        _used = new long[Capacity];
    }

    /// <summary>Rows of a chunk, a multiple of 8.</summary>
    public static int RowsOf(int stride) => Math.Max(64, Bytes / stride / 8 * 8);

    /// <summary>Rows that it holds at most.</summary>
    public int Capacity { get; }

    /// <summary>Rows that were ever written.</summary>
    public int Rows => Volatile.Read(ref _rows);

    /// <summary>Bytes of the arrays.</summary>
    public long ArrayBytes => (long)Capacity * (_stride + sizeof(uint) + sizeof(float) + sizeof(long) + 8);

    /// <summary>The entry of a row, or null.</summary>
    public NearEntry? this[int row] => Volatile.Read(ref _entries[row]);

    /// <summary>When the row was last of use, by the index's own count.</summary>
    public long UsedAt(int row) => Volatile.Read(ref _used[row]);

    /// <summary>Notes that the row was of use.</summary>
    public void Use(int row, long at) => Volatile.Write(ref _used[row], at);

    /// <summary>Writes a row.</summary>
    public void Set(int row, NearEntry entry, ReadOnlySpan<sbyte> vector, float scale, long at)
    {
        Clear(row);
        vector.CopyTo(Vector(row));
        _scales[row] = scale;
        _used[row] = at;
        Volatile.Write(ref _entries[row], entry);
        Volatile.Write(ref _tags[row], entry.Scope.Tag);
        if (row >= _rows)
            Volatile.Write(ref _rows, row + 1);
    }

    /// <summary>Empties a row.</summary>
    public void Clear(int row)
    {
        Volatile.Write(ref _tags[row], 0);
        Volatile.Write(ref _entries[row], null);

        // No later write to the vector may be seen before this.
        Interlocked.MemoryBarrier();
    }

    /// <summary>The vector of a row, for the writer.</summary>
    public Span<sbyte> Vector(int row) => _vectors.AsSpan(row * _stride, _stride);

    /// <summary>Looks through all rows.</summary>
    public void Search(ref NearSearch search)
    {
        int rows = Rows;
        Vector256<uint> wanted = Vector256.Create(search.Tag);
        ref uint tags = ref MemoryMarshal.GetArrayDataReference(_tags);

        // Whole eights, because unused rows have tag 0 and the capacity is a multiple of 8.
        for (int row = 0; row < rows; row += 8)
        {
            uint equal = Vector256.Equals(Vector256.LoadUnsafe(ref tags, (nuint)row), wanted).ExtractMostSignificantBits();
            while (equal != 0)
            {
                int at = row + System.Numerics.BitOperations.TrailingZeroCount(equal);
                equal &= equal - 1;
                float similarity = Multiply(ref search, at);
                if (similarity > search.Floor)
                    Consider(ref search, at);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float Multiply(ref NearSearch search, int row)
    {
        ref sbyte vector = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_vectors), row * _stride);
        return SmallVector.Dot(ref search.Vector, ref vector, _stride) * search.Scale * Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_scales), row);
    }

    private void Consider(ref NearSearch search, int row)
    {
        NearEntry? entry = Volatile.Read(ref _entries[row]);
        if (entry is null || entry.Scope != search.Scope || entry.Expires <= search.Now)
            return;
        float similarity = Multiply(ref search, row);
        Interlocked.MemoryBarrier();
        if (similarity > search.Floor && ReferenceEquals(Volatile.Read(ref _entries[row]), entry))
            search.Take(new NearCandidate(entry, similarity));
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Perigee.Caching.Near;

/// <summary>
/// Some hundred vectors side by side, with what is compared first: small, because most namespaces are. One writer at a time (the index sees to it), any number of readers
/// without a lock: a writer takes the entry out before it touches the vector and puts the new one in after, so a reader that sees the same
/// entry before and after it multiplied has multiplied that entry's vector.
/// The fronts of all vectors lie by themselves: with the length of the rear they bound a cosine from above (Cauchy and Schwarz), and on that most rows are passed over,
/// their rears unread.
/// </summary>
internal sealed class NearChunk
{
    private const int Bytes = 64 * 1024;

    private readonly int _stride;
    private readonly int _front;
    private readonly VectorFronts _fronts;
    private readonly sbyte[] _rears;
    private readonly float[] _rearLengths;
    private readonly uint[] _tags;
    private readonly uint[] _skeletons;
    private readonly float[] _scales;
    private readonly NearEntry?[] _entries;
    private readonly long[] _used;
    private int _rows;

    public NearChunk(int stride)
    {
        _stride = stride;
        Capacity = RowsOf(stride);
        _front = SmallVector.Front(stride);
        _fronts = new VectorFronts(Capacity, _front);
        _rears = new sbyte[Capacity * (stride - _front)];
        _rearLengths = new float[Capacity];
        _tags = new uint[Capacity];
        _skeletons = new uint[Capacity];
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
    public long ArrayBytes => (long)Capacity * (_stride + (2 * sizeof(uint)) + (2 * sizeof(float)) + sizeof(long) + 8);

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
        _fronts.Set(row, vector);
        vector[_front..].CopyTo(_rears.AsSpan(row * (_stride - _front)));
        _scales[row] = scale;
        _skeletons[row] = entry.Skeleton;
        _rearLengths[row] = SmallVector.RearLength(vector, scale);
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
    public sbyte[] Vector(int row)
    {
        sbyte[] vector = new sbyte[_stride];
        _fronts.Get(row, vector);
        _rears.AsSpan(row * (_stride - _front), _stride - _front).CopyTo(vector.AsSpan(_front));
        return vector;
    }

    /// <summary>Looks through all rows.</summary>
    public void Search(ref NearSearch search)
    {
        int rows = Rows;
        Vector256<uint> wanted = Vector256.Create(search.Tag);
        Vector256<uint> skeleton = Vector256.Create(search.Skeleton);
        Vector256<uint> every = search.Skeleton == 0 ? Vector256<uint>.AllBitsSet : Vector256<uint>.Zero;
        ref uint skeletons = ref MemoryMarshal.GetArrayDataReference(_skeletons);
        ref uint tags = ref MemoryMarshal.GetArrayDataReference(_tags);
        ref float scales = ref MemoryMarshal.GetArrayDataReference(_scales);
        ref float rears = ref MemoryMarshal.GetArrayDataReference(_rearLengths);

        // Whole eights, because unused rows have tag 0 and the capacity is a multiple of 8.
        for (int row = 0; row < rows; row += VectorFronts.Together)
        {
            Vector256<uint> equal = Vector256.Equals(Vector256.LoadUnsafe(ref tags, (nuint)row), wanted);
            if (equal == Vector256<uint>.Zero)
                continue;

            // No less than the cosines, but for rounding, for which the searched vector's rear length has room.
            Vector256<int> products = _fronts.Multiply(row, ref search.Vector) - Vector256.Create(search.Excess);
            Vector256<float> bounds = (Vector256.ConvertToSingle(products) * Vector256.LoadUnsafe(ref scales, (nuint)row) * search.Scale)
                + (Vector256.LoadUnsafe(ref rears, (nuint)row) * search.RearLength);
            Vector256<uint> skeletonsHere = Vector256.LoadUnsafe(ref skeletons, (nuint)row);
            Vector256<uint> may = Vector256.Equals(skeletonsHere, skeleton) | Vector256.Equals(skeletonsHere, Vector256<uint>.Zero) | every;
            Vector256<float> floors = Vector256.ConditionalSelect(may.AsSingle(), Vector256.Create(search.Floor), Vector256.Create(search.RefusedFloor));
            uint near = (Vector256.GreaterThan(bounds, floors).AsUInt32() & equal).ExtractMostSignificantBits();
            uint open = may.ExtractMostSignificantBits();
            while (near != 0)
            {
                int at = System.Numerics.BitOperations.TrailingZeroCount(near);
                near &= near - 1;
                bool mayPass = (open >> at & 1) != 0;
                if (Cosine(ref search, row + at, products[at]) > (mayPass ? search.Floor : search.RefusedFloor))
                    Consider(ref search, row + at, mayPass);
                if (!mayPass)
                    search.Look();
            }
        }
    }

    private float Cosine(ref NearSearch search, int row, int frontProduct)
    {
        int rear = _stride - _front;
        ref sbyte vector = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_rears), row * rear);
        return (frontProduct + SmallVector.Dot(ref Unsafe.Add(ref search.Vector, _front), ref vector, rear)) * search.Scale * _scales[row];
    }

    private void Consider(ref NearSearch search, int row, bool mayPass)
    {
        NearEntry? entry = Volatile.Read(ref _entries[row]);
        if (entry is null || entry.Scope != search.Scope || entry.Expires <= search.Now)
            return;
        int first = row / VectorFronts.Together * VectorFronts.Together;
        float similarity = Cosine(ref search, row, _fronts.Multiply(first, ref search.Vector)[row - first] - search.Excess);
        Interlocked.MemoryBarrier();
        if (!ReferenceEquals(Volatile.Read(ref _entries[row]), entry))
            return;
        if (mayPass && similarity > search.Floor)
            search.Take(new NearCandidate(entry, similarity));
        else if (!mayPass && similarity > search.RefusedFloor)
            search.Refuse(new NearCandidate(entry, similarity));
    }
}

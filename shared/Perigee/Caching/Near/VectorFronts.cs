using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Perigee.Caching.Near;

/// <summary>
/// The fronts of the vectors of a chunk (<see cref="SmallVector.Front"/>), row after row, each number moved up by 64: then one instruction multiplies 32 of them,
/// unsigned, with 32 signed ones, and eight rows are done at a time.
/// </summary>
internal sealed class VectorFronts(int rows, int front)
{
    /// <summary>Rows of one step.</summary>
    public const int Together = 8;

    private const int Step = 32;
    private const int Up = SmallVector.Most + 1;

    private readonly byte[] _numbers = new byte[rows * front];

    /// <summary>Writes a row.</summary>
    public void Set(int row, ReadOnlySpan<sbyte> numbers)
    {
        Span<byte> place = _numbers.AsSpan(row * front, front);
        for (int i = 0; i < front; i++)
            place[i] = (byte)(numbers[i] + Up);
    }

    /// <summary>Reads a row back.</summary>
    public void Get(int row, Span<sbyte> numbers)
    {
        ReadOnlySpan<byte> place = _numbers.AsSpan(row * front, front);
        for (int i = 0; i < front; i++)
            numbers[i] = (sbyte)(place[i] - Up);
    }

    /// <summary>What moving all numbers of a row up adds to its product with a vector.</summary>
    public static int Excess(ReadOnlySpan<sbyte> vector, int front)
    {
        int sum = 0;
        foreach (sbyte number in vector[..front])
            sum += number;
        return sum * Up;
    }

    /// <summary>The products of eight rows with a vector, <see cref="Excess"/> included.</summary>
    /// <param name="first">The first row, a multiple of 8.</param>
    /// <param name="vector">The vector, at least as long as a front.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<int> Multiply(int first, ref sbyte vector)
    {
        ref byte row = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_numbers), first * front);
        return Avx2.IsSupported ? MultiplyAvx2(ref row, ref vector, front) : MultiplyPortable(ref row, ref vector, front);
    }

    private static Vector256<int> MultiplyAvx2(ref byte row, ref sbyte vector, int front)
    {
        Vector256<int> a = Avx2.HorizontalAdd(Row(ref row, ref vector, front), Row(ref Unsafe.Add(ref row, front), ref vector, front));
        Vector256<int> b = Avx2.HorizontalAdd(Row(ref Unsafe.Add(ref row, 2 * front), ref vector, front), Row(ref Unsafe.Add(ref row, 3 * front), ref vector, front));
        Vector256<int> c = Avx2.HorizontalAdd(Row(ref Unsafe.Add(ref row, 4 * front), ref vector, front), Row(ref Unsafe.Add(ref row, 5 * front), ref vector, front));
        Vector256<int> d = Avx2.HorizontalAdd(Row(ref Unsafe.Add(ref row, 6 * front), ref vector, front), Row(ref Unsafe.Add(ref row, 7 * front), ref vector, front));
        Vector256<int> low = Avx2.HorizontalAdd(a, b);
        Vector256<int> high = Avx2.HorizontalAdd(c, d);

        // Each half of 128 bits has a part of every sum: rows 0 to 3 in the one, 4 to 7 in the other.
        return Avx2.Permute2x128(low, high, 0x20) + Avx2.Permute2x128(low, high, 0x31);
    }

    /// <summary>One row, in eight parts. A pair of products is at most 2 x 127 x 63, so that two pairs fit into 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Row(ref byte row, ref sbyte vector, int front)
    {
        Vector256<int> total = Vector256<int>.Zero;
        int i = 0;
        for (; i + (2 * Step) <= front; i += 2 * Step)
            total += Avx2.MultiplyAddAdjacent(Pairs(ref row, ref vector, i) + Pairs(ref row, ref vector, i + Step), Vector256<short>.One);
        return i < front ? total + Avx2.MultiplyAddAdjacent(Pairs(ref row, ref vector, i), Vector256<short>.One) : total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs(ref byte row, ref sbyte vector, int at) =>
        Avx2.MultiplyAddAdjacent(Vector256.LoadUnsafe(ref row, (nuint)at), Vector256.LoadUnsafe(ref vector, (nuint)at));

    /// <summary>The same for other machines.</summary>
    internal static Vector256<int> MultiplyPortable(ref byte row, ref sbyte vector, int front)
    {
        Span<int> products = stackalloc int[Together];
        for (int at = 0; at < Together; at++)
        {
            int sum = 0;
            for (int i = 0; i < front; i++)
                sum += Unsafe.Add(ref row, (at * front) + i) * Unsafe.Add(ref vector, i);
            products[at] = sum;
        }

        return Vector256.Create<int>(products);
    }
}

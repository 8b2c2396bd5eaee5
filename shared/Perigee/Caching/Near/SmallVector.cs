using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Perigee.Caching.Near;

/// <summary>
/// Vectors of whole numbers from -63 to 63: a quarter of the memory, and products of which a 16-bit number holds eight, so that one
/// instruction multiplies 32 pairs. Lengths are padded with zeros to a multiple of 32.
/// </summary>
internal static class SmallVector
{
    /// <summary>The largest number. Twice its square, four times, still fits into 16 bits.</summary>
    public const int Most = 63;

    private const int Step = 32;

    /// <summary>The padded length for so many numbers.</summary>
    public static int Stride(int dimensions) => (dimensions + Step - 1) / Step * Step;

    /// <summary>Rounds a vector.</summary>
    /// <param name="vector">The vector, of any length but zero.</param>
    /// <param name="small">Takes it: <see cref="Stride"/> bytes.</param>
    /// <returns>One over its length, by which a product becomes a cosine; 0 where it has no direction.</returns>
    public static float Round(ReadOnlySpan<float> vector, Span<sbyte> small)
    {
        small.Clear();
        float most = 0;
        foreach (float value in vector)
            most = Math.Max(most, Math.Abs(value));
        if (!(most > 0) || !float.IsFinite(most))
            return 0;
        float scale = Most / most;
        for (int i = 0; i < vector.Length; i++)
            small[i] = (sbyte)MathF.Round(vector[i] * scale);
        return OneOverLength(small);
    }

    /// <summary>One over the length of a vector, or 0 where it is no such vector: all zero, or numbers out of range.</summary>
    public static float OneOverLength(ReadOnlySpan<sbyte> small)
    {
        int sum = 0;
        foreach (sbyte value in small)
        {
            if (value is < -Most or > Most)
                return 0;
            sum += value * value;
        }

        return sum == 0 ? 0 : 1 / MathF.Sqrt(sum);
    }

    /// <summary>
    /// How many numbers of a padded vector are its front, a multiple of 32 as well. Three eighths: with more the memory is what takes time, with less too many rows
    /// pass by it whose whole vectors have to be read.
    /// </summary>
    public static int Front(int stride) => Math.Max(Step, stride * 3 / 8 / Step * Step);

    /// <summary>The length of the rear of a vector whose whole length is taken for 1.</summary>
    /// <param name="vector">The rounded vector.</param>
    /// <param name="scale">One over its length.</param>
    public static float RearLength(ReadOnlySpan<sbyte> vector, float scale)
    {
        int sum = 0;
        foreach (sbyte value in vector[Front(vector.Length)..])
            sum += value * value;
        return MathF.Sqrt(sum) * scale;
    }

    /// <summary>The product of two vectors of equal padded length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Dot(ref sbyte left, ref sbyte right, int stride) =>
        Avx2.IsSupported ? DotAvx2(ref left, ref right, stride) : DotPortable(ref left, ref right, stride);

    /// <summary>Sign of the one moved to the other, so that unsigned times signed bytes, which the machine can do, is what is wanted.</summary>
    internal static int DotAvx2(ref sbyte left, ref sbyte right, int stride)
    {
        Vector256<int> total = Vector256<int>.Zero;
        Vector256<short> ones = Vector256<short>.One;
        int i = 0;
        for (; i + (4 * Step) <= stride; i += 4 * Step)
        {
            // Each product of pairs is at most 2 x 63 x 63, so four of them are at most 31,752.
            Vector256<short> sums = Pairs(ref left, ref right, i) + Pairs(ref left, ref right, i + Step)
                + (Pairs(ref left, ref right, i + (2 * Step)) + Pairs(ref left, ref right, i + (3 * Step)));
            total += Avx2.MultiplyAddAdjacent(sums, ones);
        }

        for (; i < stride; i += Step)
            total += Avx2.MultiplyAddAdjacent(Pairs(ref left, ref right, i), ones);
        return Vector256.Sum(total);
    }

    /// <summary>The same for other machines.</summary>
    internal static int DotPortable(ref sbyte left, ref sbyte right, int stride)
    {
        Vector<int> total = Vector<int>.Zero;
        int width = Vector<sbyte>.Count;
        int i = 0;
        for (; i + width <= stride; i += width)
        {
            Vector.Widen(Load(ref left, i), out Vector<short> leftLow, out Vector<short> leftHigh);
            Vector.Widen(Load(ref right, i), out Vector<short> rightLow, out Vector<short> rightHigh);
            Vector.Widen((leftLow * rightLow) + (leftHigh * rightHigh), out Vector<int> low, out Vector<int> high);
            total += low + high;
        }

        int sum = Vector.Sum(total);
        for (; i < stride; i++)
            sum += Unsafe.Add(ref left, i) * Unsafe.Add(ref right, i);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs(ref sbyte left, ref sbyte right, int at)
    {
        Vector256<sbyte> l = Vector256.LoadUnsafe(ref left, (nuint)at);
        Vector256<sbyte> r = Vector256.LoadUnsafe(ref right, (nuint)at);
        return Avx2.MultiplyAddAdjacent(Avx2.Abs(l), Avx2.Sign(r, l));
    }

    private static Vector<sbyte> Load(ref sbyte start, int at) =>
        Unsafe.ReadUnaligned<Vector<sbyte>>(ref Unsafe.As<sbyte, byte>(ref Unsafe.Add(ref start, at)));

    /// <summary>The bytes of a vector, to be stored.</summary>
    public static ReadOnlySpan<byte> Bytes(ReadOnlySpan<sbyte> small) => MemoryMarshal.AsBytes(small);
}

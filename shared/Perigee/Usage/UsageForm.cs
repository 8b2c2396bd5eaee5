using System.Buffers;
using System.IO.Compression;
using System.Text;

namespace Perigee.Usage;

/// <summary>
/// Groups and their cells as bytes: whole numbers in as many groups of seven bits as they need, signs folded in; sketches as steps to the next and
/// counts. Packed with Brotli, as groups repeat one another's names. Members are only ever added at the end.
/// </summary>
internal static class UsageForm
{
    private const byte Version = 1;

    // The groups of a row with the longest names and the widest sketches are below a tenth of it: what is more is no row of ours.
    private const int MostBytes = 8 * 1024 * 1024;
    private const int MostGroups = 100_000;
    private const int Quality = 1;
    private const int Window = 18;

    /// <summary>Writes groups unpacked.</summary>
    public static void Write(IBufferWriter<byte> output, IReadOnlyCollection<KeyValuePair<UsageGroup, UsageCell>> groups)
    {
        Number(output, Version);
        Number(output, groups.Count);
        Number(output, UsageDimensions.Held);
        Number(output, UsageCell.Numbers);
        foreach ((UsageGroup group, UsageCell cell) in groups)
        {
            for (int place = 0; place < UsageDimensions.Held; place++)
                Text(output, group[(UsageDimension)place]);
            for (int place = 0; place < UsageCell.Numbers; place++)
                Number(output, cell[place]);
            Number(output, cell.Cost);
            Number(output, cell.SavedCost);
            Sketch(output, cell.Latency);
            Sketch(output, cell.FirstContent);
        }
    }

    /// <summary>Packs what was written.</summary>
    public static byte[] Pack(ReadOnlySpan<byte> written)
    {
        byte[] packed = new byte[BrotliEncoder.GetMaxCompressedLength(written.Length)];
        if (!BrotliEncoder.TryCompress(written, packed, out int length, Quality, Window))
            throw new InvalidOperationException("Brotli found no room in a buffer of the length that it asked for.");
        return packed[..length];
    }

    /// <summary>Reads packed groups.</summary>
    /// <param name="packed">What <see cref="Pack"/> made.</param>
    /// <param name="length">How many bytes were packed.</param>
    /// <param name="take">Is given each group and its cell, which is then its own.</param>
    /// <returns>False where the bytes are not whole: what was read until then was given.</returns>
    public static bool TryRead(ReadOnlySpan<byte> packed, long length, Action<UsageGroup, UsageCell> take)
    {
        if (length is <= 0 or > MostBytes)
            return false;
        byte[] bytes = new byte[length];
        if (!BrotliDecoder.TryDecompress(packed, bytes, out int filled) || filled != length)
            return false;
        ReadOnlySpan<byte> left = bytes;
        if (!TryNumber(ref left, out Int128 version) || version != Version || !TryCount(ref left, MostGroups, out int groups)
            || !TryCount(ref left, 64, out int dimensions) || !TryCount(ref left, 256, out int numbers))
            return false;
        string[] values = new string[dimensions];
        for (int i = 0; i < groups; i++)
        {
            UsageCell cell = new();
            if (!TryTexts(ref left, values) || !TryNumbers(ref left, numbers, cell)
                || !TryNumber(ref left, out Int128 cost) || !TryNumber(ref left, out Int128 saved)
                || !TrySketch(ref left, cell.Latency) || !TrySketch(ref left, cell.FirstContent))
                return false;
            cell.Restore(cost, saved);
            take(new UsageGroup(values), cell);
        }

        return true;
    }

    private static void Number(IBufferWriter<byte> output, Int128 value)
    {
        UInt128 folded = (UInt128)((value << 1) ^ (value >> 127));
        Span<byte> bytes = output.GetSpan(19);
        int length = 0;
        for (; folded >= 0x80; folded >>= 7)
            bytes[length++] = (byte)((byte)folded | 0x80);
        bytes[length++] = (byte)folded;
        output.Advance(length);
    }

    private static void Text(IBufferWriter<byte> output, string text)
    {
        Number(output, Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, output);
    }

    private static void Sketch(IBufferWriter<byte> output, DurationSketch sketch)
    {
        Number(output, sketch.Steps);
        int before = 0;
        for (int place = 0; place < sketch.Steps; place++)
        {
            (int step, long count) = sketch[place];
            Number(output, step - before);
            Number(output, count);
            before = step;
        }
    }

    private static bool TryNumber(ref ReadOnlySpan<byte> left, out Int128 value)
    {
        UInt128 folded = 0;
        for (int at = 0; at < left.Length && at < 19; at++)
        {
            folded |= (UInt128)(left[at] & 0x7Fu) << (7 * at);
            if (left[at] >= 0x80)
                continue;
            left = left[(at + 1)..];
            value = (Int128)(folded >> 1) ^ -(Int128)(folded & 1);
            return true;
        }

        value = 0;
        return false;
    }

    private static bool TryCount(ref ReadOnlySpan<byte> left, int most, out int count)
    {
        bool good = TryNumber(ref left, out Int128 value) && value >= 0 && value <= most;
        count = good ? (int)value : 0;
        return good;
    }

    private static bool TryTexts(ref ReadOnlySpan<byte> left, string[] values)
    {
        for (int place = 0; place < values.Length; place++)
        {
            if (!TryCount(ref left, left.Length, out int bytes) || bytes > left.Length)
                return false;
            values[place] = bytes == 0 ? "" : Encoding.UTF8.GetString(left[..bytes]);
            left = left[bytes..];
        }

        return true;
    }

    private static bool TryNumbers(ref ReadOnlySpan<byte> left, int numbers, UsageCell cell)
    {
        for (int place = 0; place < numbers; place++)
        {
            if (!TryNumber(ref left, out Int128 value))
                return false;
            if (place < UsageCell.Numbers)
                cell.Restore(place, (long)value);
        }

        return true;
    }

    private static bool TrySketch(ref ReadOnlySpan<byte> left, DurationSketch sketch)
    {
        if (!TryCount(ref left, short.MaxValue, out int steps))
            return false;
        int step = 0;
        for (int i = 0; i < steps; i++)
        {
            if (!TryCount(ref left, short.MaxValue, out int more) || !TryNumber(ref left, out Int128 count) || (step += more) > short.MaxValue)
                return false;
            sketch.Add(step, (long)count);
        }

        return true;
    }
}

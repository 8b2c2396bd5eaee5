using System.Buffers;

namespace Perigee.Wire.Gemini;

/// <summary>
/// Turns offsets in UTF-8 bytes, which Google counts, into offsets in code points, which the verbs count, and back. It keeps no text, only
/// where the length of a character changes: nothing at all for plain ASCII.
/// </summary>
internal sealed class TextOffsets
{
    private static readonly SearchValues<byte> Plain = SearchValues.Create([.. Enumerable.Range(0, 0x80).Where(b => b != '\\').Select(b => (byte)b)]);

    private readonly List<Run> _runs = [];
    private int _size = 1;

    /// <summary>The text's length in UTF-8 bytes.</summary>
    public int ByteCount { get; private set; }

    /// <summary>The text's length in code points.</summary>
    public int PointCount { get; private set; }

    /// <summary>More of the text, as it stands inside a JSON string.</summary>
    public void Add(ReadOnlySpan<byte> escaped)
    {
        while (!escaped.IsEmpty)
        {
            // One search that stops at either: two would each go through all the rest for every character of a text that is not ASCII.
            int ascii = escaped.IndexOfAnyExcept(Plain);
            if (ascii < 0)
                ascii = escaped.Length;
            if (ascii > 0)
            {
                Advance(1, ascii);
                escaped = escaped[ascii..];
                continue;
            }

            escaped = escaped[Character(escaped)..];
        }
    }

    /// <summary>The code points before a byte; -1 where the text does not reach so far.</summary>
    public int ToPoints(int bytes)
    {
        if (bytes < 0 || bytes > ByteCount)
            return -1;
        Run run = new(0, 0, 1);
        foreach (Run next in _runs)
        {
            if (next.Byte > bytes)
                break;
            run = next;
        }

        return run.Point + (bytes - run.Byte) / run.Size;
    }

    /// <summary>The bytes before a code point; -1 where the text does not reach so far.</summary>
    public int ToBytes(int points)
    {
        if (points < 0 || points > PointCount)
            return -1;
        Run run = new(0, 0, 1);
        foreach (Run next in _runs)
        {
            if (next.Point > points)
                break;
            run = next;
        }

        return run.Byte + (points - run.Point) * run.Size;
    }

    /// <summary>Takes one character that is no plain ASCII byte; returns its length as it is written.</summary>
    private int Character(ReadOnlySpan<byte> escaped)
    {
        if (escaped[0] != (byte)'\\')
        {
            int size = escaped[0] >= 0xF0 ? 4 : escaped[0] >= 0xE0 ? 3 : 2;
            Advance(size, 1);
            return Math.Min(size, escaped.Length);
        }

        int unit = Unit(escaped);
        if (unit < 0)
        {
            Advance(1, 1);
            return Math.Min(2, escaped.Length);
        }

        if (char.IsHighSurrogate((char)unit) && Unit(escaped[6..]) is var low and >= 0 && char.IsLowSurrogate((char)low))
        {
            Advance(4, 1);
            return 12;
        }

        Advance(unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3, 1);
        return 6;
    }

    private static int Unit(ReadOnlySpan<byte> escaped) =>
        escaped.Length >= 6 && escaped[0] == (byte)'\\' && escaped[1] == (byte)'u'
        && System.Buffers.Text.Utf8Parser.TryParse(escaped.Slice(2, 4), out int value, out int used, 'x') && used == 4 ? value : -1;

    private void Advance(int size, int count)
    {
        if (size != _size)
        {
            _runs.Add(new Run(ByteCount, PointCount, size));
            _size = size;
        }

        ByteCount += size * count;
        PointCount += count;
    }

    private readonly record struct Run(int Byte, int Point, int Size);
}

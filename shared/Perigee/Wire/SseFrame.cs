using System.Buffers;
using System.Text.Json;

namespace Perigee.Wire;

/// <summary>
/// Finds events in the bytes of a Server-Sent Events stream without changing them: a relay that must pass the very bytes on needs to know
/// where each event ends, which a parser that hands out text does not tell. Lines end with LF, CRLF or CR; comments and unknown fields are
/// skipped; several data fields are joined by LF. Source: WHATWG HTML, section 9.2.6.
/// </summary>
internal ref struct SseFrame
{
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    /// <summary>Bytes of the event with the blank line that ends it.</summary>
    public int Length { get; private set; }

    /// <summary>The <c>event</c> field, or empty.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>The joined <c>data</c> fields, or empty.</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>Whether the blank line was there. Without it the stream broke off, perhaps in the middle of the event.</summary>
    public bool Whole { get; private set; }

    /// <summary>Reads the first event.</summary>
    /// <param name="bytes">The bytes from the beginning of an event.</param>
    /// <param name="atEnd">Whether no more bytes will come: then an unfinished last event counts as one, and a CR at the end as a line end.</param>
    /// <param name="scanned">How many bytes an earlier call has already searched in vain; updated. Zero at the beginning of an event.</param>
    /// <param name="frame">The event.</param>
    /// <returns>False where the event is not yet complete.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, bool atEnd, scoped ref int scanned, out SseFrame frame)
    {
        frame = default;
        int end = FindEnd(bytes, atEnd, ref scanned);
        frame.Whole = end >= 0;
        if (end < 0)
        {
            if (!atEnd || bytes.IsEmpty)
                return false;
            end = bytes.Length;
        }

        scanned = 0;
        frame.Length = end;
        frame.Fields(bytes[..end]);
        return true;
    }

    /// <summary>Whether the data of an event without its blank line is there to its end: nothing, the closing mark, or one JSON value.</summary>
    public static bool IsWholeData(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty || data.SequenceEqual("[DONE]"u8))
            return true;
        try
        {
            Utf8JsonReader reader = new(data);
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The position behind the first blank line, or -1.</summary>
    private static int FindEnd(ReadOnlySpan<byte> bytes, bool atEnd, ref int scanned)
    {
        // `scanned` always stands at the beginning of a line.
        int line = scanned;
        while (line < bytes.Length)
        {
            int at = bytes[line..].IndexOfAny(LineEnds);
            if (at < 0)
                break;
            int lineEnd = line + at;
            int next = lineEnd + 1;
            if (bytes[lineEnd] == (byte)'\r')
            {
                // A CR at the very end may be half of a CRLF: which one only the next byte tells.
                if (next == bytes.Length && !atEnd)
                    break;
                if (next < bytes.Length && bytes[next] == (byte)'\n')
                    next++;
            }

            if (at == 0)
                return next;
            line = next;
        }

        scanned = line;
        return -1;
    }

    private void Fields(ReadOnlySpan<byte> frame)
    {
        if (frame.StartsWith("\uFEFF"u8))
            frame = frame[3..];
        byte[]? joined = null;
        bool hasData = false;
        while (!frame.IsEmpty)
        {
            int at = frame.IndexOfAny(LineEnds);
            ReadOnlySpan<byte> line = at < 0 ? frame : frame[..at];
            frame = at < 0 ? default : frame[(at + 1)..];
            if (line.StartsWith("data:"u8))
            {
                ReadOnlySpan<byte> value = Value(line, 5);
                if (!hasData)
                {
                    Data = value;
                    hasData = true;
                }
                else
                {
                    // Several data lines in one event: no provider was seen to send them, so this may allocate.
                    joined = [.. Data, (byte)'\n', .. value];
                    Data = joined;
                }
            }
            else if (line.StartsWith("event:"u8))
            {
                Name = Value(line, 6);
            }
        }
    }

    private static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> line, int from) =>
        line.Length > from && line[from] == (byte)' ' ? line[(from + 1)..] : line[from..];
}

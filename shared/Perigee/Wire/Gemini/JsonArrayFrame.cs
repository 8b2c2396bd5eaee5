using System.Buffers;

namespace Perigee.Wire.Gemini;

/// <summary>
/// Finds the elements of a JSON array that comes in pieces, as Google streams without <c>alt=sse</c>, without changing its bytes: what
/// <see cref="SseFrame"/> is to event streams. The frames together cover every byte.
/// </summary>
internal ref struct JsonArrayFrame
{
    private static readonly SearchValues<byte> Structure = SearchValues.Create("{}[]\""u8);
    private static readonly SearchValues<byte> StringEnds = SearchValues.Create("\"\\"u8);

    /// <summary>Bytes of the frame: an element with the bracket, comma and white space before it, or what is left behind the last one.</summary>
    public int Length { get; private set; }

    /// <summary>The element: a JSON object; empty in the frame that holds the closing bracket.</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>Whether the frame holds the array's closing bracket.</summary>
    public bool Closed { get; private set; }

    /// <summary>Whether the frame is there to its end. Without that the stream broke off.</summary>
    public bool Whole { get; private set; }

    /// <summary>Reads the first frame.</summary>
    /// <param name="bytes">The bytes from the end of the frame before.</param>
    /// <param name="atEnd">Whether no more bytes will come.</param>
    /// <param name="scan">How far an earlier call came; the default at the beginning of a stream.</param>
    /// <param name="frame">The frame.</param>
    /// <returns>False where the frame is not yet complete.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, bool atEnd, scoped ref JsonArrayScan scan, out JsonArrayFrame frame)
    {
        frame = default;
        if (scan.Depth == 0 && FindStart(bytes, ref scan, ref frame))
            return true;
        if (scan.Depth > 0 && FindEnd(bytes, ref scan))
        {
            frame.Length = scan.At;
            frame.Data = bytes[scan.Start..scan.At];
            frame.Whole = true;
            scan = default;
            return true;
        }

        if (!atEnd || bytes.IsEmpty)
            return false;

        // White space behind everything is nothing that could be missing.
        frame.Length = bytes.Length;
        frame.Whole = scan.Depth == 0;
        frame.Data = scan.Depth > 0 ? bytes[scan.Start..] : default;
        scan = default;
        return true;
    }

    /// <summary>Passes over what separates elements. True where that was the end of the array.</summary>
    private static bool FindStart(ReadOnlySpan<byte> bytes, ref JsonArrayScan scan, ref JsonArrayFrame frame)
    {
        while (scan.At < bytes.Length)
        {
            byte next = bytes[scan.At++];
            if (next == (byte)'{')
            {
                scan.Start = scan.At - 1;
                scan.Depth = 1;
                return false;
            }

            if (next == (byte)']')
            {
                frame.Length = scan.At;
                frame.Closed = true;
                frame.Whole = true;
                scan = default;
                return true;
            }
        }

        return false;
    }

    private static bool FindEnd(ReadOnlySpan<byte> bytes, ref JsonArrayScan scan)
    {
        while (scan.At < bytes.Length)
        {
            int found = bytes[scan.At..].IndexOfAny(scan.InString ? StringEnds : Structure);
            if (found < 0)
            {
                scan.At = bytes.Length;
                return false;
            }

            int at = scan.At + found;
            switch (bytes[at])
            {
                case (byte)'\\':
                    // The character that is escaped has to be there before it can be passed over.
                    if (at + 1 == bytes.Length)
                    {
                        scan.At = at;
                        return false;
                    }

                    at++;
                    break;
                case (byte)'"':
                    scan.InString = !scan.InString;
                    break;
                case (byte)'{' or (byte)'[':
                    scan.Depth++;
                    break;
                default:
                    scan.Depth--;
                    break;
            }

            scan.At = at + 1;
            if (scan.Depth == 0)
                return true;
        }

        return false;
    }
}

/// <summary>How far the search for the end of an element came, so that a long one is not searched from its beginning with every piece.</summary>
internal struct JsonArrayScan
{
    /// <summary>The first byte that was not looked at.</summary>
    public int At;

    /// <summary>Where the element begins.</summary>
    public int Start;

    /// <summary>How many brackets are open in the element; 0 before it.</summary>
    public int Depth;

    /// <summary>Whether the next byte is inside a string.</summary>
    public bool InString;
}

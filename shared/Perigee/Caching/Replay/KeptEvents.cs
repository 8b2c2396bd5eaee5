using Perigee.Wire;
using Perigee.Wire.Gemini;

namespace Perigee.Caching.Replay;

/// <summary>Walks the events of a kept stream, in whichever of the two framings it is: every byte belongs to one event.</summary>
/// <param name="body">The stream.</param>
/// <param name="asArray">Whether it is one JSON array.</param>
internal ref struct KeptEvents(ReadOnlySpan<byte> body, bool asArray)
{
    private readonly ReadOnlySpan<byte> _body = body;
    private int _at;
    private bool _closed;

    /// <summary>The <c>event:</c> field, or empty.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>The data, or empty (comments; an array's closing bracket).</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>The event's own bytes with all that frames it.</summary>
    public ReadOnlySpan<byte> Raw { get; private set; }

    /// <summary>Whether the stream broke off inside an event, or an array before its bracket.</summary>
    public bool Broken { get; private set; }

    /// <summary>Goes to the next event. False behind the last one.</summary>
    public bool Next()
    {
        ReadOnlySpan<byte> rest = _body[_at..];
        if (rest.IsEmpty)
        {
            Broken |= asArray && !_closed;
            return false;
        }

        int length;
        if (asArray)
        {
            JsonArrayScan scan = default;
            JsonArrayFrame.TryRead(rest, atEnd: true, ref scan, out JsonArrayFrame frame);
            Name = default;
            Data = frame.Data;
            length = frame.Length;
            Broken |= !frame.Whole;
            _closed |= frame.Closed;
        }
        else
        {
            int scanned = 0;
            SseFrame.TryRead(rest, atEnd: true, ref scanned, out SseFrame frame);
            Name = frame.Name;
            Data = frame.Data;
            length = frame.Length;

            // The last blank line is often missing: providers that end with the connection.
            Broken |= !frame.Whole && !SseFrame.IsWholeData(frame.Data);
        }

        // Neither framing gives an empty event of bytes that are there; a loop that cannot end must not depend on it.
        length = Math.Max(1, length);
        Raw = rest[..length];
        _at += length;
        return true;
    }

    /// <summary>How many events there are.</summary>
    public static int Count(ReadOnlySpan<byte> body, bool asArray)
    {
        KeptEvents events = new(body, asArray);
        int count = 0;
        while (events.Next())
            count++;
        return count;
    }

    /// <summary>The length of the first event; all where nothing frames it.</summary>
    public static int FirstLength(ReadOnlySpan<byte> body, bool asArray)
    {
        KeptEvents events = new(body, asArray);
        return events.Next() ? events.Raw.Length : body.Length;
    }
}

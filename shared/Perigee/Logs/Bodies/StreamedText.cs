using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Perigee.Logs.Bodies;

/// <summary>
/// The text of a streamed answer comes in deltas of a few letters, so that a key or an address hardly ever stands in one event. Looks at the joined
/// text of each thing that is streamed (a choice's content, a tool's arguments). Where something in it lies across events, the clean text stands in
/// the first of them and nothing in the others.
/// </summary>
internal static class StreamedText
{
    // Members in which the dialects stream texts.
    private static readonly string[] Names =
    [
        "content", "text", "delta", "arguments", "partial_json", "thinking", "reasoning", "reasoning_content", "refusal", "transcript", "input", "output",
    ];

    /// <summary>The body with such texts joined; null where none has to be.</summary>
    /// <param name="body">The answer: events, or one JSON array.</param>
    /// <param name="redactor">Says what has to go.</param>
    /// <param name="cut">Whether some is missing at its end: then the end of each text may be half of something.</param>
    public static byte[]? Join(ReadOnlySpan<byte> body, Redactor redactor, bool cut)
    {
        Dictionary<string, List<Range>> texts = Read(body);
        List<(Range Place, byte[] Bytes)> changes = [];
        ArrayBufferWriter<byte> whole = new(), clean = new(), apart = new();
        foreach (List<Range> pieces in texts.Values)
        {
            if (pieces.Count < 2)
                continue;
            whole.ResetWrittenCount();
            clean.ResetWrittenCount();
            apart.ResetWrittenCount();
            foreach (Range piece in pieces)
                whole.Write(body[piece]);
            Redact(whole.WrittenSpan, redactor, cut, clean);
            if (clean.WrittenSpan.SequenceEqual(whole.WrittenSpan))
                continue;
            foreach (Range piece in pieces)
                Redact(body[piece], redactor, cut: false, apart);
            if (clean.WrittenSpan.SequenceEqual(apart.WrittenSpan))
                continue;
            changes.Add((pieces[0], clean.WrittenSpan.ToArray()));
            changes.AddRange(pieces.Skip(1).Select(static piece => (piece, Array.Empty<byte>())));
        }

        return changes.Count == 0 ? null : Spliced(body, changes);
    }

    private static byte[] Spliced(ReadOnlySpan<byte> body, List<(Range Place, byte[] Bytes)> changes)
    {
        ArrayBufferWriter<byte> joined = new(body.Length);
        int at = 0;
        foreach ((Range place, byte[] bytes) in changes.OrderBy(static change => change.Place.Start.Value))
        {
            joined.Write(body[at..place.Start.Value]);
            joined.Write(bytes);
            at = place.End.Value;
        }

        joined.Write(body[at..]);
        return joined.WrittenSpan.ToArray();
    }

    private static void Redact(ReadOnlySpan<byte> text, Redactor redactor, bool cut, ArrayBufferWriter<byte> clean)
    {
        using StreamRedactor stream = new(redactor, clean);
        stream.Write(text);
        stream.End(cut);
    }

    // Where the pieces of each text stand.
    private static Dictionary<string, List<Range>> Read(ReadOnlySpan<byte> body)
    {
        Dictionary<string, List<Range>> texts = new(StringComparer.Ordinal);
        if (body.TrimStart(" \t\r\n"u8) is [(byte)'[', ..])
        {
            Read(body, 0, isArray: true, texts);
            return texts;
        }

        for (int line = 0; line < body.Length;)
        {
            int length = body[line..].IndexOfAny((byte)'\r', (byte)'\n');
            int end = length < 0 ? body.Length : line + length;
            if (body[line..end].StartsWith("data:"u8))
                Read(body[(line + 5)..end], line + 5, isArray: false, texts);
            line = end + 1;
        }

        return texts;
    }

    private static void Read(ReadOnlySpan<byte> json, int offset, bool isArray, Dictionary<string, List<Range>> texts)
    {
        Utf8JsonReader reader = new(json);
        StringBuilder indexes = new();
        string? name = null;
        bool index = false;
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        (name, index) = (NameOf(reader), reader.ValueSpan.EndsWith("index"u8));
                        break;
                    case JsonTokenType.String when name is not null && reader.ValueSpan.Length > 0:
                        string key = $"{name}|{indexes}";
                        if (!texts.TryGetValue(key, out List<Range>? pieces))
                            texts[key] = pieces = [];
                        int start = offset + (int)reader.TokenStartIndex + 1;
                        pieces.Add(start..(start + reader.ValueSpan.Length));
                        name = null;
                        break;
                    case JsonTokenType.Number when index:
                        indexes.Append(Encoding.UTF8.GetString(reader.ValueSpan)).Append(',');
                        break;
                    case JsonTokenType.StartObject when isArray && reader.CurrentDepth == 1:
                        indexes.Clear();
                        break;
                    default:
                        name = null;
                        break;
                }
            }
        }
        catch (JsonException)
        {
            // Half an event at the end of a body that is cut, or no JSON: what was read of it stands.
        }
    }

    private static string? NameOf(in Utf8JsonReader reader)
    {
        foreach (string name in Names)
        {
            if (reader.ValueTextEquals(name))
                return name;
        }

        return null;
    }
}

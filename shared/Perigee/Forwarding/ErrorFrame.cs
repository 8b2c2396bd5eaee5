using System.Text;
using System.Text.Json;

namespace Perigee.Forwarding;

/// <summary>
/// An event of a provider's stream, or an element of its array, that tells of a failure: in its own bytes, but without what a client must not be
/// told.
/// </summary>
internal static class ErrorFrame
{
    /// <summary>What is to be passed on in its place; null where it may pass as it is.</summary>
    /// <param name="frame">All of its bytes.</param>
    /// <param name="data">The JSON or text in it: a part of the frame, or a copy where the event has several lines of it.</param>
    /// <param name="answers">Whether it holds a piece of the answer, too, which is the client's: then the error in it alone is looked at.</param>
    /// <param name="key">The provider's key.</param>
    /// <param name="errors">Says what must not be told.</param>
    public static byte[]? Clean(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> data, bool answers, string? key, IErrorRedactor? errors)
    {
        byte[] before = data.ToArray();
        ReadOnlyMemory<byte> after = answers ? Members(before, key, errors) : Text(before, key, errors);
        if (data.IsEmpty)
            data = frame[frame.Length..];
        else if (!frame.Overlaps(data, out _))
            return after.Equals(before) ? null : Anew(frame, after);
        int at = data.IsEmpty ? frame.Length : Offset(frame, data);
        ReadOnlyMemory<byte> head = Same(frame[..at], key, errors, out bool headSame), tail = Same(frame[(at + data.Length)..], key, errors, out bool tailSame);
        return headSame && tailSame && after.Equals(before) ? null : [.. head.Span, .. after.Span, .. tail.Span];
    }

    /// <summary>JSON whose members of the name <c>error</c>, wherever they stand, hold nothing that must not be told.</summary>
    public static ReadOnlyMemory<byte> Members(ReadOnlyMemory<byte> json, string? key, IErrorRedactor? errors)
    {
        List<byte> made = [];
        int written = 0;
        try
        {
            Utf8JsonReader reader = new(json.Span);
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals("error"u8))
                    continue;
                reader.Read();
                int start = (int)reader.TokenStartIndex;
                reader.Skip();
                ReadOnlyMemory<byte> before = json[start..(int)reader.BytesConsumed], after = Text(before, key, errors);
                if (after.Equals(before))
                    continue;
                made.AddRange(json.Span[written..start]);
                made.AddRange(after.Span);
                written = (int)reader.BytesConsumed;
            }
        }
        catch (JsonException)
        {
            return Text(json, key, errors);
        }

        if (written == 0)
            return json;
        made.AddRange(json.Span[written..]);
        return made.ToArray();
    }

    /// <summary>A body that tells of a failure and nothing else.</summary>
    public static ReadOnlyMemory<byte> Text(ReadOnlyMemory<byte> body, string? key, IErrorRedactor? errors)
    {
        ReadOnlyMemory<byte> masked = KeyMask.Mask(body, key);
        return errors?.Clean(masked) ?? masked;
    }

    private static int Offset(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> data)
    {
        frame.Overlaps(data, out int offset);
        return offset;
    }

    private static ReadOnlyMemory<byte> Same(ReadOnlySpan<byte> piece, string? key, IErrorRedactor? errors, out bool same)
    {
        ReadOnlyMemory<byte> before = piece.ToArray(), after = Text(before, key, errors);
        same = after.Equals(before);
        return after;
    }

    private static byte[] Anew(ReadOnlySpan<byte> frame, ReadOnlyMemory<byte> data)
    {
        StringBuilder text = new();
        foreach (ReadOnlySpan<char> line in Encoding.UTF8.GetString(frame).AsSpan().EnumerateLines())
        {
            if (line.StartsWith("event:"))
                text.Append(line).Append('\n');
        }

        foreach (string line in Encoding.UTF8.GetString(data.Span).Split('\n'))
            text.Append("data: ").Append(line).Append('\n');
        return Encoding.UTF8.GetBytes(text.Append('\n').ToString());
    }
}

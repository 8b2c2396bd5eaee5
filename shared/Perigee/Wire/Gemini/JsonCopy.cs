using System.Buffers;
using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>Copies of valid JSON without its white space: as JSON, or as the inside of a JSON string (the form of arguments elsewhere).</summary>
internal static class JsonCopy
{
    private static readonly SearchValues<byte> StringEnds = SearchValues.Create("\"\\"u8);
    private static readonly SearchValues<byte> Breaks = SearchValues.Create("\" \t\r\n"u8);

    /// <summary>Copies JSON as JSON.</summary>
    public static void Compact(ReadOnlySpan<byte> json, IBufferWriter<byte> output) => Copy(json, output, escape: false);

    /// <summary>Copies JSON as the inside of a JSON string.</summary>
    public static void Escape(ReadOnlySpan<byte> json, IBufferWriter<byte> output) => Copy(json, output, escape: true);

    /// <summary>Whether the bytes are one JSON object.</summary>
    public static bool IsObject(ReadOnlySpan<byte> json)
    {
        try
        {
            Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 128 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
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

    private static void Copy(ReadOnlySpan<byte> json, IBufferWriter<byte> output, bool escape)
    {
        while (!json.IsEmpty)
        {
            int at = json.IndexOfAny(Breaks);
            if (at < 0)
            {
                output.Write(json);
                return;
            }

            output.Write(json[..at]);
            json = json[at..];
            if (json[0] != (byte)'"')
            {
                json = json[1..];
                continue;
            }

            int length = StringLength(json);
            if (escape)
                EscapeString(json[..length], output);
            else
                output.Write(json[..length]);
            json = json[length..];
        }
    }

    /// <summary>The length of the string at the beginning, with its quotes.</summary>
    private static int StringLength(ReadOnlySpan<byte> json)
    {
        int at = 1;
        while (at < json.Length)
        {
            int found = json[at..].IndexOfAny(StringEnds);
            if (found < 0)
                break;
            at += found;
            if (json[at] == (byte)'"')
                return at + 1;
            at += 2;
        }

        return json.Length;
    }

    private static void EscapeString(ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        while (!text.IsEmpty)
        {
            int at = text.IndexOfAny(StringEnds);
            if (at < 0)
            {
                output.Write(text);
                return;
            }

            output.Write(text[..at]);
            output.Write("\\"u8);
            output.Write(text.Slice(at, 1));
            text = text[(at + 1)..];
        }
    }
}

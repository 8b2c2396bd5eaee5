using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>Finds the number of a candidate before its content is read.</summary>
internal static class GeminiIndex
{
    /// <summary>A candidate's number stands behind its content. Few answers have another than 0, so it is only then looked for.</summary>
    public static int? Ahead(Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        if (!NamesAnother(json))
            return null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isIndex = reader.ValueTextEquals("index"u8);
            reader.Read();
            if (isIndex && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int index) && index is >= 0 and < 1024)
                return index;
            reader.Skip();
        }

        return null;
    }

    /// <summary>Whether any candidate has another number than 0; a call's argument of that name only costs the search.</summary>
    private static bool NamesAnother(ReadOnlySpan<byte> json)
    {
        ReadOnlySpan<byte> name = "\"index\""u8;
        for (int at = json.IndexOf(name); at >= 0; at = json.IndexOf(name))
        {
            json = json[(at + name.Length)..];
            ReadOnlySpan<byte> value = json.TrimStart(": \t\r\n"u8);
            if (value.IsEmpty || value[0] != (byte)'0')
                return true;
        }

        return false;
    }
}

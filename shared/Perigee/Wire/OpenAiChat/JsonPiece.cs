using System.Text.Json;

namespace Perigee.Wire.OpenAiChat;

/// <summary>Values cut out of a JSON text in their own bytes, so that members can be read in another order than they stand.</summary>
internal static class JsonPiece
{
    /// <summary>The bytes of the value at which the reader stands, and the reader to its end. Empty for null.</summary>
    public static ReadOnlySpan<byte> Raw(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        if (reader.TokenType == JsonTokenType.Null)
            return default;
        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        return json[start..(int)reader.BytesConsumed];
    }

    /// <summary>The text of the string at which the reader stands; false where it is none or empty.</summary>
    public static bool Says(scoped ref Utf8JsonReader reader, out JsonText text)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            text = new JsonText(reader.ValueSpan);
            return !text.IsEmpty;
        }

        text = default;
        reader.Skip();
        return false;
    }

    /// <summary>The inside of a string's bytes; empty where they are no string's.</summary>
    public static JsonText Text(ReadOnlySpan<byte> raw) => raw.Length > 2 && raw[0] == (byte)'"' ? new JsonText(raw[1..^1]) : default;

    /// <summary>Whether the bytes are an object's.</summary>
    public static bool IsObject(ReadOnlySpan<byte> raw) => !raw.IsEmpty && raw[0] == (byte)'{';

    /// <summary>Whether the bytes are an array's with something in it.</summary>
    public static bool IsArray(ReadOnlySpan<byte> raw) => raw.Length > 2 && raw[0] == (byte)'[';

    /// <summary>The bytes of a member of an object's bytes; empty where it is absent or null.</summary>
    public static ReadOnlySpan<byte> Member(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        if (!IsObject(json))
            return default;
        Utf8JsonReader reader = new(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool found = reader.ValueTextEquals(name);
            reader.Read();
            if (found)
                return Raw(ref reader, json);
            reader.Skip();
        }

        return default;
    }

    /// <summary>The text of a string member of an object's bytes; empty where it is absent or no string.</summary>
    public static JsonText TextOf(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name) => Text(Member(json, name));

    /// <summary>A whole number of an object's member, or -1.</summary>
    public static int NumberOf(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name) =>
        Member(json, name) is { IsEmpty: false } raw && System.Buffers.Text.Utf8Parser.TryParse(raw, out int value, out int used) && used == raw.Length ? value : -1;
}

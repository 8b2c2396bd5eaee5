using System.Buffers;
using System.Text.Json;

namespace Perigee.Wire.OpenAiChat;

/// <summary>Arguments of tool calls between OpenAI's string of JSON and the object that other dialects have.</summary>
internal static class OpenAiArguments
{
    /// <summary>
    /// The object that the member <c>arguments</c> of a call in the history stands for: nothing is an empty one, what is no JSON object
    /// (a turn that was cut off) is kept as <c>{"_raw":"..."}</c>.
    /// </summary>
    public static ReadOnlyMemory<byte> Object(JsonValue arguments)
    {
        if (arguments.IsObject)
            return arguments.Raw;
        WireText text = arguments.Text;
        if (text.IsBlank)
            return "{}"u8.ToArray();
        byte[] json = WireText.Unescape(text.Escaped.Span).ToArray();
        if (IsObject(json))
            return json;
        ArrayBufferWriter<byte> raw = new(text.Escaped.Length + 16);
        JsonOut output = new(raw);
        output.Object();
        output.Name("_raw"u8).Text(text);
        output.EndObject();
        return raw.WrittenMemory;
    }

    private static bool IsObject(ReadOnlySpan<byte> json)
    {
        try
        {
            Utf8JsonReader reader = new(json);
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
}

using System.Text.Json;

namespace Perigee.Wire.OpenAiChat;

/// <summary>What a meter has to know of an event, at the least cost.</summary>
internal static class OpenAiGlance
{
    /// <summary>
    /// Whether a chunk says nothing but some text of choice 0: content that is not empty, every finish_reason, usage and error null or absent,
    /// every index 0. A text that itself holds these words only costs the full reading.
    /// </summary>
    public static bool OnlyContent(ReadOnlySpan<byte> data)
    {
        if (data[^1] != (byte)'}')
            return false;
        int content = data.IndexOf("\"content\":\""u8);
        if (content < 0 || data[content + 11] == (byte)'"')
            return false;
        return Harmless(data, "\"finish_reason\":"u8, (byte)'n') && Harmless(data, "\"usage\":"u8, (byte)'n')
            && Harmless(data, "\"error\":"u8, (byte)'n') && Harmless(data, "\"index\":"u8, (byte)'0');
    }

    /// <summary>Whether the message that the reader has just entered says anything, up to its end.</summary>
    /// <param name="reader">Stands at the object's beginning.</param>
    /// <param name="calls">Becomes true where it calls tools.</param>
    public static bool Message(scoped ref Utf8JsonReader reader, ref bool calls)
    {
        bool content = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool text = reader.ValueTextEquals("content"u8) || reader.ValueTextEquals("reasoning_content"u8)
                || reader.ValueTextEquals("reasoning"u8) || reader.ValueTextEquals("refusal"u8);
            bool toolCalls = !text && reader.ValueTextEquals("tool_calls"u8);
            reader.Read();
            if (text && reader.TokenType == JsonTokenType.String)
            {
                content |= !reader.ValueSpan.IsEmpty;
                continue;
            }

            // Tool calls, audio, function_call, reasoning_details, Mistral's content in parts: whatever is not empty is content.
            content |= reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject;
            long before = reader.BytesConsumed;
            reader.Skip();
            calls |= toolCalls && reader.BytesConsumed - before > 1;
        }

        return content;
    }

    private static bool Harmless(ReadOnlySpan<byte> data, ReadOnlySpan<byte> name, byte first)
    {
        int at = data.IndexOf(name);
        if (at < 0)
            return true;

        // Twice the same name, or a space before the value: rare enough to be read whole.
        ReadOnlySpan<byte> rest = data[(at + name.Length)..];
        return rest[0] == first && rest.IndexOf(name) < 0;
    }
}

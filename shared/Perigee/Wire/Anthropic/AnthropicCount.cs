using System.Buffers;
using System.Text.Json;

namespace Perigee.Wire.Anthropic;

/// <summary>The counting of a question's tokens, <c>POST /v1/messages/count_tokens</c>: Claude Code asks for it all the time.</summary>
internal static class AnthropicCount
{
    /// <summary>Writes the answer.</summary>
    public static void Write(IBufferWriter<byte> output, long tokens)
    {
        AnthropicJson json = new(output);
        json.Open('{');
        json.Number("input_tokens"u8, tokens);
        json.Close('}');
    }

    /// <summary>Reads the answer. False where it is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out long tokens)
    {
        tokens = 0;
        try
        {
            Utf8JsonReader reader = new(body, AnthropicEvent.Options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool wanted = reader.ValueTextEquals("input_tokens"u8);
                reader.Read();
                if (wanted && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out tokens) && tokens >= 0)
                    return true;
                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // Not an answer of this kind.
        }

        return false;
    }

    /// <summary>Writes the question: that of an answer, without what only an answer needs. What that leaves out is not named, for nothing is lost.</summary>
    public static GatewayError? WriteQuestion(ChatQuestion question, Translation translation, IBufferWriter<byte> output) =>
        AnthropicQuestionWriter.Write(question, translation, counting: true, output);
}

using System.Text.Json;

namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// Reads a usage object of OpenAI's chat or Responses dialect into classes that do not overlap. Cached and written tokens are part of the
/// input, reasoning is part of the output, but for xAI, whose completion tokens leave reasoning out: told by total = input + output + reasoning.
/// Field names: OpenAI API reference; the odd ones as DeepSeek, Moonshot and Together send them.
/// </summary>
internal static class OpenAiUsage
{
    /// <summary>Reads the object at which the reader stands, up to its end. False where it is null or says nothing.</summary>
    public static bool TryRead(scoped ref Utf8JsonReader reader, out TokenUsage usage)
    {
        usage = default;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return false;
        }

        long input = 0, output = 0, total = -1, cached = 0, written = 0, reasoning = 0;
        bool any = false;
        int depth = reader.CurrentDepth;
        while (reader.Read() && !(reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == depth))
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            if (reader.ValueTextEquals("prompt_tokens"u8) || reader.ValueTextEquals("input_tokens"u8))
                any |= Number(ref reader, ref input);
            else if (reader.ValueTextEquals("completion_tokens"u8) || reader.ValueTextEquals("output_tokens"u8))
                any |= Number(ref reader, ref output);
            else if (reader.ValueTextEquals("total_tokens"u8))
                any |= Number(ref reader, ref total);
            else if (reader.ValueTextEquals("cached_tokens"u8) || reader.ValueTextEquals("prompt_cache_hit_tokens"u8))
                Number(ref reader, ref cached);
            else if (reader.ValueTextEquals("cache_write_tokens"u8))
                Number(ref reader, ref written);
            else if (reader.ValueTextEquals("reasoning_tokens"u8))
                Number(ref reader, ref reasoning);
            else if (!reader.Read())
                break;
        }

        if (!any)
            return false;

        // Some state more cached tokens than input (a fixed prompt of the provider's own counts as cached): the whole is what is billed.
        cached = Math.Min(cached, input);
        written = Math.Min(written, input - cached);
        bool apart = reasoning > 0 && total == input + output + reasoning;
        long text = apart ? output : Math.Max(0, output - reasoning);
        usage = new TokenUsage(input - cached - written, cached, written, text, apart ? reasoning : Math.Min(reasoning, output));
        return true;
    }

    private static bool Number(scoped ref Utf8JsonReader reader, ref long value)
    {
        if (!reader.Read())
            return false;
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long whole) && whole >= 0)
        {
            value = whole;
            return true;
        }

        if (reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out double real) && real is >= 0 and < long.MaxValue)
        {
            value = (long)real;
            return true;
        }

        return false;
    }
}

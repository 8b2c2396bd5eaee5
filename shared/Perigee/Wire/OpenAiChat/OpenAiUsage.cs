using System.Text.Json;

namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// Reads a usage object of OpenAI's chat or Responses dialect into classes that do not overlap, and writes chat's. Cached and written tokens
/// are part of the input, reasoning is part of the output, but for xAI, whose completion tokens leave reasoning out: told by
/// total = input + output + reasoning. Field names: OpenAI API reference; the odd ones as DeepSeek, Moonshot, Mistral and Together send them.
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
        long inputAudio = 0, outputAudio = 0, inputImage = 0, outputImage = 0, searches = 0;
        bool any = false, ofOutput = false;
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
            else if (reader.ValueTextEquals("cached_tokens"u8) || reader.ValueTextEquals("prompt_cache_hit_tokens"u8) || reader.ValueTextEquals("num_cached_tokens"u8))
                Number(ref reader, ref cached);
            else if (reader.ValueTextEquals("cache_write_tokens"u8))
                Number(ref reader, ref written);
            else if (reader.ValueTextEquals("reasoning_tokens"u8))
                Number(ref reader, ref reasoning);
            else if (reader.ValueTextEquals("audio_tokens"u8))
                Number(ref reader, ref ofOutput ? ref outputAudio : ref inputAudio);
            else if (reader.ValueTextEquals("image_tokens"u8))
                Number(ref reader, ref ofOutput ? ref outputImage : ref inputImage);
            else if (reader.ValueTextEquals("web_search_requests"u8) || reader.ValueTextEquals("num_search_queries"u8))
                Number(ref reader, ref searches);
            else
                Enter(ref reader, ref ofOutput);
        }

        if (!any)
            return false;

        // Some state more cached tokens than input (a fixed prompt of the provider's own counts as cached): the whole is what is billed.
        cached = Math.Min(cached, input);
        written = Math.Min(written, input - cached);
        bool apart = reasoning > 0 && total == input + output + reasoning;
        long text = apart ? output : Math.Max(0, output - reasoning);
        usage = new TokenUsage(input - cached - written, cached, written, text, apart ? reasoning : Math.Min(reasoning, output))
        {
            InputAudio = inputAudio,
            InputImage = inputImage,
            OutputAudio = outputAudio,
            OutputImage = outputImage,
            WebSearches = searches,
        };
        return true;
    }

    /// <summary>Writes the object, with the splits that OpenAI always states and those beyond that are not zero.</summary>
    public static void Write(JsonOut json, in TokenUsage usage)
    {
        json.Object();
        json.Name("prompt_tokens"u8).Number(usage.Input);
        json.Name("completion_tokens"u8).Number(usage.Output);
        json.Name("total_tokens"u8).Number(usage.Input + usage.Output);
        json.Name("prompt_tokens_details"u8).Object();
        json.Name("cached_tokens"u8).Number(usage.InputCacheRead);
        json.Name("cache_write_tokens"u8).Number(usage.InputCacheWrite + usage.InputCacheWriteHour);
        json.Name("audio_tokens"u8).Number(usage.InputAudio);
        if (usage.InputImage > 0)
            json.Name("image_tokens"u8).Number(usage.InputImage);
        json.EndObject();
        json.Name("completion_tokens_details"u8).Object();
        json.Name("reasoning_tokens"u8).Number(usage.OutputReasoning);
        json.Name("audio_tokens"u8).Number(usage.OutputAudio);
        if (usage.OutputImage > 0)
            json.Name("image_tokens"u8).Number(usage.OutputImage);
        json.EndObject();
        if (usage.WebSearches > 0)
        {
            // OpenRouter's form: OpenAI states searches nowhere.
            json.Name("server_tool_use"u8).Object();
            json.Name("web_search_requests"u8).Number(usage.WebSearches);
            json.EndObject();
        }

        json.EndObject();
    }

    /// <summary>Goes to an unknown member's value and notes whether it details the output.</summary>
    private static void Enter(scoped ref Utf8JsonReader reader, ref bool ofOutput)
    {
        bool completion = reader.ValueTextEquals("completion_tokens_details"u8) || reader.ValueTextEquals("output_tokens_details"u8);
        if (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            ofOutput = completion;
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

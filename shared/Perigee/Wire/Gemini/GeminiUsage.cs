using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>
/// Reads and writes <c>usageMetadata</c>. Google's prompt holds the cached tokens but not those of its own tools, its candidates hold no
/// thoughts, and the total is the sum of prompt, candidates, thoughts and tools. Source: the discovery document, "UsageMetadata".
/// </summary>
internal static class GeminiUsage
{
    /// <summary>Reads the object at which the reader stands, up to its end. False where it says no number.</summary>
    public static bool TryRead(scoped ref Utf8JsonReader reader, out TokenUsage usage)
    {
        usage = default;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return false;
        }

        long prompt = 0, cached = 0, candidates = 0, thoughts = 0, tools = 0, total = 0;
        Modalities input = default, output = default;
        bool any = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (GeminiNames.Is(ref reader, "promptTokenCount"u8))
                any |= Number(ref reader, ref prompt);
            else if (GeminiNames.Is(ref reader, "candidatesTokenCount"u8) || GeminiNames.Is(ref reader, "responseTokenCount"u8))
                any |= Number(ref reader, ref candidates);
            else if (GeminiNames.Is(ref reader, "thoughtsTokenCount"u8))
                any |= Number(ref reader, ref thoughts);
            else if (GeminiNames.Is(ref reader, "cachedContentTokenCount"u8))
                any |= Number(ref reader, ref cached);
            else if (GeminiNames.Is(ref reader, "toolUsePromptTokenCount"u8))
                any |= Number(ref reader, ref tools);
            else if (GeminiNames.Is(ref reader, "totalTokenCount"u8))
                any |= Number(ref reader, ref total);
            else if (GeminiNames.Is(ref reader, "promptTokensDetails"u8) || GeminiNames.Is(ref reader, "toolUsePromptTokensDetails"u8))
                Details(ref reader, ref input);
            else if (GeminiNames.Is(ref reader, "candidatesTokensDetails"u8) || GeminiNames.Is(ref reader, "responseTokensDetails"u8))
                Details(ref reader, ref output);
            else if (reader.Read())
                reader.Skip();
        }

        if (!any)
            return false;
        cached = Math.Min(cached, prompt);
        usage = new TokenUsage(prompt - cached + tools, cached, 0, candidates, thoughts)
        {
            InputTools = tools,
            InputAudio = input.Audio,
            InputImage = input.Image,
            OutputAudio = output.Audio,
            OutputImage = output.Image,
        };
        return true;
    }

    /// <summary>Writes the object.</summary>
    public static void Write(JsonPen pen, in TokenUsage usage)
    {
        pen.Object().Name("promptTokenCount"u8).Number(usage.Input - usage.InputTools);
        if (usage.InputCacheRead > 0)
            pen.Name("cachedContentTokenCount"u8).Number(usage.InputCacheRead);
        pen.Name("candidatesTokenCount"u8).Number(usage.OutputText);
        if (usage.OutputReasoning > 0)
            pen.Name("thoughtsTokenCount"u8).Number(usage.OutputReasoning);
        if (usage.InputTools > 0)
            pen.Name("toolUsePromptTokenCount"u8).Number(usage.InputTools);
        pen.Name("totalTokenCount"u8).Number(usage.Input + usage.Output).EndObject();
    }

    /// <summary>Sums of <c>[{"modality":"AUDIO","tokenCount":3}, ...]</c>, the modality as a word or as its number in the protocol.</summary>
    private static void Details(scoped ref Utf8JsonReader reader, ref Modalities sums)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        int depth = reader.CurrentDepth;
        bool audio = false, image = false;
        long count = 0;
        while (reader.Read() && !(reader.TokenType == JsonTokenType.EndArray && reader.CurrentDepth == depth))
        {
            if (reader.TokenType == JsonTokenType.EndObject)
            {
                sums = new Modalities(sums.Audio + (audio ? count : 0), sums.Image + (image ? count : 0));
                (audio, image, count) = (false, false, 0);
            }
            else if (reader.TokenType == JsonTokenType.PropertyName && GeminiNames.Is(ref reader, "modality"u8) && reader.Read())
            {
                ReadOnlySpan<byte> word = reader.ValueSpan;
                audio = word.SequenceEqual("AUDIO"u8) || word.SequenceEqual("4"u8);
                image = word.SequenceEqual("IMAGE"u8) || word.SequenceEqual("2"u8) || word.SequenceEqual("VIDEO"u8) || word.SequenceEqual("3"u8);
            }
            else if (reader.TokenType == JsonTokenType.PropertyName && GeminiNames.Is(ref reader, "tokenCount"u8))
            {
                Number(ref reader, ref count);
            }
        }
    }

    private static bool Number(scoped ref Utf8JsonReader reader, ref long value)
    {
        if (!reader.Read())
            return false;
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long number) && number >= 0)
        {
            value = number;
            return true;
        }

        // 64-bit integers are strings in the JSON of protocol buffers.
        if (reader.TokenType == JsonTokenType.String
            && System.Buffers.Text.Utf8Parser.TryParse(reader.ValueSpan, out number, out int used) && used == reader.ValueSpan.Length && number >= 0)
        {
            value = number;
            return true;
        }

        reader.Skip();
        return false;
    }

    private readonly record struct Modalities(long Audio, long Image);
}

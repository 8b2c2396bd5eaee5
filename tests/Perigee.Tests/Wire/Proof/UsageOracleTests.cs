using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Perigee.Tests.Wire.Proving;

/// <summary>Real usage objects with what another project's price calculator takes out of them (genai-prices' usages.json).</summary>
public sealed class UsageOracleTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(Dialects.OpenAi, "openai/chat")]
    [InlineData(Dialects.Anthropic, "anthropic/default")]
    [InlineData(Dialects.Gemini, "google/default")]
    public void Usage_equals_the_oracles(string dialect, string extractor)
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        Disagreements usage = new($"usage:{dialect}");
        int number = 0;
        foreach (JsonElement entry in Json.Parse(File.ReadAllText(Corpus.Path("usage", "genai-prices", "usages.json"))).EnumerateArray())
        {
            number++;
            JsonElement body = entry.GetProperty("body");
            if (DialectOf(body) != dialect || Expected(entry, extractor) is not { } expected)
                continue;
            Told told = Dialects.Tell(dialect, Answer(dialect, body), Framing.Whole);
            if (told.LastUsage is not { } read)
            {
                usage.Disagree($"#{number}", $"no usage is read of {body}");
                continue;
            }

            // Oracle: input with what is cached and written, output with reasoning.
            long input = Json.Number(expected, "input_tokens") + (dialect == Dialects.Gemini ? Tools(expected, body) : 0);
            (string Name, long Due, long Was)[] figures =
            [
                ("input", input, read.Input),
                ("cache_read", Json.Number(expected, "cache_read_tokens"), read.InputCacheRead),
                ("cache_write", Json.Number(expected, "cache_write_tokens"), read.InputCacheWrite + read.InputCacheWriteHour),
                ("output", Json.Number(expected, "output_tokens"), read.Output),
                ("reasoning", Json.Number(expected, "output_reasoning_tokens"), read.OutputReasoning),
            ];
            string wrong = string.Join(", ", figures.Where(f => f.Due != f.Was).Select(f => $"{f.Name} {f.Due} was {f.Was}"));
            if (wrong.Length == 0)
                usage.Agree();
            else
                usage.Disagree($"#{number}", $"{wrong} in {Json.Get(body, "usage") ?? Json.Get(body, "usageMetadata")}");
        }

        output.WriteLine($"{dialect}: {usage.Agreed} equal, {usage.Disagreed} disagree as listed");
        usage.AssertReviewed();
        Assert.True(usage.Agreed > 200);
    }

    /// <summary>The oracle counts what Google's own tools put in either with the input or beside it.</summary>
    private static long Tools(JsonElement expected, JsonElement body)
    {
        long tools = Json.Number(body, "usageMetadata", "toolUsePromptTokenCount");
        return Json.Number(expected, "input_tokens") == Json.Number(body, "usageMetadata", "promptTokenCount") ? tools : 0;
    }

    private static string? DialectOf(JsonElement body)
    {
        if (Json.Get(body, "usageMetadata") is not null)
            return Dialects.Gemini;
        if (Json.Get(body, "usage") is not { ValueKind: JsonValueKind.Object } usage)
            return null;
        if (usage.TryGetProperty("prompt_tokens", out _))
            return Dialects.OpenAi;

        // Responses bodies have total_tokens, Bedrock and Cohere other names.
        return usage.TryGetProperty("input_tokens", out _) && usage.TryGetProperty("output_tokens", out _) && !usage.TryGetProperty("total_tokens", out _) && !usage.TryGetProperty("input_tokens_details", out _)
            ? Dialects.Anthropic
            : null;
    }

    private static JsonElement? Expected(JsonElement entry, string extractor)
    {
        foreach (JsonElement extracted in Json.Items(entry, "extracted"))
        {
            if (Json.Items(extracted, "extractors").Any(e => $"{Json.Text(e, "provider_id")}/{Json.Text(e, "api_flavor")}" == extractor))
                return extracted.GetProperty("usage");
        }

        return null;
    }

    private static byte[] Answer(string dialect, JsonElement body)
    {
        JsonNode usage = JsonNode.Parse((Json.Get(body, "usage") ?? Json.Get(body, "usageMetadata"))!.Value.GetRawText())!;
        JsonObject answer = dialect switch
        {
            Dialects.OpenAi => new() { ["id"] = "c", ["model"] = "m", ["choices"] = JsonNode.Parse("""[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]"""), ["usage"] = usage },
            Dialects.Anthropic => new() { ["id"] = "m", ["type"] = "message", ["role"] = "assistant", ["model"] = "m", ["content"] = JsonNode.Parse("""[{"type":"text","text":"Hi"}]"""), ["stop_reason"] = "end_turn", ["usage"] = usage },
            _ => new() { ["candidates"] = JsonNode.Parse("""[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP"}]"""), ["usageMetadata"] = usage, ["modelVersion"] = "m", ["responseId"] = "r" },
        };
        return Encoding.UTF8.GetBytes(answer.ToJsonString());
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Perigee.Catalog;
using Perigee.Providers;
using Perigee.Wire;
using Perigee.Wire.Anthropic;
using Perigee.Wire.Gemini;
using Perigee.Wire.OpenAiChat;
using Perigee.Wire.OpenAiResponses;

namespace Perigee.Tests.Catalog;

/// <summary>Real usage objects, read by their dialect and priced by the catalogue, against what another project's calculator makes of them (genai-prices).</summary>
public sealed class UsagePriceTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The oracle's name of a provider and of how usage is read, and the provider's row that it stands for.</summary>
    private static readonly Dictionary<string, string> Rows = new(StringComparer.Ordinal)
    {
        ["openai"] = "openai", ["azure"] = "azure", ["anthropic"] = "anthropic", ["google"] = "gemini", ["groq"] = "groq", ["openrouter"] = "openrouter",
        ["mistral"] = "mistral", ["cerebras"] = "cerebras", ["deepseek"] = "deepseek", ["zai"] = "zai", ["ovhcloud"] = "ovhcloud",
    };

    [Fact]
    public void Cost_equals_the_oracles_for_every_body_whose_model_is_known()
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        int equal = 0, bodies = 0, bodiesPriced = 0;
        SortedDictionary<string, int> unknown = new(StringComparer.Ordinal), reasons = new(StringComparer.Ordinal);
        List<string> wrong = [];
        foreach (JsonElement entry in JsonDocument.Parse(File.ReadAllText(Corpus.Path("usage", "genai-prices", "usages.json"))).RootElement.EnumerateArray())
        {
            JsonElement body = entry.GetProperty("body");
            bodies++;
            string? model = entry.TryGetProperty("model", out JsonElement named) ? named.GetString() : null;
            if (DialectOf(body) is not { } dialect)
            {
                Count(unknown, "(usage of a dialect that no provider here speaks: Bedrock, Cohere and others)");
                continue;
            }

            if (model is null)
            {
                Count(unknown, "(no model named)");
                continue;
            }

            TokenUsage? usage = Read(dialect, body);
            bool priced = false;
            foreach ((string provider, JsonElement oracle) in Oracles(entry, dialect))
            {
                if (ModelCatalog.Shipped.Find(provider, model) is not { } known || known.Price is null)
                {
                    // Not 0 for want of knowledge.
                    Assert.Null(AnswerCost.Of(new Target(Provider(provider), model) { Known = ModelCatalog.Shipped.Find(provider, model) }, usage, Now));
                    Count(unknown, $"{provider}/{model}");
                    continue;
                }

                priced = true;
                long? cost = AnswerCost.Of(new Target(Provider(provider), model) { Known = known }, usage, Now);
                decimal due = Price(oracle, "input_price") + Price(oracle, "output_price");
                if (cost / 1_000_000_000_000m == due)
                    equal++;
                else if (Reason(provider, model, due, usage, known, (cost ?? 0) / 1_000_000_000_000m) is { } reason)
                    Count(reasons, reason);
                else
                    wrong.Add($"{provider}/{model}: {cost / 1_000_000_000_000m} is not {due} of {body.GetRawText()}");
            }

            bodiesPriced += priced ? 1 : 0;
        }

        output.WriteLine($"{bodies} bodies, {bodiesPriced} priced; {equal} prices equal, {reasons.Values.Sum()} differ for a reason, {wrong.Count} for none");
        foreach ((string reason, int count) in reasons)
            output.WriteLine($"  {count} differ: {reason}");
        output.WriteLine($"unknown, none of them 0: {unknown.Values.Sum()}");
        foreach ((string what, int count) in unknown)
            output.WriteLine($"  {count} x {what}");
        Assert.True(wrong.Count == 0, string.Join("\n", wrong.Take(60)));
        Assert.True(equal > 1_000 && bodiesPriced > 800);
    }

    /// <summary>Why a price may differ: what of it can be computed is, the rest is what the catalogue is known to do otherwise.</summary>
    private static string? Reason(string provider, string model, decimal due, TokenUsage? read, CatalogModel known, decimal cost)
    {
        if (read is not { } usage)
            return null;
        Target target = new(Provider(provider), model) { Known = known };
        TokenUsage uncached = usage with { InputFresh = usage.Input, InputCacheRead = 0, InputCacheWrite = 0, InputCacheWriteHour = 0 };
        DateTimeOffset before = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
        if (Is(usage, before))
            return "the price has changed since, on a day that the catalogue knows";
        if (Is(uncached, Now) || Is(uncached, before))
            return "the oracle has no price for what the cache was read or written there, or does not read its count";
        if (provider == "openrouter")
            return "OpenRouter's prices float: the catalogue's are newer";
        if (model.EndsWith("-latest", StringComparison.Ordinal))
            return "what '-latest' stands for has changed since";
        if (model.Contains("-image", StringComparison.Ordinal) && cost > due)
            return "of models that draw the catalogue counts the dearer of text and picture output";
        return usage is { InputAudio: > 0, InputCacheRead: > 0 } && cost > due ? "sound that was read from a cache counts as read anew: dearer, and never less than it costs" : null;

        bool Is(TokenUsage tokens, DateTimeOffset at) => AnswerCost.Of(target, tokens, at) / 1_000_000_000_000m == due;
    }

    private static IEnumerable<(string Provider, JsonElement Oracle)> Oracles(JsonElement entry, string dialect)
    {
        foreach (JsonElement extracted in entry.GetProperty("extracted").EnumerateArray())
        {
            foreach (JsonElement oracle in extracted.GetProperty("extractors").EnumerateArray())
            {
                string flavour = oracle.GetProperty("api_flavor").GetString()!;
                bool fits = dialect switch
                {
                    "chat" => flavour is "chat" or "default",
                    "responses" => flavour == "responses",
                    "anthropic" => flavour is "anthropic" or "default",
                    _ => flavour == "default",
                };
                if (fits && oracle.TryGetProperty("input_price", out _) && Rows.TryGetValue(oracle.GetProperty("provider_id").GetString()!, out string? row)
                    && (dialect != "gemini" || row == "gemini") && (dialect != "anthropic" || row is "anthropic" or "azure"))
                {
                    yield return (row, oracle);
                }
            }
        }
    }

    private static string? DialectOf(JsonElement body)
    {
        if (body.TryGetProperty("usageMetadata", out _))
            return "gemini";
        if (!body.TryGetProperty("usage", out JsonElement usage) || usage.ValueKind != JsonValueKind.Object)
            return null;
        if (usage.TryGetProperty("prompt_tokens", out _))
            return "chat";
        return !usage.TryGetProperty("input_tokens", out _) || !usage.TryGetProperty("output_tokens", out _) ? null
            : usage.TryGetProperty("total_tokens", out _) || usage.TryGetProperty("input_tokens_details", out _) ? "responses"
            : "anthropic";
    }

    private static TokenUsage? Read(string dialect, JsonElement body)
    {
        AnswerFacts facts = new();
        JsonNode usage = JsonNode.Parse(body.GetProperty(dialect == "gemini" ? "usageMetadata" : "usage").GetRawText())!;
        (IDialect reader, JsonObject answer) = dialect switch
        {
            "chat" => ((IDialect)OpenAiChatDialect.Plain, new JsonObject { ["id"] = "c", ["usage"] = usage }),
            "responses" => (OpenAiResponsesDialect.Instance, new JsonObject { ["id"] = "r", ["object"] = "response", ["status"] = "completed", ["usage"] = usage }),
            "anthropic" => (AnthropicDialect.Instance, new JsonObject { ["id"] = "m", ["type"] = "message", ["role"] = "assistant", ["model"] = "m", ["content"] = new JsonArray(), ["stop_reason"] = "end_turn", ["usage"] = usage }),
            _ => (GeminiDialect.Instance, new JsonObject { ["candidates"] = JsonNode.Parse("""[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP"}]"""), ["usageMetadata"] = usage, ["modelVersion"] = "m" }),
        };
        reader.Reader(facts).ReadWhole(Encoding.UTF8.GetBytes(answer.ToJsonString()));
        return facts.Usage;
    }

    private static Provider Provider(string name) => new() { Name = name, Title = name, BaseUrl = "https://test.invalid", Auth = AuthStyle.Bearer, Key = "sk-test-0123456789" };

    private static decimal Price(JsonElement oracle, string member) =>
        oracle.TryGetProperty(member, out JsonElement price) && price.ValueKind == JsonValueKind.String ? decimal.Parse(price.GetString()!, NumberStyles.Float, CultureInfo.InvariantCulture) : 0;

    private static void Count(SortedDictionary<string, int> counts, string what) => counts[what] = counts.GetValueOrDefault(what) + 1;
}

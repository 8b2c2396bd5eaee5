using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Front;
using Perigee.Limits.Estimating;
using Perigee.Routing;
using Perigee.Routing.Health;
using Perigee.Routing.Policies;
using Perigee.Tests.Configuration;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Tests.Limits.Estimating;

/// <summary>Estimates of recorded questions against the input tokens that their providers billed.</summary>
public sealed class EstimateCorpusTests(ITestOutputHelper output)
{
    private static readonly GatewayOptions Options = Settings.Read("", ("OPENAI_API_KEY", "sk-test"), ("ANTHROPIC_API_KEY", "sk-ant-test"), ("GEMINI_API_KEY", "AIza-test"));

    [Theory]
    [InlineData("openai-chat", "openai", "chat")]
    [InlineData("openai-responses", "openai", "responses")]
    [InlineData("anthropic", "anthropic", "messages")]
    [InlineData("gemini", "google", "gemini")]
    public void An_estimate_is_hardly_ever_less_than_what_is_billed(string dialect, string provider, string operation)
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        List<(double Ratio, string What)> all = [];
        foreach (JsonElement exchange in Corpus.Exchanges(e => e.GetProperty("dialect").GetString() == dialect && e.GetProperty("provider").GetString() == provider
            && e.GetProperty("framing").GetString() == "json"))
        {
            JsonElement request = exchange.GetProperty("request"), response = exchange.GetProperty("response");
            if (request.ValueKind != JsonValueKind.Object || !request.TryGetProperty("body", out JsonElement body) || body.ValueKind != JsonValueKind.Object
                || response.GetProperty("status").GetInt32() != 200 || Billed(response) is not { } billed || HasUnseen(body))
            {
                continue;
            }

            string url = request.GetProperty("url").GetString()!;
            string? model = body.TryGetProperty("model", out JsonElement named) ? named.GetString()
                : url.Contains("/models/", StringComparison.Ordinal) ? url[(url.IndexOf("/models/", StringComparison.Ordinal) + 8)..].Split(':', '?')[0] : null;
            if (model is null || url.Contains("embed", StringComparison.OrdinalIgnoreCase) || url.Contains("countTokens", StringComparison.Ordinal))
                continue;
            long estimate = Estimate(operation, $"{(provider == "google" ? "gemini" : provider)}/{model}", body).Input;
            all.Add((estimate / (double)Math.Max(1, billed), $"{estimate} for {billed} of {model} in {exchange.GetProperty("file").GetString()}"));
        }

        all.Sort();
        string Share(double share) => all[(int)(share * (all.Count - 1))].Ratio.ToString("0.00", CultureInfo.InvariantCulture);
        int under = all.Count(one => one.Ratio < 1);
        output.WriteLine($"{dialect}: {all.Count} questions, {under} under; estimate to bill at 1% {Share(0.01)}, 5% {Share(0.05)}, 50% {Share(0.5)}, 95% {Share(0.95)}");
        foreach ((_, string what) in all.Take(25))
            output.WriteLine("  " + what);
        Assert.True(all.Count > 50);
        Assert.True(under <= all.Count * 0.1, $"{under} of {all.Count} are under");
    }

    /// <summary>What a provider adds by itself cannot be seen: results of its own tools, what it has kept, files behind an id.</summary>
    private static bool HasUnseen(JsonElement body)
    {
        string text = body.GetRawText();
        foreach (string word in (string[])["previous_response_id", "\"conversation\"", "web_search", "web_fetch", "code_execution", "code_interpreter", "file_search", "\"mcp", "mcp_", "computer",
            "googleSearch", "google_search", "urlContext", "url_context", "codeExecution", "retrieval", "cachedContent", "tool_search", "image_generation", "fileData", "file_id", "file_uri", "fileUri",
            "memory_", "bash_", "text_editor", "shell", "apply_patch", "encrypted_content", "mid_conv", "search-preview", "fileSearch", "compact", "advisor", "\"mode\":\"pro\""])
        {
            if (text.Contains(word, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private static long? Billed(JsonElement response)
    {
        if (!response.TryGetProperty("body", out JsonElement body))
            return null;
        if (body.ValueKind == JsonValueKind.String)
        {
            try
            {
                body = JsonDocument.Parse(body.GetString()!).RootElement;
            }
            catch (JsonException)
            {
                return null;
            }
        }

        if (body.ValueKind != JsonValueKind.Object)
            return null;
        if (body.TryGetProperty("usageMetadata", out JsonElement google))
            return Number(google, "promptTokenCount");
        if (!body.TryGetProperty("usage", out JsonElement usage) || usage.ValueKind != JsonValueKind.Object)
            return null;
        return Number(usage, "prompt_tokens") ?? (Number(usage, "input_tokens") + (Number(usage, "cache_read_input_tokens") ?? 0) + (Number(usage, "cache_creation_input_tokens") ?? 0));
    }

    private static long? Number(JsonElement of, string member) => of.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : null;

    private static Estimate Estimate(string operation, string model, JsonElement body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body.GetRawText());
        Assert.True(JsonIndex.TryParse(bytes, out JsonIndex? question, out string? fault), fault);
        DefaultHttpContext http = new();
        Exchange exchange = new()
        {
            Http = http,
            Id = "x",
            Operation = operation == "gemini" ? Operations.OfGemini("m:generateContent", out _)! : Operations.All.Single(one => one.Name == operation),
            Options = Options,
            Dialect = OpenAiChatDialect.Chat,
            StartedAt = DateTimeOffset.UnixEpoch,
            Started = 0,
            Caller = Caller.Open(null),
            Body = bytes,
            Question = question,
            Model = model,
        };
        http.Features.Set(exchange);
        ModelResolver models = new();
        return new Estimator(new ReachedTargets(models, new PlanDrafter(models, new TargetStates(TimeProvider.System, dice: new Random(1)), new Random(1))), new OutputHistory())
            .Of(exchange, DateTimeOffset.UnixEpoch);
    }
}

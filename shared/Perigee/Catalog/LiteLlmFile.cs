using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Perigee.Catalog;

/// <summary>
/// Reads LiteLLM's price list, <c>model_prices_and_context_window.json</c>: an object of models, each with dollars a token in members such as
/// <c>input_cost_per_token</c>, <c>cache_read_input_token_cost_above_200k_tokens</c> or <c>output_cost_per_token_priority</c>. What has no price a
/// token (pictures by their pixels, sound by its seconds), a price of 0 on both sides, or a provider that the gateway does not know, is passed over.
/// </summary>
internal static partial class LiteLlmFile
{
    // Of a file that is something else altogether a few faults tell as much as a thousand.
    private const int MostFaults = 20;

    /// <summary>Micro-dollars per million tokens in a dollar a token.</summary>
    private const decimal Unit = 1_000_000_000_000m;

    /// <summary>A million dollars per million tokens: more is a slip.</summary>
    private const long Largest = 1_000_000_000_000;

    private static readonly Dictionary<string, string> Rows = new(StringComparer.Ordinal)
    {
        ["text-completion-openai"] = "openai", ["azure_text"] = "azure", ["codestral"] = "mistral", ["together_ai"] = "together", ["fireworks_ai"] = "fireworks",
        ["nvidia_nim"] = "nvidia", ["dashscope"] = "alibaba", ["cohere_chat"] = "cohere", ["featherless_ai"] = "featherless", ["vercel_ai_gateway"] = "vercel",
        ["friendliai"] = "friendli", ["bedrock_converse"] = "bedrock", ["ollama_chat"] = "ollama",
    };

    /// <summary>Reads a file.</summary>
    /// <param name="json">Its bytes.</param>
    /// <param name="fault">Is told what is wrong: the model, the member (empty for the model itself), why.</param>
    /// <returns>The models with a price. <see cref="CatalogModel.Provider"/> is the row of providers.json.</returns>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static IReadOnlyList<CatalogModel> Read(ReadOnlyMemory<byte> json, Action<string, string, string> fault)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            fault("", "", "is no object of models; LiteLLM's model_prices_and_context_window.json is one.");
            return [];
        }

        List<CatalogModel> models = [];
        int faults = 0;
        foreach (JsonProperty entry in document.RootElement.EnumerateObject())
        {
            // The first entry explains the others.
            if (entry.Name == "sample_spec")
                continue;
            if (faults > MostFaults)
                break;
            if (entry.Value.ValueKind != JsonValueKind.Object)
            {
                Fault("", "is no object; one with litellm_provider and prices is needed.");
                continue;
            }

            if (ReadModel(entry.Name, entry.Value, Fault) is { } model)
                models.Add(model);

            void Fault(string member, string message)
            {
                if (++faults <= MostFaults)
                    fault(entry.Name, member, message);
                else if (faults == MostFaults + 1)
                    fault("", "", $"has more than {MostFaults} faults; the rest are not told.");
            }
        }

        return models;
    }

    private static CatalogModel? ReadModel(string name, JsonElement entry, Action<string, string> fault)
    {
        if (!entry.TryGetProperty("litellm_provider", out JsonElement given) || given.ValueKind != JsonValueKind.String)
        {
            fault("litellm_provider", "is needed: the name of the provider, as a string.");
            return null;
        }

        string provider = given.GetString()!;
        string row = provider.StartsWith("vertex_ai", StringComparison.Ordinal) ? "vertex" : Rows.GetValueOrDefault(provider, provider);
        if (ReadPrice(entry, fault) is not { } price)
            return null;
        string id = name.StartsWith(provider + "/", StringComparison.Ordinal) ? name[(provider.Length + 1)..]
            : name.StartsWith(row + "/", StringComparison.Ordinal) ? name[(row.Length + 1)..]
            : provider == "text-completion-codestral" ? name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..]
            : name;
        return new(row, id, KindOf(entry)) { Price = price };
    }

    private static ModelKind KindOf(JsonElement entry) => (entry.TryGetProperty("mode", out JsonElement mode) ? mode.ToString() : "") switch
    {
        "embedding" => ModelKind.Embedding,
        "image_generation" or "image_edit" => ModelKind.Image,
        "audio_transcription" or "audio_speech" => ModelKind.Audio,
        "moderation" => ModelKind.Moderation,
        "rerank" => ModelKind.Rerank,
        _ => ModelKind.Chat,
    };

    private static ModelPrice? ReadPrice(JsonElement entry, Action<string, string> fault)
    {
        // By service (empty, batches, flex, priority) and by the input above which they hold.
        SortedDictionary<(string Service, long Above), Dictionary<string, long>> rates = new();
        foreach (JsonProperty member in entry.EnumerateObject())
        {
            if (member.Name == "tiered_pricing" && member.Value.ValueKind == JsonValueKind.Array)
                ReadRanges(member.Value, rates, fault);
            else
                ReadMember(member, "", 0, rates, fault);
        }

        return Make(rates, "", KindOf(entry)) is not { } plain ? null : plain with
        {
            Batch = Make(rates, "batches", ModelKind.Embedding),
            Flex = Make(rates, "flex", ModelKind.Embedding),
            Priority = Make(rates, "priority", ModelKind.Embedding),
        };
    }

    private static void ReadRanges(JsonElement ranges, SortedDictionary<(string Service, long Above), Dictionary<string, long>> rates, Action<string, string> fault)
    {
        int index = 0;
        foreach (JsonElement range in ranges.EnumerateArray())
        {
            string path = $"tiered_pricing[{index++}]";
            if (range.ValueKind != JsonValueKind.Object || !range.TryGetProperty("range", out JsonElement bounds) || bounds.ValueKind != JsonValueKind.Array
                || bounds.GetArrayLength() == 0 || bounds[0].ValueKind != JsonValueKind.Number || !bounds[0].TryGetDecimal(out decimal above) || above is < 0 or > 1_000_000_000)
            {
                fault(path, "has no 'range' of two numbers.");
                continue;
            }

            foreach (JsonProperty member in range.EnumerateObject())
                ReadMember(member, path + ".", (long)above, rates, fault);
        }
    }

    private static void ReadMember(
        JsonProperty member, string path, long above, SortedDictionary<(string Service, long Above), Dictionary<string, long>> rates, Action<string, string> fault)
    {
        if (Shape().Match(member.Name) is not { Success: true } shape || member.Value.ValueKind == JsonValueKind.Null)
            return;
        if (member.Value.ValueKind != JsonValueKind.Number || !member.Value.TryGetDecimal(out decimal dollars))
        {
            fault(path + member.Name, "is no number; dollars a token are needed.");
            return;
        }

        bool request = shape.Groups["base"].Value == "input_cost_per_request";
        decimal micro = Math.Ceiling(dollars * (request ? 1_000_000m : Unit));
        if (dollars < 0 || micro > Largest)
        {
            fault(path + member.Name, dollars < 0 ? "is negative." : "is more than a dollar a token.");
            return;
        }

        if (shape.Groups["above"] is { Success: true } border)
            above = long.Parse(border.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) * 1_000;
        (string Service, long Above) key = (shape.Groups["service"].Value, above);
        if (!rates.TryGetValue(key, out Dictionary<string, long>? known))
            rates[key] = known = new(StringComparer.Ordinal);
        known[shape.Groups["base"].Value] = (long)micro;
    }

    private static ModelPrice? Make(SortedDictionary<(string Service, long Above), Dictionary<string, long>> rates, string service, ModelKind kind)
    {
        Dictionary<string, long> all = new(StringComparer.Ordinal);
        PriceRates? first = null;
        List<PriceTier> tiers = [];
        foreach (((string of, long above), Dictionary<string, long> members) in rates)
        {
            if (of != service)
                continue;

            // What a tier does not state is as below it.
            foreach ((string name, long value) in members)
                all[name] = value;
            if (!all.ContainsKey("input_cost_per_token") || (kind == ModelKind.Chat && !all.ContainsKey("output_cost_per_token")))
                continue;
            PriceRates made = new(all["input_cost_per_token"], all.GetValueOrDefault("output_cost_per_token"))
            {
                CacheRead = Known("cache_read_input_token_cost"),
                CacheWrite = Known("cache_creation_input_token_cost"),
                CacheWriteHour = Known("cache_creation_input_token_cost_above_1hr"),
                OutputReasoning = Known("output_cost_per_reasoning_token"),
                InputAudio = Known("input_cost_per_audio_token"),
                OutputAudio = Known("output_cost_per_audio_token"),
                InputImage = Known("input_cost_per_image_token"),
                OutputImage = Known("output_cost_per_image_token"),
                Request = Known("input_cost_per_request"),
            };
            if (first is null)
                first = made;
            else
                tiers.Add(new(above, made));
        }

        return first is null || (first.Input == 0 && first.Output == 0 && first.Request is null or 0 && tiers.Count == 0) ? null : new(first) { Tiers = tiers };

        long? Known(string name) => all.TryGetValue(name, out long value) ? value : null;
    }

    [GeneratedRegex("^(?<base>input_cost_per_token|output_cost_per_token|cache_read_input_token_cost|cache_creation_input_token_cost_above_1hr|cache_creation_input_token_cost|"
        + "output_cost_per_reasoning_token|(?:in|out)put_cost_per_(?:audio|image)_token|input_cost_per_request)(?:_above_(?<above>[0-9]{1,6})k_tokens)?(?:_(?<service>batches|flex|priority))?$")]
    private static partial Regex Shape();
}

using System.Globalization;
using System.Text.Json;
using Perigee.Catalog;
using Perigee.Wire;

namespace Perigee.Routing;

/// <summary>
/// Models as the three dialects list them. Sources: OpenAI API reference "Models" with the members that OpenRouter adds to it ("List available
/// models"), Anthropic API reference "List Models", Gemini API reference "models.list". Where the clients' types want a date and none is known it
/// is 1970.
/// </summary>
internal static class ModelShapes
{
    private const string Plain = "0.############";

    // By the bits of Modalities.
    private static readonly string[] ModalityWords = ["text", "image", "audio", "video", "file"];

    /// <summary>Writes the whole list.</summary>
    public static void WriteList(Utf8JsonWriter json, IReadOnlyList<ModelName> names, DialectFamily family, DateTimeOffset now)
    {
        json.WriteStartObject();
        if (family == DialectFamily.OpenAi)
            json.WriteString("object"u8, "list"u8);
        json.WriteStartArray(family == DialectFamily.Gemini ? "models"u8 : "data"u8);
        foreach (ModelName name in names)
            Write(json, name, family, now);
        json.WriteEndArray();
        if (family == DialectFamily.Anthropic)
        {
            json.WriteBoolean("has_more"u8, false);
            json.WriteString("first_id"u8, names.Count > 0 ? names[0].Id : null);
            json.WriteString("last_id"u8, names.Count > 0 ? names[^1].Id : null);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes one model with the prices in force.</summary>
    public static void Write(Utf8JsonWriter json, ModelName name, DialectFamily family, DateTimeOffset now)
    {
        json.WriteStartObject();
        switch (family)
        {
            case DialectFamily.Anthropic:
                WriteAnthropic(json, name);
                break;
            case DialectFamily.Gemini:
                WriteGemini(json, name);
                break;
            default:
                WriteOpenAi(json, name, now);
                break;
        }

        json.WriteEndObject();
    }

    private static void WriteAnthropic(Utf8JsonWriter json, ModelName name)
    {
        json.WriteString("type"u8, "model"u8);
        json.WriteString("id"u8, name.Id);
        json.WriteString("display_name"u8, name.Model?.Title ?? name.Id);
        json.WriteString("created_at"u8, Released(name).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        if (name.Model?.Context is { } context)
            json.WriteNumber("max_input_tokens"u8, context);
        if (name.Model?.MaxOutput is { } output)
            json.WriteNumber("max_tokens"u8, output);
    }

    private static void WriteGemini(Utf8JsonWriter json, ModelName name)
    {
        json.WriteString("name"u8, "models/" + name.Id);
        json.WriteString("displayName"u8, name.Model?.Title ?? name.Id);
        if (name.Model?.Context is { } context)
            json.WriteNumber("inputTokenLimit"u8, context);
        if (name.Model?.MaxOutput is { } output)
            json.WriteNumber("outputTokenLimit"u8, output);
        if (name.Model?.Reasoning is { } reasoning)
            json.WriteBoolean("thinking"u8, reasoning);
        json.WriteStartArray("supportedGenerationMethods"u8);
        if (name.Model?.Kind == ModelKind.Embedding)
        {
            json.WriteStringValue("embedContent"u8);
            json.WriteStringValue("batchEmbedContents"u8);
        }
        else if (name.Model is null or { Kind: ModelKind.Chat })
        {
            json.WriteStringValue("generateContent"u8);
            json.WriteStringValue("streamGenerateContent"u8);
            json.WriteStringValue("countTokens"u8);
        }

        json.WriteEndArray();
    }

    private static void WriteOpenAi(Utf8JsonWriter json, ModelName name, DateTimeOffset now)
    {
        json.WriteString("id"u8, name.Id);
        json.WriteString("object"u8, "model"u8);
        json.WriteNumber("created"u8, new DateTimeOffset(Released(name)).ToUnixTimeSeconds());
        json.WriteString("owned_by"u8, name.Provider);
        if (name.Model?.Title is { } title)
            json.WriteString("name"u8, title);
        if (name.Model is { } model)
            WriteCapabilities(json, model);
        WritePricing(json, name.Model?.Price?.At(now).Rates);
        if (name.Aim is not null)
            json.WriteString("alias_of"u8, name.Aim);
    }

    private static void WriteCapabilities(Utf8JsonWriter json, CatalogModel model)
    {
        json.WriteString("kind"u8, model.Kind switch
        {
            ModelKind.Embedding => "embedding"u8,
            ModelKind.Image => "image"u8,
            ModelKind.Audio => "audio"u8,
            ModelKind.Moderation => "moderation"u8,
            ModelKind.Rerank => "rerank"u8,
            _ => "chat"u8,
        });
        if (model.Context is { } context)
        {
            json.WriteNumber("context_window"u8, context);
            json.WriteNumber("context_length"u8, context);
        }

        if (model.MaxOutput is { } output)
            json.WriteNumber("max_output_tokens"u8, output);
        if (model.Quality is { } quality)
        {
            json.WriteString("quality"u8, quality switch
            {
                Quality.Basic => "basic"u8,
                Quality.Standard => "standard"u8,
                Quality.Strong => "strong"u8,
                _ => "frontier"u8,
            });
        }

        if (model.Inputs != Modalities.None || model.Outputs != Modalities.None)
        {
            json.WriteStartObject("architecture"u8);
            WriteModalities(json, "input_modalities"u8, model.Inputs);
            WriteModalities(json, "output_modalities"u8, model.Outputs);
            json.WriteEndObject();
        }

        if (model.Tools is null && model.Schema is null && model.Reasoning is null)
            return;
        json.WriteStartArray("supported_parameters"u8);
        if (model.Tools == true)
        {
            json.WriteStringValue("tools"u8);
            json.WriteStringValue("tool_choice"u8);
        }

        if (model.Schema == true)
        {
            json.WriteStringValue("response_format"u8);
            json.WriteStringValue("structured_outputs"u8);
        }

        if (model.Reasoning == true)
            json.WriteStringValue("reasoning"u8);
        if (model.Efforts.Count > 0)
            json.WriteStringValue("reasoning_effort"u8);
        json.WriteEndArray();
        if (model.Efforts.Count == 0)
            return;
        json.WriteStartArray("reasoning_efforts"u8);
        foreach (string effort in model.Efforts)
            json.WriteStringValue(effort);
        json.WriteEndArray();
    }

    private static void WriteModalities(Utf8JsonWriter json, ReadOnlySpan<byte> member, Modalities modalities)
    {
        if (modalities == Modalities.None)
            return;
        json.WriteStartArray(member);
        for (int i = 0; i < ModalityWords.Length; i++)
        {
            if (((int)modalities & (1 << i)) != 0)
                json.WriteStringValue(ModalityWords[i]);
        }

        json.WriteEndArray();
    }

    // Strings in dollars per token, as OpenRouter writes them; an unknown price is never 0.
    private static void WritePricing(Utf8JsonWriter json, PriceRates? rates)
    {
        json.WriteBoolean("price_known"u8, rates is not null);
        if (rates is null)
        {
            json.WriteNull("pricing"u8);
            return;
        }

        json.WriteStartObject("pricing"u8);
        WritePrice(json, "prompt"u8, rates.Input);
        WritePrice(json, "completion"u8, rates.Output);
        WritePrice(json, "input_cache_read"u8, rates.CacheRead);
        WritePrice(json, "input_cache_write"u8, rates.CacheWrite);
        WritePrice(json, "input_cache_write_1h"u8, rates.CacheWriteHour);
        WritePrice(json, "audio"u8, rates.InputAudio);
        WritePrice(json, "audio_output"u8, rates.OutputAudio);
        if (rates.Request is { } request)
            json.WriteString("request"u8, (request / 1_000_000m).ToString(Plain, CultureInfo.InvariantCulture));
        json.WriteEndObject();
    }

    private static void WritePrice(Utf8JsonWriter json, ReadOnlySpan<byte> member, long? price)
    {
        if (price is { } known)
            json.WriteString(member, (known / 1_000_000_000_000m).ToString(Plain, CultureInfo.InvariantCulture));
    }

    private static DateTime Released(ModelName name) => (name.Model?.Released ?? new DateOnly(1970, 1, 1)).ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
}

using System.Text.Json;
using Perigee.Catalog;
using Perigee.Wire;

namespace Perigee.Routing;

/// <summary>
/// Models as the three dialects list them. Sources: OpenAI API reference "Models", Anthropic API reference "List Models", Gemini API reference
/// "models.list". The clients' types want dates; the providers' dates are not the gateway's to tell, so they are 1970.
/// </summary>
internal static class ModelShapes
{
    /// <summary>Writes the whole list.</summary>
    public static void WriteList(Utf8JsonWriter json, IReadOnlyList<ModelName> names, DialectFamily family)
    {
        json.WriteStartObject();
        if (family == DialectFamily.OpenAi)
            json.WriteString("object"u8, "list"u8);
        json.WriteStartArray(family == DialectFamily.Gemini ? "models"u8 : "data"u8);
        foreach (ModelName name in names)
            Write(json, name, family);
        json.WriteEndArray();
        if (family == DialectFamily.Anthropic)
        {
            json.WriteBoolean("has_more"u8, false);
            json.WriteString("first_id"u8, names.Count > 0 ? names[0].Id : null);
            json.WriteString("last_id"u8, names.Count > 0 ? names[^1].Id : null);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes one model.</summary>
    public static void Write(Utf8JsonWriter json, ModelName name, DialectFamily family)
    {
        json.WriteStartObject();
        switch (family)
        {
            case DialectFamily.Anthropic:
                json.WriteString("type"u8, "model"u8);
                json.WriteString("id"u8, name.Id);
                json.WriteString("display_name"u8, name.Id);
                json.WriteString("created_at"u8, "1970-01-01T00:00:00Z"u8);
                break;
            case DialectFamily.Gemini:
                WriteGemini(json, name);
                break;
            default:
                WriteOpenAi(json, name);
                break;
        }

        json.WriteEndObject();
    }

    private static void WriteGemini(Utf8JsonWriter json, ModelName name)
    {
        json.WriteString("name"u8, "models/" + name.Id);
        json.WriteString("displayName"u8, name.Id);
        if (name.Model?.Context is { } context)
            json.WriteNumber("inputTokenLimit"u8, context);
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

    private static void WriteOpenAi(Utf8JsonWriter json, ModelName name)
    {
        json.WriteString("id"u8, name.Id);
        json.WriteString("object"u8, "model"u8);
        json.WriteNumber("created"u8, 0);
        json.WriteString("owned_by"u8, name.Provider);
        if (name.Model is { } model)
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
                json.WriteNumber("context_window"u8, context);
        }

        if (name.Aim is not null)
            json.WriteString("alias_of"u8, name.Aim);
    }
}

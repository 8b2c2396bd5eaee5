using System.Buffers;
using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>
/// JSON Schema as <c>parametersJsonSchema</c> and <c>responseJsonSchema</c> take it. What Google answers with 400 is said otherwise where
/// there is another way, else left out: a looser schema still gives a usable answer. Sources: the field's reference and the errors
/// "Unknown name ..." that clients report.
/// </summary>
internal static class GeminiSchema
{
    private static readonly JsonDocumentOptions Depth = new() { MaxDepth = 160 };

    /// <summary>Whether a schema says nothing: then Google's older models refuse it, and it is left out.</summary>
    public static bool IsEmpty(ReadOnlyMemory<byte> schema)
    {
        if (schema.IsEmpty)
            return true;
        using JsonDocument document = JsonDocument.Parse(schema, Depth);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            return true;
        foreach (JsonProperty member in document.RootElement.EnumerateObject())
        {
            bool empty = member.Value.ValueKind switch
            {
                JsonValueKind.Object => !member.Value.EnumerateObject().Any(),
                JsonValueKind.Array => member.Value.GetArrayLength() == 0,
                _ => false,
            };
            bool idle = member.Name is "type" or "$schema" or "title" or "description" || (member.Name == "additionalProperties" && member.Value.ValueKind == JsonValueKind.False);
            if (!empty && !idle)
                return false;
        }

        return true;
    }

    /// <summary>Writes a schema.</summary>
    public static void Write(ReadOnlyMemory<byte> schema, JsonPen pen)
    {
        using JsonDocument document = JsonDocument.Parse(schema, Depth);
        ArrayBufferWriter<byte> output = new(schema.Length);
        using (Utf8JsonWriter json = new(output, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 200 }))
            Schema(document.RootElement, json);
        pen.Raw(output.WrittenSpan);
    }

    private static void Schema(JsonElement schema, Utf8JsonWriter json)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            schema.WriteTo(json);
            return;
        }

        json.WriteStartObject();
        foreach (JsonProperty member in schema.EnumerateObject())
            Member(schema, member, json);
        json.WriteEndObject();
    }

    private static void Member(JsonElement schema, JsonProperty member, Utf8JsonWriter json)
    {
        switch (member.Name)
        {
            case "$schema" or "propertyNames" or "multipleOf" or "uniqueItems":
                break;
            case "exclusiveMinimum":
                Bound(schema, member, "minimum", json);
                break;
            case "exclusiveMaximum":
                Bound(schema, member, "maximum", json);
                break;
            case "const":
                if (!schema.TryGetProperty("enum", out _))
                {
                    json.WriteStartArray("enum");
                    member.Value.WriteTo(json);
                    json.WriteEndArray();
                }

                break;
            case "format" when member.Value.ValueKind == JsonValueKind.String && !IsKnownFormat(member.Value.GetString()):
                break;
            case "properties" or "$defs" or "definitions" or "patternProperties" or "dependentSchemas" when member.Value.ValueKind == JsonValueKind.Object:
                json.WriteStartObject(member.Name);
                foreach (JsonProperty named in member.Value.EnumerateObject())
                {
                    json.WritePropertyName(named.Name);
                    Schema(named.Value, json);
                }

                json.WriteEndObject();
                break;
            case "anyOf" or "oneOf" or "allOf" or "prefixItems" or "items" when member.Value.ValueKind == JsonValueKind.Array:
                json.WriteStartArray(member.Name);
                foreach (JsonElement one in member.Value.EnumerateArray())
                    Schema(one, json);
                json.WriteEndArray();
                break;
            case "items" or "additionalProperties" or "not" or "if" or "then" or "else" or "contains" or "unevaluatedProperties":
                json.WritePropertyName(member.Name);
                Schema(member.Value, json);
                break;
            default:
                member.WriteTo(json);
                break;
        }
    }

    /// <summary>An exclusive bound as an inclusive one: in the drafts before 6 it is a boolean beside the bound, which then says enough.</summary>
    private static void Bound(JsonElement schema, JsonProperty member, string name, Utf8JsonWriter json)
    {
        if (member.Value.ValueKind != JsonValueKind.Number || schema.TryGetProperty(name, out _))
            return;
        json.WritePropertyName(name);
        member.Value.WriteTo(json);
    }

    private static bool IsKnownFormat(string? format) => format is "date-time" or "date" or "time" or "enum" or "int32" or "int64" or "float" or "double";
}

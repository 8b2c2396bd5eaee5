using System.Buffers;
using System.Text.Json;

namespace Perigee.Wire.OpenAiChat;

/// <summary>What targets of this dialect ask of a JSON Schema.</summary>
internal static class OpenAiSchema
{
    private static readonly string[] Unions = ["anyOf", "oneOf", "allOf"];

    /// <summary>The schema of a tool that takes nothing: most servers refuse its absence or an empty object.</summary>
    public static ReadOnlySpan<byte> Nothing => "{\"type\":\"object\",\"properties\":{}}"u8;

    /// <summary>
    /// A schema without a union at its root, for providers that refuse one (xAI): the properties of all variants, required what every
    /// variant requires. Wider than the original, so every call that was right stays right. Null where there is no such union.
    /// </summary>
    public static byte[]? WithoutRootUnion(ReadOnlyMemory<byte> schema)
    {
        using JsonDocument document = JsonDocument.Parse(ReadableJson.Of(schema));
        JsonElement root = document.RootElement;
        if (!Unions.Any(u => root.TryGetProperty(u, out _)))
            return null;
        Dictionary<string, JsonElement> properties = new(StringComparer.Ordinal);
        List<string> order = [];
        List<string> required = [];
        Take(root, properties, order);
        required.AddRange(Required(root));
        foreach (string union in Unions)
        {
            if (!root.TryGetProperty(union, out JsonElement variants) || variants.ValueKind != JsonValueKind.Array)
                continue;
            HashSet<string>? common = null;
            foreach (JsonElement variant in variants.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.Object))
            {
                Take(variant, properties, order);
                if (union == "allOf")
                    required.AddRange(Required(variant));
                else if (common is null)
                    common = [.. Required(variant)];
                else
                    common.IntersectWith(Required(variant));
            }

            required.AddRange(order.Where(p => common?.Contains(p) ?? false));
        }

        ArrayBufferWriter<byte> flat = new();
        using (Utf8JsonWriter json = new(flat, OpenAiError.Options))
        {
            json.WriteStartObject();
            foreach (JsonProperty member in root.EnumerateObject().Where(m => !Unions.Contains(m.Name) && m.Name is not ("type" or "properties" or "required" or "additionalProperties")))
                member.WriteTo(json);
            json.WriteString("type"u8, "object"u8);
            json.WriteStartObject("properties"u8);
            foreach (string name in order)
            {
                json.WritePropertyName(name);
                properties[name].WriteTo(json);
            }

            json.WriteEndObject();
            json.WriteStartArray("required"u8);
            foreach (string name in required.Distinct(StringComparer.Ordinal))
                json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return flat.WrittenSpan.ToArray();
    }

    /// <summary>Whether OpenAI takes the schema as a strict one: every object closed, and every property required.</summary>
    public static bool CanBeStrict(ReadOnlyMemory<byte> schema)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(schema);
            return document.RootElement.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("object"u8)
                && Closed(document.RootElement);
        }
        catch (InvalidOperationException)
        {
            // A name with half a surrogate pair has no text: nobody binds to it.
            return false;
        }
    }

    private static bool Closed(JsonElement schema)
    {
        if (schema.ValueKind == JsonValueKind.Array)
            return schema.EnumerateArray().All(Closed);
        if (schema.ValueKind != JsonValueKind.Object)
            return true;
        if (schema.TryGetProperty("properties", out JsonElement properties) && properties.ValueKind == JsonValueKind.Object)
        {
            bool closed = schema.TryGetProperty("additionalProperties", out JsonElement more) && more.ValueKind == JsonValueKind.False;
            HashSet<string> required = [.. Required(schema)];
            if (!closed || !properties.EnumerateObject().All(p => required.Contains(p.Name) && Closed(p.Value)))
                return false;
        }
        else if (schema.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("object"u8))
        {
            return false;
        }

        return schema.EnumerateObject().All(m => m.Name switch
        {
            "items" or "anyOf" => Closed(m.Value),
            "$defs" or "definitions" => m.Value.ValueKind == JsonValueKind.Object && m.Value.EnumerateObject().All(d => Closed(d.Value)),
            "oneOf" or "allOf" or "not" or "if" or "patternProperties" or "prefixItems" => false,
            _ => true,
        });
    }

    private static void Take(JsonElement schema, Dictionary<string, JsonElement> properties, List<string> order)
    {
        if (!schema.TryGetProperty("properties", out JsonElement own) || own.ValueKind != JsonValueKind.Object)
            return;
        foreach (JsonProperty property in own.EnumerateObject())
        {
            if (properties.TryAdd(property.Name, property.Value))
                order.Add(property.Name);
        }
    }

    private static IEnumerable<string> Required(JsonElement schema) =>
        schema.TryGetProperty("required", out JsonElement names) && names.ValueKind == JsonValueKind.Array
            ? names.EnumerateArray().Where(n => n.ValueKind == JsonValueKind.String).Select(n => n.GetString()!)
            : [];
}

using System.Buffers;
using System.Text;

namespace Perigee.Wire.Gemini;

/// <summary>
/// Google's own form of a schema, a subset of OpenAPI 3.0's, as the JSON Schema that every other dialect speaks: types in lower case,
/// <c>nullable</c> as a type of its own, 64-bit integers as numbers. Source: the discovery document, "Schema".
/// </summary>
internal static class OpenApiSchema
{
    private static readonly string[] Types = ["", "string", "number", "integer", "boolean", "array", "object", "null"];

    /// <summary>The schema as JSON Schema.</summary>
    public static byte[] ToJsonSchema(GeminiNode schema)
    {
        ArrayBufferWriter<byte> output = new();
        Write(schema, new JsonPen(output));
        return output.WrittenSpan.ToArray();
    }

    private static void Write(GeminiNode schema, JsonPen pen)
    {
        if (!schema.IsObject)
        {
            pen.Raw(schema.Json.Span);
            return;
        }

        bool nullable = schema.Find("nullable"u8) is { Type: System.Text.Json.JsonTokenType.True };
        bool typed = false;
        pen.Object();
        foreach (GeminiMember member in schema.Members)
        {
            GeminiNode value = member.Value;
            if (member.Is("type"u8))
            {
                typed = Type(value, nullable, pen);
            }
            else if (member.Is("properties"u8) && value.IsObject)
            {
                pen.Name("properties"u8).Object();
                foreach (GeminiMember property in value.Members)
                {
                    pen.Name(property.Name.Escaped.Span);
                    Write(property.Value, pen);
                }

                pen.EndObject();
            }
            else if (member.Is("items"u8) || member.Is("additionalProperties"u8))
            {
                pen.Name(member.Is("items"u8) ? "items"u8 : "additionalProperties"u8);
                Write(value, pen);
            }
            else if (member.Is("anyOf"u8) && value.IsArray)
            {
                pen.Name("anyOf"u8).Array();
                foreach (GeminiNode one in value.Items)
                    Write(one, pen);
                if (nullable && schema.Find("type"u8) is null)
                    pen.Raw("{\"type\":\"null\"}"u8);
                pen.EndArray();
            }
            else if (member.Is("enum"u8) && value.IsArray && nullable)
            {
                // JSON Schema allows null only where the list of values has it.
                pen.Name("enum"u8).Array();
                foreach (GeminiNode one in value.Items)
                    pen.Raw(one.Json.Span);
                pen.Raw("null"u8).EndArray();
            }
            else if (Bound(member) is { } name)
            {
                pen.Name(Encoding.ASCII.GetBytes(name));
                if (value.TryLong(out long number))
                    pen.Number(number);
                else
                    pen.Raw(value.Json.Span);
            }
            else if (member.Is("example"u8))
            {
                pen.Name("examples"u8).Array().Raw(value.Json.Span).EndArray();
            }
            else if (!member.Is("nullable"u8) && !member.Is("propertyOrdering"u8))
            {
                pen.Name(member.Name.Escaped.Span).Raw(value.Json.Span);
            }
        }

        if (!typed && nullable && schema.Find("anyOf"u8) is null)
            pen.Name("type"u8).Raw("[\"null\",\"string\",\"number\",\"boolean\",\"array\",\"object\"]"u8);
        pen.EndObject();
    }

    private static bool Type(GeminiNode value, bool nullable, JsonPen pen)
    {
        string word = value.IsText ? value.Text.Decode().ToLowerInvariant()
            : value.TryLong(out long number) && number > 0 && number < Types.Length ? Types[number] : "";
        if (word is "" or "type_unspecified")
            return false;
        pen.Name("type"u8);
        if (nullable && word != "null")
            pen.Array().Plain(word).Plain("null").EndArray();
        else
            pen.Plain(word);
        return true;
    }

    /// <summary>Bounds that are 64-bit integers, and so strings in the JSON of protocol buffers.</summary>
    private static string? Bound(GeminiMember member) =>
        member.Is("minItems"u8) ? "minItems"
        : member.Is("maxItems"u8) ? "maxItems"
        : member.Is("minLength"u8) ? "minLength"
        : member.Is("maxLength"u8) ? "maxLength"
        : member.Is("minProperties"u8) ? "minProperties"
        : member.Is("maxProperties"u8) ? "maxProperties"
        : null;
}

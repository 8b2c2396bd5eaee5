namespace Perigee.Wire.Gemini;

/// <summary>
/// JSON Schema as <c>parametersJsonSchema</c> and <c>responseJsonSchema</c> take it. What Google answers with 400 is said otherwise where
/// there is another way, else left out: a looser schema still gives a usable answer. Sources: the field's reference and the errors
/// "Unknown name ..." that clients report.
/// </summary>
internal static class GeminiSchema
{
    /// <summary>Whether a schema says nothing: then Google's older models refuse it, and it is left out.</summary>
    public static bool IsEmpty(ReadOnlyMemory<byte> schema)
    {
        if (schema.IsEmpty)
            return true;
        if (!JsonIndex.TryParse(schema, out JsonIndex? index, out _))
            return false;
        using (index)
        {
            foreach (GeminiMember member in new GeminiNode(index, 0).Members)
            {
                GeminiNode value = member.Value;
                bool empty = (value.IsObject || value.IsArray) && !value.HasInside;
                bool idle = Is(member, "type"u8) || Is(member, "$schema"u8) || Is(member, "title"u8) || Is(member, "description"u8)
                    || (Is(member, "additionalProperties"u8) && value.Type == System.Text.Json.JsonTokenType.False);
                if (!empty && !idle)
                    return false;
            }

            return true;
        }
    }

    /// <summary>Writes a schema.</summary>
    public static void Write(ReadOnlyMemory<byte> schema, JsonPen pen)
    {
        // One that names a member twice is left to the provider to judge.
        if (!JsonIndex.TryParse(schema, out JsonIndex? index, out _))
        {
            pen.Compact(schema.Span);
            return;
        }

        using (index)
            Schema(new GeminiNode(index, 0), pen);
    }

    private static void Schema(GeminiNode schema, JsonPen pen)
    {
        if (!schema.IsObject)
        {
            pen.Compact(schema.Json.Span);
            return;
        }

        pen.Object();
        foreach (GeminiMember member in schema.AllMembers)
            Member(schema, member, pen);
        pen.EndObject();
    }

    private static void Member(GeminiNode schema, GeminiMember member, JsonPen pen)
    {
        GeminiNode value = member.Value;
        if (Is(member, "$schema"u8) || Is(member, "propertyNames"u8) || Is(member, "multipleOf"u8) || Is(member, "uniqueItems"u8))
            return;
        if (Is(member, "exclusiveMinimum"u8))
        {
            Bound(schema, value, "minimum"u8, pen);
        }
        else if (Is(member, "exclusiveMaximum"u8))
        {
            Bound(schema, value, "maximum"u8, pen);
        }
        else if (Is(member, "const"u8))
        {
            if (!Has(schema, "enum"u8))
                pen.Name("enum"u8).Array().Compact(value.Json.Span).EndArray();
        }
        else if (Is(member, "format"u8) && value.IsText)
        {
            if (IsKnownFormat(value.Text.Escaped.Span))
                pen.Name("format"u8).Text(value.Text);
        }
        else if (IsMap(member) && value.IsObject)
        {
            pen.Name(member.Name.Escaped.Span).Object();
            foreach (GeminiMember named in value.AllMembers)
            {
                pen.Name(named.Name.Escaped.Span);
                Schema(named.Value, pen);
            }

            pen.EndObject();
        }
        else if (IsList(member) && value.IsArray)
        {
            pen.Name(member.Name.Escaped.Span).Array();
            foreach (GeminiNode one in value.Items)
                Schema(one, pen);
            pen.EndArray();
        }
        else if (IsSchema(member))
        {
            pen.Name(member.Name.Escaped.Span);
            Schema(value, pen);
        }
        else
        {
            pen.Name(member.Name.Escaped.Span).Compact(value.Json.Span);
        }
    }

    /// <summary>An exclusive bound as an inclusive one: in the drafts before 6 it is a boolean beside the bound, which then says enough.</summary>
    private static void Bound(GeminiNode schema, GeminiNode value, ReadOnlySpan<byte> name, JsonPen pen)
    {
        if (value.IsNumber && !Has(schema, name))
            pen.Name(name).Raw(value.Json.Span);
    }

    private static bool Has(GeminiNode schema, ReadOnlySpan<byte> name)
    {
        foreach (GeminiMember member in schema.AllMembers)
        {
            if (Is(member, name))
                return true;
        }

        return false;
    }

    private static bool IsMap(GeminiMember member) =>
        Is(member, "properties"u8) || Is(member, "$defs"u8) || Is(member, "definitions"u8) || Is(member, "patternProperties"u8) || Is(member, "dependentSchemas"u8);

    private static bool IsList(GeminiMember member) =>
        Is(member, "anyOf"u8) || Is(member, "oneOf"u8) || Is(member, "allOf"u8) || Is(member, "prefixItems"u8) || Is(member, "items"u8);

    private static bool IsSchema(GeminiMember member) =>
        Is(member, "items"u8) || Is(member, "additionalProperties"u8) || Is(member, "not"u8) || Is(member, "if"u8) || Is(member, "then"u8)
        || Is(member, "else"u8) || Is(member, "contains"u8) || Is(member, "unevaluatedProperties"u8);

    private static bool IsKnownFormat(ReadOnlySpan<byte> format) =>
        format.SequenceEqual("date-time"u8) || format.SequenceEqual("date"u8) || format.SequenceEqual("time"u8) || format.SequenceEqual("enum"u8)
        || format.SequenceEqual("int32"u8) || format.SequenceEqual("int64"u8) || format.SequenceEqual("float"u8) || format.SequenceEqual("double"u8);

    /// <summary>A schema's words have one spelling.</summary>
    private static bool Is(GeminiMember member, ReadOnlySpan<byte> name) => member.Name.Escaped.Span.SequenceEqual(name);
}

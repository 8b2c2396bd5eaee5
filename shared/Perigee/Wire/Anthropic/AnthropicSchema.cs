using System.Buffers;
using System.Text.Json;

namespace Perigee.Wire.Anthropic;

/// <summary>
/// JSON Schemas as Anthropic takes them. A tool's must be an object at its root, without a union there: the properties of all branches are put
/// together, and only what every branch requires is required. That of an answer must close every object.
/// </summary>
internal static class AnthropicSchema
{
    private const int DeepestUnion = 16;

    /// <summary>References can lead in circles that branch: nobody's tool has so many branches.</summary>
    private const int MostBranches = 512;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 256 };

    private static readonly JsonWriterOptions Written = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The schema of a tool's arguments.</summary>
    public static ReadOnlyMemory<byte> OfTool(ReadOnlyMemory<byte> schema)
    {
        if (schema.IsEmpty)
            return "{\"type\":\"object\",\"properties\":{}}"u8.ToArray();
        try
        {
            return Normal(schema);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // A name that is no text (half a surrogate pair, bytes that are no UTF-8): the provider may judge it.
            return schema;
        }
    }

    private static ReadOnlyMemory<byte> Normal(ReadOnlyMemory<byte> schema)
    {
        using JsonDocument document = JsonDocument.Parse(schema, Options);
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            return "{\"type\":\"object\",\"properties\":{}}"u8.ToArray();
        bool isObject = root.TryGetProperty("type"u8, out JsonElement type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("object"u8);

        // Arguments that are a string or a list can be said in no dialect: the provider will tell the client so.
        if (type.ValueKind == JsonValueKind.String && !isObject)
            return schema;
        bool union = root.TryGetProperty("anyOf"u8, out _) || root.TryGetProperty("oneOf"u8, out _) || root.TryGetProperty("allOf"u8, out _);
        return isObject && !union ? schema : Flat(root);
    }

    /// <summary>The schema of an answer: every object that says nothing of other properties forbids them, as Anthropic demands.</summary>
    /// <param name="schema">The schema as the client wrote it.</param>
    /// <param name="bounds">The bounds on numbers, texts and lists that stood in it and were taken out: Anthropic answers 400 to a format that has them.</param>
    public static ReadOnlyMemory<byte> OfAnswer(ReadOnlyMemory<byte> schema, SortedSet<string> bounds)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(schema, Options);
            ArrayBufferWriter<byte> output = new(schema.Length + 64);
            using (Utf8JsonWriter json = new(output, Written))
                Close(document.RootElement, json, isSchema: true, bounds);
            return output.WrittenMemory;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            return schema;
        }
    }

    private static ReadOnlyMemory<byte> Flat(JsonElement root)
    {
        Merged merged = new();
        Collect(root, root, merged, new Walk(), 0);
        bool resolved = root.TryGetProperty("$ref"u8, out JsonElement reference) && Resolve(reference, root) is not null;
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter json = new(output, Written))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "object"u8);
            foreach (JsonProperty member in root.EnumerateObject())
            {
                if (member.Name is not ("type" or "properties" or "required" or "anyOf" or "oneOf" or "allOf" or "additionalProperties"))
                {
                    if (!resolved || member.Name != "$ref")
                        member.WriteTo(json);
                }
            }

            json.WriteStartObject("properties"u8);
            foreach ((string name, List<JsonElement> forms) in merged.Properties)
            {
                json.WritePropertyName(name);
                if (forms.Count == 1)
                {
                    forms[0].WriteTo(json);
                    continue;
                }

                json.WriteStartObject();
                json.WriteStartArray("anyOf"u8);
                foreach (JsonElement form in forms)
                    form.WriteTo(json);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
            if (merged.Required.Count > 0)
            {
                json.WriteStartArray("required"u8);
                foreach (string name in merged.Required)
                    json.WriteStringValue(name);
                json.WriteEndArray();
            }

            if (merged.Closed)
                json.WriteBoolean("additionalProperties"u8, false);
            else if (root.TryGetProperty("additionalProperties"u8, out JsonElement other))
            {
                json.WritePropertyName("additionalProperties"u8);
                other.WriteTo(json);
            }

            json.WriteEndObject();
        }

        return output.WrittenMemory;
    }

    /// <summary>Adds what a schema says of an object to what is known: its own properties, and those of its branches.</summary>
    private static void Collect(JsonElement schema, JsonElement root, Merged merged, Walk walk, int depth)
    {
        if (depth > DeepestUnion || --walk.Left < 0 || schema.ValueKind != JsonValueKind.Object)
        {
            merged.Closed = false;
            return;
        }

        bool closed = schema.TryGetProperty("additionalProperties"u8, out JsonElement other) && other.ValueKind == JsonValueKind.False;
        if (schema.TryGetProperty("$ref"u8, out JsonElement reference) && Resolve(reference, root) is { } target && walk.Open.Add(Text(reference)))
        {
            Collect(target, root, merged, walk, depth + 1);
            closed |= merged.Closed;
            walk.Open.Remove(Text(reference));
        }

        if (schema.TryGetProperty("properties"u8, out JsonElement properties) && properties.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in properties.EnumerateObject())
                merged.Add(property.Name, property.Value);
        }

        merged.Required.UnionWith(Names(schema));
        if (schema.TryGetProperty("allOf"u8, out JsonElement all) && all.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement part in all.EnumerateArray())
            {
                Collect(part, root, merged, walk, depth + 1);
                closed |= merged.Closed;
            }
        }

        foreach (string word in (ReadOnlySpan<string>)["anyOf", "oneOf"])
        {
            if (!schema.TryGetProperty(word, out JsonElement branches) || branches.ValueKind != JsonValueKind.Array || branches.GetArrayLength() == 0)
                continue;
            HashSet<string>? common = null;
            bool allClosed = true;
            foreach (JsonElement branch in branches.EnumerateArray())
            {
                Merged one = new();
                Collect(branch, root, one, walk, depth + 1);
                foreach ((string name, List<JsonElement> forms) in one.Properties)
                {
                    foreach (JsonElement form in forms)
                        merged.Add(name, form);
                }

                allClosed &= one.Closed;
                if (common is null)
                    common = [.. one.Required];
                else
                    common.IntersectWith(one.Required);
            }

            closed |= allClosed;
            merged.Required.UnionWith(common!.Order(StringComparer.Ordinal));
        }

        merged.Closed = closed;
    }

    private static IEnumerable<string> Names(JsonElement schema)
    {
        if (!schema.TryGetProperty("required"u8, out JsonElement required) || required.ValueKind != JsonValueKind.Array)
            yield break;
        foreach (JsonElement name in required.EnumerateArray())
        {
            if (name.ValueKind == JsonValueKind.String)
                yield return Text(name);
        }
    }

    private static JsonElement? Resolve(JsonElement reference, JsonElement root)
    {
        string path = reference.ValueKind == JsonValueKind.String ? Text(reference) : "";
        if (!path.StartsWith("#/", StringComparison.Ordinal))
            return null;
        JsonElement at = root;
        foreach (string step in path[2..].Split('/'))
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal), out at))
                return null;
        }

        return at;
    }

    /// <summary>A string's text. One with half a surrogate pair has none.</summary>
    private static string Text(JsonElement text)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return text.GetRawText();
        }
    }

    private static void Close(JsonElement schema, Utf8JsonWriter json, bool isSchema, SortedSet<string> bounds)
    {
        if (schema.ValueKind == JsonValueKind.Array)
        {
            json.WriteStartArray();
            foreach (JsonElement item in schema.EnumerateArray())
                Close(item, json, isSchema, bounds);
            json.WriteEndArray();
            return;
        }

        if (schema.ValueKind != JsonValueKind.Object)
        {
            schema.WriteTo(json);
            return;
        }

        json.WriteStartObject();
        bool open = isSchema && (schema.TryGetProperty("properties"u8, out JsonElement properties) && properties.ValueKind == JsonValueKind.Object
            || schema.TryGetProperty("type"u8, out JsonElement type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("object"u8));
        foreach (JsonProperty member in schema.EnumerateObject())
        {
            open &= !member.NameEquals("additionalProperties"u8);
            if (isSchema && IsBound(member))
            {
                bounds.Add(member.Name);
                continue;
            }

            if (isSchema && member.Name is "properties" or "$defs" or "definitions" or "patternProperties")
            {
                json.WritePropertyName(member.Name);
                Named(member.Value, json, bounds);
            }
            else if (isSchema && member.Name is "items" or "anyOf" or "oneOf" or "allOf" or "not" or "prefixItems" or "additionalProperties" or "contains")
            {
                json.WritePropertyName(member.Name);
                Close(member.Value, json, isSchema: true, bounds);
            }
            else
            {
                member.WriteTo(json);
            }
        }

        if (open)
            json.WriteBoolean("additionalProperties"u8, false);
        json.WriteEndObject();
    }

    /// <summary>An object whose members are schemas, whatever their names.</summary>
    private static void Named(JsonElement schemas, Utf8JsonWriter json, SortedSet<string> bounds)
    {
        if (schemas.ValueKind != JsonValueKind.Object)
        {
            schemas.WriteTo(json);
            return;
        }

        json.WriteStartObject();
        foreach (JsonProperty member in schemas.EnumerateObject())
        {
            json.WritePropertyName(member.Name);
            Close(member.Value, json, isSchema: true, bounds);
        }

        json.WriteEndObject();
    }

    /// <summary>Source: Anthropic's guide "Structured outputs", limits of JSON Schema; <c>minItems</c> of 0 and 1 is taken.</summary>
    private static bool IsBound(JsonProperty member) => member.Name switch
    {
        "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum" or "multipleOf" or "minLength" or "maxLength" or "maxItems" or "uniqueItems" => true,
        "minItems" => member.Value.ValueKind != JsonValueKind.Number || !member.Value.TryGetInt32(out int least) || least > 1,
        _ => false,
    };

    /// <summary>Where a walk through a schema stands: a reference that leads back into itself adds nothing.</summary>
    private sealed class Walk
    {
        public int Left { get; set; } = MostBranches;

        public HashSet<string> Open { get; } = [];
    }

    private sealed class Merged
    {
        public Dictionary<string, List<JsonElement>> Properties { get; } = [];

        public SortedSet<string> Required { get; } = new(StringComparer.Ordinal);

        public bool Closed { get; set; }

        public void Add(string name, JsonElement form)
        {
            if (!Properties.TryGetValue(name, out List<JsonElement>? forms))
                Properties[name] = forms = [];
            if (!forms.Exists(known => JsonElement.DeepEquals(known, form)))
                forms.Add(form);
        }
    }
}

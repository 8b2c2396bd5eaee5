using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Perigee.Tests.Wire.Proving;

/// <summary>JSON compared by value, and against patterns.</summary>
internal static class Json
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 256 };
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 256 };

    public static JsonElement Parse(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text, Deep);
        return document.RootElement.Clone();
    }

    public static JsonElement Parse(ReadOnlySpan<byte> text) => Parse(Encoding.UTF8.GetString(text));

    public static JsonElement? TryParse(string text)
    {
        try
        {
            return Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static JsonElement? Get(JsonElement? element, params string[] path)
    {
        foreach (string name in path)
        {
            if (element is not { ValueKind: JsonValueKind.Object } parent || !parent.TryGetProperty(name, out JsonElement child) || child.ValueKind == JsonValueKind.Null)
                return null;
            element = child;
        }

        return element;
    }

    public static string? Text(JsonElement? element, params string[] path) => Get(element, path) is { ValueKind: JsonValueKind.String } text ? Plain(text) : null;

    /// <summary>A string's text; of one with a lone surrogate, which .NET cannot hold, the text as it stands.</summary>
    public static string Plain(JsonElement text)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return text.GetRawText()[1..^1];
        }
    }

    public static long Number(JsonElement? element, params string[] path) =>
        Get(element, path) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out long value) ? value : 0;

    public static IEnumerable<JsonElement> Items(JsonElement? element, params string[] path) =>
        Get(element, path) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : [];

    /// <summary>The same text for equal values: sorted names, plain numbers. Null where it is no JSON.</summary>
    public static string? Canonical(string text)
    {
        if (TryParse(text) is not { } element)
            return null;
        return Canonical(element);
    }

    public static string Canonical(JsonElement element)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, Relaxed))
            Write(writer, element);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>
    /// Compares with an expectation. In it "*" stands for anything, "~regex" for a text like it, "#1..9" for a number in that range, "$name"
    /// for a text that is the same wherever the name stands, "!" for a member that must not be there, "json:..." for a text that holds that
    /// JSON, {"?or":[...]} for one of several. A member "name?" may be absent, "..." allows members that are not mentioned. With
    /// <paramref name="loose"/> (answers), members that say nothing (null, 0, "", [], {}) are the same as absent ones, and the bookkeeping
    /// of an answer may be left unmentioned.
    /// </summary>
    /// <returns>Null where they agree, else where they do not.</returns>
    public static string? Differs(JsonElement expected, JsonElement actual, bool loose, Dictionary<string, string>? names = null, string path = "$")
    {
        names ??= [];
        if (expected.ValueKind == JsonValueKind.String && expected.GetString() is { Length: > 0 } pattern)
        {
            switch (pattern[0])
            {
                case '*' when pattern.Length == 1:
                    return null;
                case '!' when pattern.Length == 1:
                    return $"{path}: must be absent, was {Short(actual)}";
                case '~':
                    return actual.ValueKind == JsonValueKind.String && Regex.IsMatch(actual.GetString()!, "^(?:" + pattern[1..] + ")$", RegexOptions.Singleline)
                        ? null
                        : $"{path}: {Short(actual)} is not like {pattern}";
                case '#' when pattern.Length > 1 && char.IsAsciiDigit(pattern[1]):
                    string[] range = pattern[1..].Split("..");
                    return actual.ValueKind == JsonValueKind.Number && actual.GetDouble() >= double.Parse(range[0], CultureInfo.InvariantCulture) && actual.GetDouble() <= double.Parse(range[1], CultureInfo.InvariantCulture)
                        ? null
                        : $"{path}: {Short(actual)} is not in {pattern}";
                case '$' when pattern.Length > 1:
                    if (actual.ValueKind != JsonValueKind.String || actual.GetString()!.Length == 0)
                        return $"{path}: expected a text, was {Short(actual)}";
                    if (names.TryGetValue(pattern, out string? known))
                        return known == actual.GetString() ? null : $"{path}: expected {pattern} = {known}, was {Short(actual)}";
                    names[pattern] = actual.GetString()!;
                    return null;
                default:
                    if (!pattern.StartsWith("json:", StringComparison.Ordinal))
                        break;
                    return actual.ValueKind == JsonValueKind.String && TryParse(actual.GetString()!) is { } inside
                        ? Differs(Parse(pattern[5..]), inside, loose, names, path + "(json)")
                        : $"{path}: expected JSON in a text, was {Short(actual)}";
            }
        }

        if (expected.ValueKind == JsonValueKind.Object && expected.TryGetProperty("?or", out JsonElement ways))
        {
            string all = "";
            foreach (JsonElement way in ways.EnumerateArray())
            {
                Dictionary<string, string> tried = new(names);
                if (Differs(way, actual, loose, tried, path) is not { } why)
                {
                    foreach ((string name, string value) in tried)
                        names[name] = value;
                    return null;
                }

                all += why + " / ";
            }

            return all;
        }

        if (loose && IsNothing(expected) && IsNothing(actual))
            return null;
        if (expected.ValueKind != actual.ValueKind)
            return $"{path}: expected {Short(expected)}, was {Short(actual)}";
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                return DiffersObject(expected, actual, loose, names, path);
            case JsonValueKind.Array:
                int at = 0;
                foreach (JsonElement item in expected.EnumerateArray())
                {
                    if (at >= actual.GetArrayLength())
                        return $"{path}[{at}]: expected {Short(item)}, was absent";
                    if (Differs(item, actual[at], loose, names, $"{path}[{at}]") is { } inside)
                        return inside;
                    at++;
                }

                return at < actual.GetArrayLength() ? $"{path}[{at}]: not expected, was {Short(actual[at])}" : null;
            default:
                return JsonElement.DeepEquals(expected, actual) ? null : $"{path}: expected {Short(expected)}, was {Short(actual)}";
        }
    }

    private static string? DiffersObject(JsonElement expected, JsonElement actual, bool loose, Dictionary<string, string> names, string path)
    {
        bool more = false;
        HashSet<string> mentioned = [];
        foreach (JsonProperty member in expected.EnumerateObject())
        {
            if (member.Name == "...")
            {
                more = true;
                continue;
            }

            bool optional = member.Name.EndsWith('?');
            string name = optional ? member.Name[..^1] : member.Name;
            mentioned.Add(name);
            if (!actual.TryGetProperty(name, out JsonElement value))
            {
                if (optional || (loose && IsNothing(member.Value)) || (member.Value.ValueKind == JsonValueKind.String && member.Value.GetString() == "!"))
                    continue;
                return $"{path}.{name}: expected {Short(member.Value)}, was absent";
            }

            if (Differs(member.Value, value, loose, names, $"{path}.{name}") is { } inside)
                return inside;
        }

        foreach (JsonProperty member in actual.EnumerateObject())
        {
            if (!more && !mentioned.Contains(member.Name) && !(loose && (IsNothing(member.Value) || IsBookkeeping(member.Name))))
                return $"{path}.{member.Name}: not expected, was {Short(member.Value)}";
        }

        return null;
    }

    /// <summary>Says nothing.</summary>
    public static bool IsNothing(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.String => Plain(element).Length == 0,
        JsonValueKind.Number => element.TryGetDouble(out double value) && value == 0,
        JsonValueKind.Array => element.GetArrayLength() == 0,
        JsonValueKind.Object => element.EnumerateObject().All(m => IsNothing(m.Value)),
        _ => false,
    };

    private static bool IsBookkeeping(string name) => name is "id" or "object" or "created" or "model" or "type" or "role" or "index" or "responseId" or "modelVersion" or "createTime" or "system_fingerprint" or "native_finish_reason" or "native_stop_reason";

    private static string Short(JsonElement element)
    {
        string text = element.GetRawText();
        return text.Length > 300 ? text[..300] + "..." : text;
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (JsonProperty member in element.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in element.EnumerateArray())
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            case JsonValueKind.Number when element.TryGetDecimal(out decimal number):
                writer.WriteNumberValue(number / 1.000000000000000000000000000000m);
                break;
            case JsonValueKind.String:
                // Texts with lone surrogates cannot be written: they stand for themselves.
                try
                {
                    writer.WriteStringValue(element.GetString());
                }
                catch (InvalidOperationException)
                {
                    writer.WriteStringValue(element.GetRawText());
                }

                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Perigee.Caching.Keys;
using Perigee.Wire;

namespace Perigee.Tests.Caching.Keys;

/// <summary>Recorded requests of the three chat dialects, and what is done to them.</summary>
internal static class Requests
{
    public static IEnumerable<(DialectFamily Dialect, JsonElement Body)> Recorded()
    {
        foreach (JsonElement exchange in Corpus.Exchanges(e => e.GetProperty("request").ValueKind == JsonValueKind.Object))
        {
            if (!exchange.GetProperty("request").TryGetProperty("body", out JsonElement body) || body.ValueKind != JsonValueKind.Object)
                continue;
            DialectFamily? dialect = exchange.GetProperty("dialect").GetString() switch
            {
                "openai-chat" when body.TryGetProperty("messages", out _) => DialectFamily.OpenAi,
                "anthropic" when body.TryGetProperty("messages", out _) => DialectFamily.Anthropic,
                "gemini" when body.TryGetProperty("contents", out _) => DialectFamily.Gemini,
                _ => null,
            };
            if (dialect is { } some)
                yield return (some, body);
        }
    }

    public static Shape? ShapeAt(DialectFamily dialect, string path) => Fields.Of(dialect).FirstOrDefault(shape => shape.Paths.Contains(path));

    /// <summary>The path of a member, by the field's first name.</summary>
    public static string Below(DialectFamily dialect, string path, string name)
    {
        int at = ShapeAt(dialect, path)?.Find(System.Text.Encoding.UTF8.GetBytes(name)) ?? -1;
        string first = at < 0 ? name : ShapeAt(dialect, path)!.Fields[at].Name;
        return path.Length == 0 ? first : path + "." + first;
    }

    /// <summary>Every leaf that is not inside something that is ignored.</summary>
    public static IEnumerable<(string Path, Action<JsonNode?> Set, JsonNode? Value)> Leaves(DialectFamily dialect, JsonNode node, string path = "")
    {
        if (node is JsonObject members)
        {
            foreach ((string name, JsonNode? value) in members.ToList())
            {
                string below = Below(dialect, path, name);
                bool mark = dialect == DialectFamily.Anthropic && name == "cache_control" && (below.Contains("content", StringComparison.Ordinal) || below.Contains("source", StringComparison.Ordinal));
                if (mark || Fields.Classify(dialect, below) is FieldClass.Ignored or FieldClass.Form)
                    continue;
                if (value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
                {
                    foreach (var leaf in Leaves(dialect, value, below))
                        yield return leaf;
                }
                else
                {
                    yield return (below, changed => members[name] = changed, value);
                }
            }
        }
        else if (node is JsonArray items)
        {
            for (int i = 0; i < items.Count; i++)
            {
                int at = i;
                if (items[i] is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
                {
                    foreach (var leaf in Leaves(dialect, items[i]!, path + "[]"))
                        yield return leaf;
                }
                else
                {
                    yield return (path + "[]", changed => items[at] = changed, items[i]);
                }
            }
        }
    }

    public static JsonNode Other(JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.String => value.GetValue<string>() + "~",
        JsonValueKind.Number => JsonNode.Parse((value.GetValue<double>() + 1).ToString("R", System.Globalization.CultureInfo.InvariantCulture))!,
        JsonValueKind.True => false,
        JsonValueKind.False => true,
        _ => "~",
    };

    /// <summary>The same text in another spelling: order, space, escapes, numbers.</summary>
    public static string Respelled(JsonElement value, Random random) => value.ValueKind switch
    {
        JsonValueKind.Object => "{ " + string.Join(" ,\n", value.EnumerateObject().OrderBy(_ => random.Next()).Select(m => Escaped(m.Name, random) + " : " + Respelled(m.Value, random))) + "}",
        JsonValueKind.Array => "[ " + string.Join("\t, ", value.EnumerateArray().Select(item => Respelled(item, random))) + " ]",
        JsonValueKind.String => Escaped(value.GetString()!, random),
        JsonValueKind.Number when value.GetRawText() is var raw && raw.All(char.IsAsciiDigit) => raw + new[] { "", ".0", "e0", ".00E+0", "0e-1" }[random.Next(raw == "0" ? 4 : 5)],
        _ => value.GetRawText(),
    };

    private static string Escaped(string text, Random random)
    {
        System.Text.StringBuilder json = new("\"");
        foreach (char c in text)
        {
            if (c is '"' or '\\' || c < ' ' || char.IsSurrogate(c) || random.Next(20) == 0)
                json.Append("\\u").Append(((int)c).ToString(random.Next(2) == 0 ? "x4" : "X4", System.Globalization.CultureInfo.InvariantCulture));
            else if (c == '/' && random.Next(2) == 0)
                json.Append("\\/");
            else
                json.Append(c);
        }

        return json.Append('"').ToString();
    }
}

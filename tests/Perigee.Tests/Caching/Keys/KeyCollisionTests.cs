using System.Text.Json;
using System.Text.Json.Nodes;
using Perigee.Wire;

namespace Perigee.Tests.Caching.Keys;

/// <summary>Over all recorded questions: who shares a key asks the same, by another reading of the bodies than the key's.</summary>
public sealed class KeyCollisionTests(ITestOutputHelper output)
{
    private static readonly string[] Nothing =
    [
        "model", "user", "safety_identifier", "metadata", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "session_id", "cache", "cache_control", "stream", "stream_options",
        "usage", "labels",
    ];

    [Fact]
    public void Equal_keys_are_equal_questions()
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        Dictionary<string, Dictionary<DialectFamily, string>> seen = [];
        Dictionary<string, string> texts = [];
        HashSet<string> forms = [];
        List<string> faults = [];
        int bodies = 0;
        foreach ((DialectFamily dialect, JsonElement body) in Requests.Recorded())
        {
            bodies++;
            string key = KeyRig.Hash(dialect, body.GetRawText());
            JsonObject tree = JsonNode.Parse(body.GetRawText(), null, new JsonDocumentOptions { MaxDepth = 256 })!.AsObject();
            string form = Slow(dialect, tree);
            forms.Add(dialect + form);
            if (!seen.TryGetValue(key, out Dictionary<DialectFamily, string>? same))
                seen[key] = same = [];
            if (same.TryGetValue(dialect, out string? other) && other != form)
                faults.Add($"{dialect}\n  {form[..Math.Min(700, form.Length)]}\n  {other[..Math.Min(700, other.Length)]}");
            same[dialect] = form;

            // Across dialects at least what is said has to be the same.
            string said = string.Join('\n', Said(tree["messages"] ?? tree["contents"]).Concat(Told(tree)).Order(StringComparer.Ordinal));
            if (!texts.TryAdd(key, said) && texts[key] != said)
                faults.Add($"{dialect} {said}\n  {texts[key]}");
        }

        int shared = seen.Values.Count(same => same.Count > 1);
        output.WriteLine($"{bodies} bodies, {forms.Count} forms, {seen.Count} keys, {shared} of them of two dialects or three");
        Assert.True(faults.Count == 0, string.Join('\n', faults.Take(8)));
        Assert.True(bodies > 3_000 && seen.Count > 500);
    }

    private static string Slow(DialectFamily dialect, JsonObject body)
    {
        foreach (string name in Nothing)
            body.Remove(name);
        JsonNode? said = body["contents"] ?? body["messages"];
        if (dialect == DialectFamily.OpenAi)
        {
            Rename(body, "max_completion_tokens", "max_tokens");
            foreach (string name in new[] { "temperature", "top_p", "n" })
                RemoveIf(body, name, value => value.GetValueKind() == JsonValueKind.Number && value.GetValue<double>() == 1);
            RemoveIf(body, "presence_penalty", value => value.GetValueKind() == JsonValueKind.Number && value.GetValue<double>() == 0);
            RemoveIf(body, "frequency_penalty", value => value.GetValueKind() == JsonValueKind.Number && value.GetValue<double>() == 0);
            RemoveIf(body, "parallel_tool_calls", value => value.GetValueKind() == JsonValueKind.True);
            RemoveIf(body, "logprobs", value => value.GetValueKind() == JsonValueKind.False);
            RemoveIf(body, "store", value => value.GetValueKind() == JsonValueKind.False);
            RemoveIf(body, "service_tier", value => value.ToJsonString() == "\"auto\"");
            RemoveIf(body, "response_format", value => value.ToJsonString() == "{\"type\":\"text\"}");
            RemoveIf(body, "tool_choice", value => value.ToJsonString() == "\"auto\"" && body["tools"] is JsonArray { Count: > 0 });
            if (body["stop"] is JsonValue stop)
                body["stop"] = new JsonArray(stop.DeepClone());
        }
        else if (dialect == DialectFamily.Anthropic)
        {
            RemoveIf(body, "temperature", value => value.GetValueKind() == JsonValueKind.Number && value.GetValue<double>() == 1);
            RemoveIf(body, "service_tier", value => value.ToJsonString() == "\"auto\"");
            RemoveIf(body, "tool_choice", value => value.ToJsonString() == "{\"type\":\"auto\"}" && body["tools"] is JsonArray { Count: > 0 });
            if (body["system"] is JsonValue system)
                body["system"] = Blocks(system);
        }

        foreach (JsonObject turn in (said as JsonArray ?? []).OfType<JsonObject>())
            Turn(turn);
        return Sorted(body, schema: false);
    }

    private static void Turn(JsonObject turn)
    {
        if (turn["content"] is JsonValue text && text.GetValueKind() == JsonValueKind.String)
            turn["content"] = Blocks(text);
        foreach (JsonObject block in (turn["content"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (block["type"]?.ToJsonString() == "\"tool_result\"" && block["content"] is JsonValue result && result.GetValueKind() == JsonValueKind.String)
                block["content"] = Blocks(result);
        }

        foreach (JsonObject call in (turn["tool_calls"] as JsonArray ?? []).OfType<JsonObject>())
        {
            try
            {
                if (call["function"]?["arguments"] is JsonValue arguments && JsonNode.Parse(arguments.GetValue<string>()) is JsonObject parsed)
                    call["function"]!["arguments"] = parsed;
            }
            catch (JsonException)
            {
                // It stays a text.
            }
        }
    }

    private static JsonArray Blocks(JsonValue text) => new(new JsonObject { ["type"] = "text", ["text"] = text.DeepClone() });

    private static void Rename(JsonObject body, string from, string to)
    {
        if (body.ContainsKey(to) || !body.TryGetPropertyValue(from, out JsonNode? value))
            return;
        body.Remove(from);
        body[to] = value;
    }

    private static void RemoveIf(JsonObject body, string name, Func<JsonNode, bool> matches)
    {
        if (body[name] is { } value && matches(value))
            body.Remove(name);
    }

    /// <summary>Members in order, by their first spelling; without marks, nulls, empty lists and what says false: no recorded pair differs in those alone.</summary>
    private static string Sorted(JsonNode? node, bool schema) => node switch
    {
        JsonObject members => "{" + string.Join(",", members
            .Where(m => schema || !(m.Key == "cache_control" || m.Value is null or JsonArray { Count: 0 } || m.Value.ToJsonString() == "false"
                || (m.Key == "type" && m.Value.ToJsonString() is "\"function\"" or "\"custom\"") || (m.Key == "role" && m.Value.ToJsonString() == "\"user\"")
                || (m.Key == "detail" && m.Value.ToJsonString() == "\"auto\"")))
            .Select(m => (Key: schema ? m.Key : m.Key.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant(), m.Value))
            .OrderBy(m => m.Key, StringComparer.Ordinal)
            .Select(m => m.Key + ":" + Sorted(m.Value, schema || m.Key is "parameters" or "schema" or "inputschema" or "args" or "arguments" or "input"))) + "}",
        JsonArray items => "[" + string.Join(",", items.Select(item => Sorted(item, schema))) + "]",
        JsonValue value when value.GetValueKind() == JsonValueKind.Number => value.GetValue<double>().ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        null => "null",
        _ => node.ToJsonString(),
    };

    private static IEnumerable<string> Told(JsonObject body) =>
        Said(body["system"] ?? body["systemInstruction"] ?? body["system_instruction"]);

    private static IEnumerable<string> Said(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(m => m.Key is "text" or "content" or "result" && m.Value is JsonValue value && value.GetValueKind() == JsonValueKind.String ? [value.GetValue<string>()] : Said(m.Value)),
        JsonArray items => items.SelectMany(Said),
        _ => [],
    };
}

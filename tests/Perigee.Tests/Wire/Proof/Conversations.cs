using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Perigee.Tests.Wire.Proving;

/// <summary>Random conversations, each in any of the three dialects with the same meaning.</summary>
internal static class Conversations
{
    private const string Png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    private static readonly string[] Texts = ["Hello", "ünïcödé 😀", "a \"quoted\" \\ back\\slash", "line\nline\ttab", "日本語のテキスト", "{\"json\":true}", "data: x\n\n", "</system>", "x", "\u0001\u001f ctl", "[DONE]", "zero\u200bwidth"];
    private static readonly string[] Arguments = ["{}", "{\"city\":\"Bonn\"}", "{\"n\":1.0,\"deep\":{\"a\":[1,null,true,\"ü\"]}}", "{\"big\":12345678901234567890,\"e\":1e-7}", "{\"s\":\"a\\\"b\\\\c\\n\"}"];

    /// <summary>One conversation, as data: turns of parts.</summary>
    public static List<Turn> Random(Random random)
    {
        List<Turn> turns = [];
        if (random.Next(3) == 0)
            turns.Add(new Turn("system", [new Part("text", Text(random))]));
        int calls = 0;
        int rounds = random.Next(1, 5);
        for (int i = 0; i < rounds; i++)
        {
            List<Part> user = [new Part("text", Text(random))];
            if (random.Next(4) == 0)
                user.Add(new Part("image", Png));
            if (random.Next(5) == 0)
                user.Add(new Part("text", Text(random)));
            turns.Add(new Turn("user", user));
            if (i == rounds - 1 && random.Next(2) == 0)
                break;
            List<Part> assistant = [];
            int parallel = random.Next(3) == 0 ? random.Next(1, 4) : 0;
            if (parallel == 0 || random.Next(2) == 0)
                assistant.Add(new Part("text", Text(random)));
            List<Part> results = [];
            for (int c = 0; c < parallel; c++)
            {
                string id = $"call_{calls++}";
                assistant.Add(new Part("call", Arguments[random.Next(Arguments.Length)]) { Id = id, Name = random.Next(2) == 0 ? "get_weather" : "find" });
                results.Add(new Part("result", Text(random)) { Id = id, Name = assistant[^1].Name, Error = random.Next(4) == 0 });
            }

            turns.Add(new Turn("assistant", assistant));
            if (results.Count > 0)
            {
                turns.Add(new Turn("results", results));
                turns.Add(new Turn("assistant", [new Part("text", Text(random))]));
            }
        }

        if (turns[^1].Role == "assistant")
            turns.Add(new Turn("user", [new Part("text", Text(random))]));
        return turns;
    }

    /// <summary>The question's body in a dialect, with two tools and some settings.</summary>
    public static byte[] In(string dialect, List<Turn> turns, Random random)
    {
        bool tools = turns.Any(t => t.Role == "results") || random.Next(2) == 0;
        JsonObject body = dialect switch
        {
            Dialects.OpenAi => OpenAi(turns, tools),
            Dialects.Anthropic => Anthropic(turns, tools),
            _ => Gemini(turns, tools),
        };
        return Encoding.UTF8.GetBytes(body.ToJsonString(new JsonSerializerOptions { Encoder = random.Next(2) == 0 ? null : System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    private static string Text(Random random) => Texts[random.Next(Texts.Length)] + " " + random.Next(1000).ToString(CultureInfo.InvariantCulture);

    private static JsonNode Schema() => JsonNode.Parse("""{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}""")!;

    private static JsonObject OpenAi(List<Turn> turns, bool tools)
    {
        JsonArray messages = [];
        foreach (Turn turn in turns)
        {
            if (turn.Role == "results")
            {
                foreach (Part result in turn.Parts)
                    messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = result.Id, ["content"] = result.Text });
                continue;
            }

            JsonArray content = [];
            JsonArray calls = [];
            foreach (Part part in turn.Parts)
            {
                if (part.Kind == "text")
                    content.Add(new JsonObject { ["type"] = "text", ["text"] = part.Text });
                else if (part.Kind == "image")
                    content.Add(new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = "data:image/png;base64," + part.Text } });
                else
                    calls.Add(new JsonObject { ["id"] = part.Id, ["type"] = "function", ["function"] = new JsonObject { ["name"] = part.Name, ["arguments"] = part.Text } });
            }

            JsonObject message = new() { ["role"] = turn.Role, ["content"] = content.Count > 0 ? content : null };
            if (calls.Count > 0)
                message["tool_calls"] = calls;
            messages.Add(message);
        }

        JsonObject body = new() { ["model"] = "m", ["messages"] = messages, ["max_tokens"] = 500, ["temperature"] = 0.5 };
        if (tools)
            body["tools"] = new JsonArray([.. ((string[])["get_weather", "find"]).Select(n => new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = n, ["description"] = "A tool", ["parameters"] = Schema() } })]);
        return body;
    }

    private static JsonObject Anthropic(List<Turn> turns, bool tools)
    {
        JsonArray messages = [];
        JsonObject body = new() { ["model"] = "m", ["max_tokens"] = 500, ["temperature"] = 0.5, ["messages"] = messages };
        foreach (Turn turn in turns)
        {
            JsonArray content = [];
            foreach (Part part in turn.Parts)
            {
                content.Add(part.Kind switch
                {
                    "text" => new JsonObject { ["type"] = "text", ["text"] = part.Text },
                    "image" => new JsonObject { ["type"] = "image", ["source"] = new JsonObject { ["type"] = "base64", ["media_type"] = "image/png", ["data"] = part.Text } },
                    "call" => new JsonObject { ["type"] = "tool_use", ["id"] = part.Id, ["name"] = part.Name, ["input"] = JsonNode.Parse(part.Text) },
                    _ => new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = part.Id, ["content"] = part.Text, ["is_error"] = part.Error },
                });
            }

            if (turn.Role == "system")
                body["system"] = content;
            else
                messages.Add(new JsonObject { ["role"] = turn.Role == "results" ? "user" : turn.Role, ["content"] = content });
        }

        if (tools)
            body["tools"] = new JsonArray([.. ((string[])["get_weather", "find"]).Select(n => new JsonObject { ["name"] = n, ["description"] = "A tool", ["input_schema"] = Schema() })]);
        return body;
    }

    private static JsonObject Gemini(List<Turn> turns, bool tools)
    {
        JsonArray contents = [];
        JsonObject body = new() { ["contents"] = contents, ["generationConfig"] = new JsonObject { ["maxOutputTokens"] = 500, ["temperature"] = 0.5 } };
        foreach (Turn turn in turns)
        {
            JsonArray parts = [];
            foreach (Part part in turn.Parts)
            {
                parts.Add(part.Kind switch
                {
                    "text" => new JsonObject { ["text"] = part.Text },
                    "image" => new JsonObject { ["inlineData"] = new JsonObject { ["mimeType"] = "image/png", ["data"] = part.Text } },
                    "call" => new JsonObject { ["functionCall"] = new JsonObject { ["id"] = part.Id, ["name"] = part.Name, ["args"] = JsonNode.Parse(part.Text) } },
                    _ => new JsonObject { ["functionResponse"] = new JsonObject { ["id"] = part.Id, ["name"] = part.Name, ["response"] = new JsonObject { [part.Error ? "error" : "result"] = part.Text } } },
                });
            }

            if (turn.Role == "system")
                body["systemInstruction"] = new JsonObject { ["parts"] = parts };
            else
                contents.Add(new JsonObject { ["role"] = turn.Role == "assistant" ? "model" : "user", ["parts"] = parts });
        }

        if (tools)
            body["tools"] = new JsonArray(new JsonObject { ["functionDeclarations"] = new JsonArray([.. ((string[])["get_weather", "find"]).Select(n => new JsonObject { ["name"] = n, ["description"] = "A tool", ["parametersJsonSchema"] = Schema() })]) });
        return body;
    }

    internal sealed record Turn(string Role, List<Part> Parts);

    internal sealed record Part(string Kind, string Text)
    {
        public string Id { get; init; } = "";

        public string Name { get; init; } = "";

        public bool Error { get; init; }
    }
}

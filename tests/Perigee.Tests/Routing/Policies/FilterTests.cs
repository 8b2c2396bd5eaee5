using Perigee.Catalog;

namespace Perigee.Tests.Routing.Policies;

public class FilterTests
{
    private const string Pictures = """{"model":"r","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]}]}""";

    private readonly TestRouting _routing = new();

    public static TheoryData<string, string, string> Needs() => new()
    {
        { "chat", """{"model":"r","messages":[{"content":[{"type":"image_url","image_url":{"url":"https://x/a.png"}}]}]}""", "takes no pictures" },
        { "chat", """{"model":"r","messages":[{"content":[{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]}]}""", "takes no sound" },
        { "chat", """{"model":"r","messages":[{"content":[{"type":"file","file":{"file_data":"data:application/pdf;base64,AAAA"}}]}]}""", "takes no files" },
        { "chat", """{"model":"r","messages":[],"modalities":["text","audio"]}""", "does not speak" },
        { "chat", """{"model":"r","messages":[],"tools":[{"type":"function","function":{"name":"f"}}]}""", "calls no tools" },
        { "chat", """{"model":"r","messages":[],"functions":[{"name":"f"}]}""", "calls no tools" },
        { "chat", """{"model":"r","messages":[],"response_format":{"type":"json_schema"}}""", "holds to no schema" },
        { "chat", """{"model":"r","messages":[],"reasoning_effort":"low"}""", "does not reason" },
        { "responses", """{"model":"r","store":false,"input":[{"content":[{"type":"input_image","image_url":"data:image/png;base64,AA"}]}]}""", "takes no pictures" },
        { "responses", """{"model":"r","store":false,"input":[{"type":"function_call_output","output":[{"type":"input_image","image_url":"data:image/png;base64,AA"}]}]}""", "takes no pictures" },
        { "responses", """{"model":"r","store":false,"input":[{"content":[{"type":"input_file","file_url":"https://x/a.pdf"}]}]}""", "takes no files" },
        { "responses", """{"model":"r","store":false,"input":"x","tools":[{"type":"function","name":"f"}]}""", "calls no tools" },
        { "responses", """{"model":"r","store":false,"input":"x","text":{"format":{"type":"json_schema"}}}""", "holds to no schema" },
        { "responses", """{"model":"r","store":false,"input":"x","reasoning":{"effort":"high"}}""", "does not reason" },
        { "messages", """{"model":"r","messages":[{"content":[{"type":"image","source":{"type":"base64","data":"AA"}}]}]}""", "takes no pictures" },
        { "messages", """{"model":"r","messages":[{"content":[{"type":"tool_result","content":[{"type":"image","source":{"type":"url"}}]}]}]}""", "takes no pictures" },
        { "messages", """{"model":"r","messages":[{"content":[{"type":"document","source":{"type":"base64","data":"AA"}}]}]}""", "takes no files" },
        { "messages", """{"model":"r","messages":[],"tools":[{"name":"f","input_schema":{}}]}""", "calls no tools" },
        { "messages", """{"model":"r","messages":[],"output_config":{"format":{"type":"json_schema"}}}""", "holds to no schema" },
        { "messages", """{"model":"r","messages":[],"thinking":{"type":"enabled","budget_tokens":1024}}""", "does not reason" },
        { "gemini.generate", """{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"AA"}}]}]}""", "takes no pictures" },
        { "gemini.generate", """{"contents":[{"parts":[{"inline_data":{"mime_type":"audio/wav","data":"AA"}}]}]}""", "takes no sound" },
        { "gemini.stream", """{"contents":[{"parts":[{"fileData":{"mimeType":"video/mp4","fileUri":"https://youtu.be/x"}}]}]}""", "takes no video" },
        { "gemini.stream", """{"contents":[],"tools":[{"functionDeclarations":[{}]}]}""", "calls no tools" },
        { "gemini.stream", """{"contents":[],"generationConfig":{"responseJsonSchema":{}}}""", "holds to no schema" },
        { "gemini.stream", """{"contents":[],"generation_config":{"thinking_config":{"thinking_budget":100}}}""", "does not reason" },
    };

    [Theory]
    [MemberData(nameof(Needs))]
    public async Task What_a_model_is_known_to_lack_is_left_out_in_every_dialect(string operation, string json, string reason)
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"targets":["openai/lacks","openai/unknown","openai/has"]}}}""", TestModels.Model("openai/lacks"),
            TestModels.Model("openai/has") with { Inputs = Modalities.All, Outputs = Modalities.All, Tools = true, Schema = true, Reasoning = true });

        Exchange exchange = await _routing.RouteAsync(options, operation, json, model: "r");

        Assert.Equal(["openai/unknown", "openai/has"], exchange.Plan!.Targets.Select(target => target.Name));
        Assert.Equal([new("openai/lacks", reason)], exchange.Plan.Skipped);
    }

    [Theory]
    [InlineData("chat", """{"model":"r","messages":[{"content":"image_url"}],"tools":[],"reasoning_effort":"none","response_format":{"type":"json_object"},"modalities":["text"]}""")]
    [InlineData("responses", """{"model":"r","store":false,"input":"x","reasoning":{"effort":null},"tools":null}""")]
    [InlineData("messages", """{"model":"r","messages":[{"content":[{"type":"document","source":{"type":"text","data":"x"}}]}],"thinking":{"type":"adaptive"}}""")]
    [InlineData("gemini.generate", """{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}}""")]
    public async Task What_asks_for_nothing_special_leaves_nobody_out(string operation, string json)
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"targets":["openai/lacks","openai/unknown"]}}}""", TestModels.Model("openai/lacks"));

        Assert.Equal(2, (await _routing.RouteAsync(options, operation, json, model: "r")).Plan!.Targets.Count);
    }

    [Fact]
    public async Task A_picture_in_base64_does_not_count_as_text()
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"targets":["openai/a","openai/b"]}}}""",
            TestModels.Model("openai/a", context: 8000) with { Inputs = Modalities.All }, TestModels.Model("openai/b", context: 8000) with { Inputs = Modalities.All });
        string picture = "\"data:image/png;base64," + new string('A', 4_000_000) + "\"";

        Assert.Equal(2, (await _routing.TargetsAsync(options, Pictures.Replace("\"https://x.example/a.png\"", picture, StringComparison.Ordinal))).Length);
    }

    [Fact]
    public async Task A_window_that_is_too_small_is_left_out_and_told()
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"targets":["openai/small","openai/large"]}}}""",
            TestModels.Model("openai/small", context: 1000), TestModels.Model("openai/large", context: 100_000));

        Exchange exchange = await _routing.RouteAsync(options, "chat", Long(8000));
        Assert.Equal("openai/large", Assert.Single(exchange.Plan!.Targets).Name);
        Assert.StartsWith("window of 1000 tokens is too small for about 20", Assert.Single(exchange.Plan.Skipped).Reason, StringComparison.Ordinal);

        GatewayError refused = await _routing.RefusalAsync(options, Long(1_000_000));
        Assert.Equal((ErrorKind.BadRequest, "context_length_exceeded", "model"), (refused.Kind, refused.Code, refused.Param));
        Assert.Contains("openai/large window of 100000 tokens", refused.Message, StringComparison.Ordinal);

        // Estimates err: what may fit after all is left to the provider, the widest first.
        Assert.Equal(["openai/large"], await _routing.TargetsAsync(options, Long(440_000)));
    }

    [Theory]
    [InlineData("embeddings", "input")]
    [InlineData("messages.count_tokens", "system")]
    public async Task A_window_is_of_one_conversation_and_no_bound_of_batches_and_counts(string operation, string member)
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"targets":["openai/a","openai/b"]}}}""",
            TestModels.Model("openai/a", context: 100) with { Kind = operation == "embeddings" ? ModelKind.Embedding : ModelKind.Chat }, TestModels.Model("openai/b", context: 10));

        Exchange exchange = await _routing.RouteAsync(options, operation, "{\"model\":\"r\",\"" + member + "\":\"" + new string('x', 10_000) + "\"}");

        Assert.Equal("openai/a", exchange.Plan!.Targets[0].Name);
    }

    [Theory]
    [InlineData("r")]
    [InlineData("openai/lacks")]
    public async Task Who_has_no_choice_is_tried_all_the_same(string model)
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"targets":["openai/lacks"]}}}""", TestModels.Model("openai/lacks", context: 10));

        Assert.Equal(["openai/lacks"], await _routing.TargetsAsync(options, Pictures.Replace("\"r\"", $"\"{model}\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Where_nobody_can_the_reasons_are_told()
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"targets":["openai/a","groq/b","xai/c"]}}}""", TestModels.Model("openai/a"), TestModels.Model("groq/b"));

        GatewayError refused = await _routing.RefusalAsync(options, Pictures);

        Assert.Equal("The route 'r' has no target that can serve this request: openai/a takes no pictures; groq/b takes no pictures; xai/c its provider is off.", refused.Message);
        Assert.Equal("no_capable_target", refused.Code);
    }

    [Fact]
    public async Task A_route_whose_providers_are_all_off_says_what_turns_them_on()
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"targets":["xai/c","mistral/d"]}}}""");

        GatewayError refused = await _routing.RefusalAsync(options, Pictures);

        Assert.Equal((ErrorKind.ModelNotFound, true), (refused.Kind, refused.Message.Contains("XAI_API_KEY", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_plan_holds_all_that_can_and_none_that_cannot_whatever_the_tree()
    {
        int seed = Environment.GetEnvironmentVariable("PERIGEE_SEED") is { } text ? int.Parse(text, null) : 4711;
        Random random = new(seed);
        string[] policies = ["in-order", "weighted", "cheapest", "quickest", "least-busy", "most-headroom", "sticky"];
        for (int round = 0; round < 300; round++)
        {
            string[] names = [.. Enumerable.Range(0, random.Next(1, 12)).Select(i => $"{(i % 2 == 0 ? "openai" : "groq")}/m{i}")];
            CatalogModel[] models = [.. names.Select(name => TestModels.Model(name, context: random.Next(1, 4) * 1000) with { Tools = random.Next(2) == 0, Inputs = random.Next(2) == 0 ? Modalities.All : Modalities.Text })];
            GatewayOptions options = TestModels.Options("{\"routes\":{\"r\":" + Tree(names, 0) + "}}", models);
            foreach (string name in names.Where(_ => random.Next(4) == 0))
            {
                _routing.States.Of(name).Began();
                _routing.States.Of(name).Ended(new(Perigee.Routing.Health.HealthEffect.Unusable));
            }

            bool tools = random.Next(2) == 0;
            int length = random.Next(0, 10_000);
            Exchange exchange = await _routing.RouteAsync(options, "chat",
                "{\"model\":\"r\",\"messages\":[{\"content\":\"" + new string('x', length) + "\"}]" + (tools ? ",\"tools\":[{\"type\":\"function\"}]}" : "}"));
            long tokens = exchange.Question!.Json.Length / 4;
            string[] able = [.. models.Where(model => (!tools || model.Tools == true) && tokens <= model.Context).Select(model => $"{model.Provider}/{model.Id}")];
            if (able.Length == 0)
            {
                // What an estimate alone speaks against may be tried; who is known to be unable never is, but for the one who has no rival.
                Assert.True(exchange.Plan is null || names.Length == 1 || !tools || models.All(model => model.Tools == true), $"seed {seed}, round {round}");
                continue;
            }

            string[] planned = [.. exchange.Plan!.Targets.Select(target => target.Name)];
            Assert.True(planned.Order(StringComparer.Ordinal).SequenceEqual(able.Order(StringComparer.Ordinal)), $"seed {seed}, round {round}: {string.Join(' ', planned)}");
            Assert.Empty(planned.Intersect(exchange.Plan.Skipped.Select(skipped => skipped.Name)));
            Assert.Equal(names.Length, planned.Length + exchange.Plan.Skipped.Count);
        }

        string Tree(string[] names, int depth)
        {
            string policy = policies[random.Next(policies.Length)];
            List<string> items = [];
            for (int i = 0; i < names.Length;)
            {
                int count = random.Next(1, names.Length - i + 1);
                string item = count == 1 || depth == 3 ? $"\"target\":\"{names[i]}\"" : Tree(names[i..(i + count)], depth + 1)[1..^1];
                i += count == 1 || depth == 3 ? 1 : count;
                items.Add("{" + item + (policy is "weighted" or "sticky" ? $",\"weight\":{random.Next(1, 5)}" : "") + "}");
            }

            return "{\"policy\":\"" + policy + "\",\"targets\":[" + string.Join(',', items) + "]}";
        }
    }

    private static string Long(int length) => "{\"model\":\"r\",\"messages\":[{\"content\":\"" + new string('x', length) + "\"}]}";
}

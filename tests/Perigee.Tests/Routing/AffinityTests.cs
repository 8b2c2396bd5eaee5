using Perigee.Tests.Routing.Policies;

namespace Perigee.Tests.Routing;

public class AffinityTests
{
    private static readonly GatewayOptions Options = TestModels.Options("""{"routes":{"r":{"targets":["openai/a","groq/b","gemini/c","anthropic/d","groq/e"],"onContextWindow":["openai/w","groq/v"]}}}""");

    private readonly TestRouting _routing = new();

    public static TheoryData<string, string, string> Names() => new()
    {
        { "responses", """{"model":"r","previous_response_id":"id_1"}""", "previous_response_id" },
        { "responses", """{"model":"r","conversation":"id_1"}""", "conversation" },
        { "responses", """{"model":"r","conversation":{"id":"id_1"}}""", "conversation" },
        { "responses", """{"model":"r","input":[{"role":"user","content":[{"type":"input_file","file_id":"id_1"}]}]}""", "file_id" },
        { "responses", """{"model":"r","input":[{"role":"user","content":[{"type":"input_image","file\u005fid":"id_1"},{"type":"input_image","file_id":"id_1"}]}]}""", "file_id" },
        { "responses", """{"model":"r","input":"x","tools":[{"type":"code_interpreter","container":{"type":"auto","file_ids":["id_1"]}}]}""", "file_ids" },
        { "responses", """{"model":"r","store":false,"input":[{"type":"reasoning","encrypted_content":"gAAA\u002b=="}]}""", "encrypted_content" },
        { "chat", """{"model":"r","messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"id_1"}}]}]}""", "file_id" },
        { "messages", """{"model":"r","messages":[{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"id_1"}}]}]}""", "file_id" },
        { "messages", """{"model":"r","container":"id_1","messages":[]}""", "container" },
        { "messages", """{"model":"r","container":{"id":"id_1","skills":[]},"messages":[]}""", "container" },
        { "gemini.generate", """{"cachedContent":"id_1","contents":[]}""", "cachedContent" },
        { "gemini.stream", """{"contents":[{"parts":[{"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/abc","mimeType":"image/png"}}]}]}""", "fileUri" },
        { "gemini.stream", """{"contents":[{"parts":[{"file_data":{"file_uri":"files/abc"}}]}]}""", "file_uri" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public async Task What_a_provider_keeps_goes_to_that_provider_only(string operation, string json, string field)
    {
        await RememberAsync("groq");

        Exchange exchange = await _routing.RouteAsync(Options, operation, json, model: "r");

        Assert.Equal(["groq/b", "groq/e"], exchange.Plan!.Targets.Select(target => target.Name));
        Assert.Equal(["groq/v"], exchange.Plan.OnContextWindow.Select(target => target.Name));
        Assert.Equal(3, exchange.Plan.Skipped.Count(skipped => skipped.Reason.Contains($"'{field}'", StringComparison.Ordinal)));
        Assert.Equal(0, _routing.Tables.Finds);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Where_the_maker_is_off_or_cannot_serve_the_client_is_told(string operation, string json, string field)
    {
        await RememberAsync("mistral");
        Exchange off = await _routing.RouteAsync(Options, operation, json, model: "r");
        await RememberAsync("deepseek");
        Exchange elsewhere = await _routing.RouteAsync(Options, operation, json, model: "r");

        Assert.Equal((409, field, "maker_is_off"), (off.Http.Response.StatusCode, off.Error!.Param, off.Error.Code));
        Assert.Contains("MISTRAL_API_KEY", off.Error.Message, StringComparison.Ordinal);
        Assert.Equal((409, field, "made_by_another_provider"), (elsewhere.Http.Response.StatusCode, elsewhere.Error!.Param, elsewhere.Error.Code));
        Assert.Contains("'deepseek' made", elsewhere.Error.Message, StringComparison.Ordinal);
        Assert.Contains("Use a model of 'deepseek', or ", elsewhere.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ids_of_two_makers_conflict()
    {
        await _routing.Origins.RememberAsync("t1", "file_1", "groq", default);
        await _routing.Origins.RememberAsync("t1", "file_2", "openai", default);

        GatewayError refused = await _routing.RefusalAsync(Options,
            """{"model":"r","messages":[{"content":[{"type":"file","file":{"file_id":"file_1"}},{"type":"file","file":{"file_id":"file_2"}}]}]}""");

        Assert.Equal((ErrorKind.Conflict, "made_by_different_providers"), (refused.Kind, refused.Code));
    }

    [Fact]
    public async Task Another_instance_looks_all_of_them_up_at_once()
    {
        await _routing.Origins.RememberAsync("t1", "file_1", "groq", default);
        await _routing.Origins.RememberAsync("t1", "file_2", "groq", default);
        Perigee.Routing.Origins other = new(_routing.Tables, _routing.Time);
        Perigee.Routing.Policies.PlanDraft draft = new(new(RoutedExchange.Of(TestRouting.Operation("chat"), Options, "{}")))
        {
            Targets = [new(Options.Providers["openai"], "a"), new(Options.Providers["groq"], "b")],
        };

        Assert.Null(await new Perigee.Routing.Affinity(other).RestrictAsync(draft, [new("file_id", "file_1"), new("file_id", "file_2"), new("file_id", "file_3")]));

        Assert.Equal("groq/b", Assert.Single(draft.Targets).Name);
        Assert.Equal(3, _routing.Tables.Finds);
    }

    [Fact]
    public async Task What_nobody_remembers_goes_to_one_provider_always_the_same()
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"policy":"weighted","targets":["gemini/c","groq/b","openai/a"]}}}""");
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(["openai/a"], await _routing.TargetsAsync(options, """{"model":"r","messages":[{"content":[{"type":"file","file":{"file_id":"file_9"}}]}]}"""));
            Assert.Equal(["openai/a"], await _routing.TargetsAsync(options, """{"model":"r","messages":[{"role":"assistant","audio":{"id":"audio_1"}}]}"""));
        }
    }

    [Theory]
    [InlineData("""{"model":"r","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\"file_id\":\"id_1\"}"}}]}]}""")]
    [InlineData("""{"model":"r","messages":[],"tools":[{"type":"function","function":{"parameters":{"properties":{"file_id":{"default":"id_1"}},"example":{"file_id":"id_1"}}}}]}""")]
    [InlineData("""{"model":"r","messages":[{"content":"file_id id_1 previous_response_id"}],"audio":{"voice":"alloy"}}""")]
    public async Task What_a_tool_is_called_with_is_no_id_of_a_provider(string json)
    {
        await RememberAsync("groq");

        Assert.Equal(5, (await _routing.TargetsAsync(Options, json)).Length);
    }

    [Fact]
    public async Task An_id_of_another_tenant_binds_nothing()
    {
        await RememberAsync("groq");

        Exchange exchange = await _routing.RouteAsync(Options, "chat", """{"model":"groq/b","messages":[{"content":[{"type":"file","file":{"file_id":"id_1"}}]}]}""", tenant: "t2");
        Assert.NotNull(exchange.Plan);

        Exchange response = await _routing.RouteAsync(Options, "responses", """{"model":"groq/b","previous_response_id":"id_1"}""", tenant: "t2");
        Assert.Equal(404, response.Http.Response.StatusCode);
    }

    [Fact]
    public async Task A_storage_that_is_down_refuses_what_it_alone_could_know()
    {
        _routing.Tables.Down = true;
        Assert.False(await _routing.Origins.RememberReasoning("t1", "abc"u8, "groq"));

        Exchange known = await _routing.RouteAsync(Options, "responses", """{"model":"r","store":false,"input":[{"type":"reasoning","encrypted_content":"abc"}]}""");
        Exchange unknown = await _routing.RouteAsync(Options, "responses", """{"model":"r","store":false,"input":[{"type":"reasoning","encrypted_content":"abd"}]}""");

        Assert.Equal("groq/b", known.Plan!.Targets[0].Name);
        Assert.Equal(503, unknown.Http.Response.StatusCode);
    }

    private async Task RememberAsync(string provider)
    {
        await _routing.Origins.RememberAsync("t1", "id_1", provider, default);
        await _routing.Origins.RememberAsync("t1", "files/abc", provider, default);
        Assert.True(await _routing.Origins.RememberReasoning("t1", "gAAA+=="u8, provider));
    }
}

namespace Perigee.Tests.Routing.Policies;

public class ConditionTests
{
    private readonly TestRouting _routing = new();

    [Theory]
    [InlineData("""{"metadata":{"tier":["gold","silver"]}}""", "chat", """{"model":"r"}""", """{"tier":"silver"}""", true)]
    [InlineData("""{"metadata":{"tier":"gold"}}""", "chat", """{"model":"r"}""", """{"tier":"lead"}""", false)]
    [InlineData("""{"metadata":{"tier":"gold","team":"a"}}""", "chat", """{"model":"r"}""", """{"tier":"gold"}""", false)]
    [InlineData("""{"metadata":{"tier":"gold"}}""", "chat", """{"model":"r","metadata":{"tier":"gold"}}""", null, true)]
    [InlineData("""{"metadata":{"tier":"gold"}}""", "chat", """{"model":"r","metadata":{"tier":"gold"}}""", """{"tier":"lead"}""", false)]
    [InlineData("""{"headers":{"X-Team":["a","b"]}}""", "chat", """{"model":"r"}""", null, true)]
    [InlineData("""{"headers":{"x-team":"c"}}""", "chat", """{"model":"r"}""", null, false)]
    [InlineData("""{"user":["u1","u2"]}""", "chat", """{"model":"r","user":"u2"}""", null, true)]
    [InlineData("""{"user":"u1"}""", "messages", """{"model":"r","metadata":{"user_id":"u1"}}""", null, true)]
    [InlineData("""{"user":"u1"}""", "chat", """{"model":"r"}""", null, false)]
    [InlineData("""{"bodyBytes":{"atMost":13}}""", "chat", """{"model":"r"}""", null, true)]
    [InlineData("""{"bodyBytes":{"atLeast":14}}""", "chat", """{"model":"r"}""", null, false)]
    [InlineData("""{"tokens":{"atLeast":5,"atMost":9}}""", "chat", """{"model":"r","messages":[]}""", null, true)]
    [InlineData("""{"tokens":{"atLeast":10}}""", "chat", """{"model":"r","messages":[]}""", null, false)]
    [InlineData("""{"tools":true}""", "chat", """{"model":"r","tools":[{"type":"function"}]}""", null, true)]
    [InlineData("""{"tools":true}""", "messages", """{"model":"r","tools":[{"type":"web_search_20250305"}]}""", null, true)]
    [InlineData("""{"tools":false}""", "chat", """{"model":"r","tools":[]}""", null, true)]
    [InlineData("""{"images":true}""", "chat", """{"model":"r","messages":[{"content":[{"type":"image_url"}]}]}""", null, true)]
    [InlineData("""{"stream":false}""", "chat", """{"model":"r"}""", null, true)]
    [InlineData("""{"operation":["chat","messages"]}""", "messages", """{"model":"r"}""", null, true)]
    [InlineData("""{"operation":"chat"}""", "embeddings", """{"model":"r"}""", null, false)]
    [InlineData("""{"dialect":"anthropic"}""", "messages", """{"model":"r"}""", null, true)]
    [InlineData("""{"dialect":["gemini","anthropic"]}""", "chat", """{"model":"r"}""", null, false)]
    public async Task A_condition_holds_where_all_that_it_states_does(string when, string operation, string json, string? metadata, bool holds)
    {
        GatewayOptions options = TestModels.Options(
            """{"routes":{"r":{"policy":"conditional","targets":["groq/otherwise",{"target":"openai/then","when":""" + when + "}]}}}");

        Exchange exchange = await _routing.RouteAsync(options, operation, json,
            headers: metadata is null ? [("x-team", "a")] : [("x-team", "a"), (HeaderNames.Metadata, metadata)]);

        Assert.Equal(holds ? "openai/then groq/otherwise" : "groq/otherwise", string.Join(' ', exchange.Plan!.Targets.Select(target => target.Name)));
        Assert.Equal(holds ? "r: condition held" : "r: no condition held", exchange.Plan.Chosen);
    }

    [Fact]
    public async Task Further_conditions_that_hold_are_the_fallbacks_in_order()
    {
        GatewayOptions options = TestModels.Options("""
            {"routes":{"r":{"policy":"conditional","targets":[
                {"target":"openai/a","when":{"stream":true}},{"target":"openai/b","when":{"stream":false}},{"target":"openai/c","when":{"dialect":"openai"}},"openai/d"]}}}
            """);

        Assert.Equal(["openai/b", "openai/c", "openai/d"], await _routing.TargetsAsync(options, """{"model":"r"}"""));
    }

    [Fact]
    public async Task Where_no_condition_holds_and_there_is_no_other_target_the_client_is_told()
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"policy":"conditional","targets":[{"target":"openai/a","when":{"stream":true}}]}}}""");

        GatewayError refused = await _routing.RefusalAsync(options, """{"model":"r"}""");

        Assert.Equal(400, refused.Status);
        Assert.Contains("no condition of the route holds", refused.Message, StringComparison.Ordinal);
    }
}

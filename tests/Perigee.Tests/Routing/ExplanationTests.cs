using System.Text.Json;
using Perigee.Tests.Routing.Policies;

namespace Perigee.Tests.Routing;

public class ExplanationTests
{
    private static readonly GatewayOptions Options = TestModels.Options("""
        {"routes":{"r":{"policy":"cheapest","targets":["openai/a","groq/b","anthropic/c"],"hedge":true,"retries":{"max":4}}}}
        """, TestModels.Model("openai/a", 3, 4), TestModels.Model("groq/b", 1, 2), TestModels.Model("anthropic/c", 0, 0, context: 1));

    private readonly TestRouting _routing = new();

    [Theory]
    [InlineData("chat", """{"model":"r","messages":[]}""")]
    [InlineData("messages", """{"model":"r","messages":[]}""")]
    [InlineData("responses", """{"model":"r","store":false,"input":""}""")]
    [InlineData("gemini.stream", """{"contents":[{"x":1}]}""")]
    public async Task The_decision_is_told_and_nobody_is_called(string operation, string json)
    {
        _routing.States.Of("openai/a").Began();
        _routing.States.Of("groq/b").Began();
        _routing.States.Of("groq/b").Ended(new(Perigee.Routing.Health.HealthEffect.Unusable) { Why = "401" });

        Exchange exchange = await _routing.RouteAsync(Options, operation, json, model: "r", headers: (HeaderNames.Explain, "1"));

        Assert.False(_routing.Forwarded);
        Assert.Equal((200, "1", "application/json"), (exchange.Http.Response.StatusCode, exchange.Http.Response.Headers[HeaderNames.Explain].ToString(), exchange.Http.Response.ContentType));
        JsonElement told = await exchange.AnswerAsync();
        Assert.Equal("r", told.GetProperty("route").GetString());
        Assert.Equal("cheapest", told.GetProperty("policy").GetString());
        Assert.EndsWith("; groq/b is down", told.GetProperty("chosen").GetString(), StringComparison.Ordinal);
        JsonElement[] targets = [.. told.GetProperty("targets").EnumerateArray()];
        Assert.Equal(["openai/a", "groq/b"], targets.Select(target => target.GetProperty("target").GetString()));
        Assert.Equal((3, 4, "closed", 1), (targets[0].GetProperty("price").GetProperty("inputPerMillion").GetDouble(), targets[0].GetProperty("price").GetProperty("outputPerMillion").GetDouble(),
            targets[0].GetProperty("breaker").GetString(), targets[0].GetProperty("inFlight").GetInt32()));
        Assert.Equal(("open", "401"), (targets[1].GetProperty("breaker").GetString(), targets[1].GetProperty("why").GetString()));
        Assert.Equal("anthropic/c", told.GetProperty("skipped")[0].GetProperty("target").GetString());
        Assert.Equal(4, told.GetProperty("retries").GetProperty("max").GetInt32());
        Assert.Equal(5, told.GetProperty("hedge").GetProperty("percent").GetInt32());
        Assert.DoesNotContain("https://", told.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plain_model_and_an_id_are_explained_too()
    {
        JsonElement plain = await (await _routing.RouteAsync(Options, "chat", """{"model":"gpt-4o","messages":[]}""", headers: (HeaderNames.Explain, "true"))).AnswerAsync();
        JsonElement id = await (await _routing.RouteAsync(Options, "files.get", id: "file_1", tenant: "open", headers: (HeaderNames.Explain, "1"))).AnswerAsync();

        Assert.Equal("openai/gpt-4o", plain.GetProperty("targets")[0].GetProperty("target").GetString());
        Assert.Equal(JsonValueKind.Null, plain.GetProperty("route").ValueKind);
        Assert.Equal("openai", id.GetProperty("targets")[0].GetProperty("target").GetString());
    }

    [Theory]
    [InlineData("chat", """{"model":"r","messages":[]}""", true)]
    [InlineData("messages", """{"model":"r","messages":[]}""", true)]
    [InlineData("chat", """{"model":"r","messages":[],"store":true}""", false)]
    [InlineData("chat", """{"model":"r","messages":[],"web_search_options":{}}""", false)]
    [InlineData("messages", """{"model":"r","messages":[],"tools":[{"type":"web_search_20250305","name":"web_search"}]}""", false)]
    [InlineData("messages", """{"model":"r","messages":[],"mcp_servers":[{"url":"https://x"}]}""", false)]
    [InlineData("gemini.generate", """{"contents":[],"tools":[{"codeExecution":{}}]}""", false)]
    [InlineData("responses", """{"model":"r","input":""}""", false)]
    [InlineData("responses", """{"model":"r","store":false,"input":""}""", true)]
    [InlineData("responses", """{"model":"r","store":false,"input":"","tools":[{"type":"mcp"}]}""", false)]
    [InlineData("embeddings", """{"model":"r","input":""}""", false)]
    public async Task Hedging_is_for_conversations_that_may_be_asked_twice(string operation, string json, bool hedged)
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"targets":["openai/a","openai/b"],"hedge":{"percent":9}}}}""");

        Exchange exchange = await _routing.RouteAsync(options, operation, json, model: "r");
        Exchange single = await _routing.RouteAsync(options, operation, json, model: "r", headers: (HeaderNames.NoFallback, "1"));

        Assert.Equal(hedged ? 9 : null, exchange.Plan!.Hedge?.Percent);
        Assert.Null(single.Plan!.Hedge);
    }
}

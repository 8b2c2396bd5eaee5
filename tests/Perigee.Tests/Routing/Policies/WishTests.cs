using Perigee.Catalog;
using Perigee.Routing.Health;

namespace Perigee.Tests.Routing.Policies;

public class WishTests
{
    // One model at three providers, each with its price.
    private static readonly GatewayOptions Options = TestModels.Options("""
        {"providers":{"my-box":{"baseUrl":"https://box.example/v1","models":["oss-120"]}},
        "aliases":{"quick":"groq/fast"},"routes":{"r":{"targets":["openai/a","groq/b"]},"or":{"targets":["openrouter/x","openrouter/y"]}}}
        """,
        TestModels.Model("openai/oss-120", 3, 3), TestModels.Model("groq/oss-120", 1, 9), TestModels.Model("together/oss-120", 2, 2),
        TestModels.Model("openai/a", 5, 5), TestModels.Model("groq/b", 1, 1) with { Tools = true });

    private readonly TestRouting _routing = new();

    [Theory]
    [InlineData("""{"model":"openai/a","models":["groq/b","quick"]}""", "openai/a groq/b groq/fast")]
    [InlineData("""{"models":["groq/b","openai/a"]}""", "groq/b openai/a")]
    [InlineData("""{"model":"openai/a","models":["openai/a","xai/off","r"]}""", "openai/a groq/b")]
    [InlineData("""{"model":"xai/off","models":["groq/b"]}""", "groq/b")]
    [InlineData("""{"model":"openai/a","fallbacks":["groq/b",{"model":"quick"}]}""", "openai/a groq/b groq/fast")]
    [InlineData("""{"model":"r","fallbacks":["deepseek/x"],"route":"fallback"}""", "openai/a groq/b deepseek/x")]
    [InlineData("""{"model":"openai/a","models":null,"fallbacks":null,"provider":null,"route":null,"session_id":null}""", "openai/a")]
    [InlineData("""{"model":"oss-120","provider":{}}""", "openai/oss-120 groq/oss-120 together/oss-120 my-box/oss-120")]
    [InlineData("""{"model":"oss-120","provider":{"order":["Together","GROQ"]}}""", "together/oss-120 groq/oss-120 openai/oss-120 my-box/oss-120")]
    [InlineData("""{"model":"oss-120","provider":{"order":["together","groq"],"allow_fallbacks":false}}""", "together/oss-120 groq/oss-120")]
    [InlineData("""{"model":"oss-120","provider":{"only":["groq","xai"]}}""", "groq/oss-120")]
    [InlineData("""{"model":"oss-120","provider":{"ignore":["OpenAI","nobody","my-box"]}}""", "groq/oss-120 together/oss-120")]
    [InlineData("""{"model":"oss-120","provider":{"sort":"price"}}""", "together/oss-120 openai/oss-120 groq/oss-120 my-box/oss-120")]
    [InlineData("""{"model":"oss-120:floor","max_tokens":1}""", "groq/oss-120 together/oss-120 openai/oss-120 my-box/oss-120")]
    [InlineData("""{"model":"oss-120","provider":{"sort":"price","order":["openai"]}}""", "openai/oss-120 together/oss-120 groq/oss-120 my-box/oss-120")]
    [InlineData("""{"model":"oss-120","provider":{"max_price":{"prompt":2,"completion":"8.5"}}}""", "together/oss-120")]
    [InlineData("""{"model":"r","provider":{"ignore":["openai"]}}""", "groq/b")]
    [InlineData("""{"model":"r:floor"}""", "groq/b openai/a")]
    [InlineData("""{"model":"r","provider":{"require_parameters":true},"tools":[{"type":"function"}]}""", "groq/b")]
    [InlineData("""{"model":"quick:nitro"}""", "groq/fast")]
    [InlineData("""{"model":"oss-120","provider":{"data_collection":"allow","zdr":false,"only":["groq"]}}""", "groq/oss-120")]
    [InlineData("""{"model":"openrouter/some/model:floor","models":["x"],"provider":{"made":"up"},"route":7,"session_id":"s"}""", "openrouter/some/model:floor")]
    [InlineData("""{"model":"or","provider":{"order":["Nobody Here"]}}""", "openrouter/x openrouter/y")]
    public async Task A_request_says_which_models_and_providers_it_wants(string json, string targets) =>
        Assert.Equal(targets, string.Join(' ', await _routing.TargetsAsync(Options, json)));

    [Theory]
    [InlineData("messages")]
    [InlineData("responses")]
    [InlineData("embeddings")]
    public async Task The_wishes_hold_in_every_dialect(string operation)
    {
        Exchange exchange = await _routing.RouteAsync(Options, operation, """{"model":"openai/x","models":["quick"],"provider":{"allow_fallbacks":false}}""");

        Assert.Equal(["openai/x", "groq/fast"], exchange.Plan!.Targets.Select(target => target.Name));
        Assert.False(exchange.Plan.MayFallBack);
        Assert.Equal(["models", "provider"], exchange.Plan.OwnFields.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_OpenRouters_own_stays_in_the_body()
    {
        Exchange alone = await _routing.RouteAsync(Options, "chat", """{"model":"openrouter/x","models":["y"],"provider":{},"session_id":"s"}""");
        Exchange mixed = await _routing.RouteAsync(Options, "chat", """{"model":"openrouter/x","models":["groq/b"],"fallbacks":["openai/a"]}""");

        Assert.Empty(alone.Plan!.OwnFields);
        Assert.Equal(["openrouter/x", "groq/b", "openai/a"], mixed.Plan!.Targets.Select(target => target.Name));
        Assert.Equal(["fallbacks", "models"], mixed.Plan.OwnFields.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_session_of_a_plain_model_is_not_sent_on()
    {
        Exchange exchange = await _routing.RouteAsync(Options, "chat", """{"model":"openai/a","session_id":"s"}""");

        Assert.Equal("session_id", Assert.Single(exchange.Plan!.OwnFields));
    }

    [Theory]
    [InlineData("""{"model":"openai/a","models":"groq/b"}""", "models", "must be a list")]
    [InlineData("""{"model":"openai/a","models":[3]}""", "models[0]", "must name a model")]
    [InlineData("""{"model":"openai/a","models":["openai/a","gtp-4o"]}""", "models[1]", "Did you mean openai/gpt-4o")]
    [InlineData("""{"model":"openai/a","fallbacks":[{"model":"groq/b","messages":[]}]}""", "fallbacks[0].messages", "cannot be honoured")]
    [InlineData("""{"model":"openai/a","fallbacks":[{}]}""", "fallbacks[0]", "must name a model")]
    [InlineData("""{"fallbacks":["openai/a"]}""", "model", "is missing")]
    [InlineData("""{"model":"openai/a","route":"smart"}""", "route", "named in 'model'")]
    [InlineData("""{"model":"openai/a","session_id":5}""", "session_id", "must be a string")]
    [InlineData("""{"model":"openai/a","provider":"groq"}""", "provider", "must be an object")]
    [InlineData("""{"model":"openai/a","provider":{"order":"groq"}}""", "provider.order", "must be a list")]
    [InlineData("""{"model":"openai/a","provider":{"order":["grok"]}}""", "provider.order", "did you mean 'groq'?")]
    [InlineData("""{"model":"openai/a","provider":{"only":["nobody-like-it"]}}""", "provider.only", "on are anthropic, deepseek, demo")]
    [InlineData("""{"model":"openai/a","provider":{"allow_fallbacks":"no"}}""", "provider.allow_fallbacks", "true or false")]
    [InlineData("""{"model":"openai/a","provider":{"sort":"quality"}}""", "provider.sort", "\"throughput\"")]
    [InlineData("""{"model":"openai/a","provider":{"sort":{"by":"price"}}}""", "provider.sort", "\"price\"")]
    [InlineData("""{"model":"openai/a","provider":{"max_price":1}}""", "provider.max_price", "dollars")]
    [InlineData("""{"model":"openai/a","provider":{"max_price":{"prompt":-1}}}""", "provider.max_price.prompt", "at least 0")]
    [InlineData("""{"model":"openai/a","provider":{"max_price":{"image":1}}}""", "provider.max_price.image", "cannot be honoured")]
    [InlineData("""{"model":"openai/a","provider":{"data_collection":"deny"}}""", "provider.data_collection", "cannot be honoured")]
    [InlineData("""{"model":"openai/a","provider":{"zdr":true}}""", "provider.zdr", "cannot be honoured")]
    [InlineData("""{"model":"openai/a","provider":{"quantizations":["fp8"]}}""", "provider.quantizations", "cannot be honoured")]
    [InlineData("""{"model":"openai/a","provider":{"oder":[]}}""", "provider.oder", "is unknown")]
    [InlineData("""{"model":"oss-120","provider":{"only":["anthropic"]}}""", "provider", "openai/oss-120 is not among provider.only")]
    [InlineData("""{"model":"oss-120","provider":{"max_price":{"prompt":0.5}}}""", "provider", "groq/oss-120 costs $1 a million prompt tokens, above provider.max_price")]
    [InlineData("""{"model":"openai/a","provider":{"only":["groq"]}}""", "provider", "openai/a is not among provider.only")]
    public async Task A_wish_that_cannot_be_understood_or_honoured_is_refused_by_name(string json, string param, string words)
    {
        GatewayError refused = await _routing.RefusalAsync(Options, json);

        Assert.Equal(param, refused.Param);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.True(refused.Status is 400 or 404);
    }

    [Fact]
    public async Task Throughput_and_latency_go_by_what_was_measured()
    {
        Measure("openai/oss-120", 200, 400);
        Measure("groq/oss-120", 100, 100);
        Measure("together/oss-120", 300, 200);
        Measure("my-box/oss-120", 400, 50);
        TestRouting seeded = _routing;

        Assert.Equal("openai/oss-120 together/oss-120 groq/oss-120 my-box/oss-120", await MostAsync("""{"model":"oss-120:nitro"}"""));
        Assert.Equal("groq/oss-120 openai/oss-120 together/oss-120 my-box/oss-120", await MostAsync("""{"model":"oss-120","provider":{"sort":"latency"}}"""));

        async Task<string> MostAsync(string json)
        {
            List<string> orders = [];
            for (int i = 0; i < 50; i++)
                orders.Add(string.Join(' ', await seeded.TargetsAsync(Options, json)));
            return orders.GroupBy(order => order).MaxBy(group => group.Count())!.Key;
        }

        void Measure(string target, int ttft, int tokensPerSecond)
        {
            TargetState state = _routing.States.Of(target);
            state.Began();
            state.Ended(new(HealthEffect.Success) { ToContent = TimeSpan.FromMilliseconds(ttft), Total = TimeSpan.FromMilliseconds(ttft) + TimeSpan.FromSeconds(10), OutputTokens = tokensPerSecond * 10 });
        }
    }

    [Fact]
    public async Task Required_parameters_make_translation_strict()
    {
        Exchange exchange = await _routing.RouteAsync(Options, "chat", """{"model":"r","provider":{"require_parameters":true}}""");

        Assert.True(exchange.Strict);
    }

    [Theory]
    [InlineData("1", false)]
    [InlineData("true", false)]
    [InlineData("0", true)]
    public async Task A_header_switches_fallbacks_off(string value, bool may) =>
        Assert.Equal(may, (await _routing.RouteAsync(Options, "chat", """{"model":"r"}""", headers: (HeaderNames.NoFallback, value))).Plan!.MayFallBack);

    [Theory]
    [InlineData(HeaderNames.NoFallback, "perhaps")]
    [InlineData(HeaderNames.Explain, "why")]
    [InlineData(HeaderNames.Metadata, "tier=gold")]
    [InlineData(HeaderNames.Metadata, "[1]")]
    [InlineData(HeaderNames.Metadata, """{"a":1}""")]
    [InlineData(HeaderNames.Metadata, """{"a":"1","a":"2"}""")]
    public async Task A_header_that_cannot_be_read_is_refused_by_name(string name, string value)
    {
        GatewayError refused = await _routing.RefusalAsync(Options, """{"model":"openai/a"}""", (name, value));

        Assert.Equal((ErrorKind.BadRequest, name), (refused.Kind, refused.Param));
    }

    [Fact]
    public async Task Metadata_is_bounded() => Assert.Equal(HeaderNames.Metadata,
        (await _routing.RefusalAsync(Options, """{"model":"openai/a"}""", (HeaderNames.Metadata, "{\"a\":\"" + new string('x', 2048) + "\"}"))).Param);

    [Fact]
    public async Task A_plain_model_costs_no_plan()
    {
        Exchange first = await _routing.RouteAsync(Options, "chat", """{"model":"openai/a"}""");
        Exchange second = await _routing.RouteAsync(Options, "chat", """{"model":"openai/a","messages":[{"role":"user","content":"models"}]}""");

        Assert.Same(first.Plan, second.Plan);
        Assert.Equal(Quality.Standard, first.Plan!.Targets[0].Known!.Quality);
    }

    [Fact]
    public async Task A_plain_model_allocates_nothing_in_the_routing_step()
    {
        Exchange exchange = await _routing.RouteAsync(Options, "chat",
            """{"model":"openai/a","temperature":0.2,"stream":true,"messages":[{"role":"system","content":"Be terse."},{"role":"user","content":"What is it?"}],"max_tokens":5}""");
        for (int i = 0; i < 200; i++)
            await _routing.RouteAsync(exchange);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            _ = _routing.RouteAsync(exchange);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}

using Perigee.Catalog;
using Perigee.Routing.Health;

namespace Perigee.Tests.Routing.Policies;

public class PolicyTests
{
    private const string Chat = """{"model":"r","messages":[]}""";

    private readonly TestRouting _routing = new(seed: 20260501);

    [Fact]
    public async Task In_order_keeps_the_order_and_names_each_target_once()
    {
        GatewayOptions options = TestModels.Options("""
            {"aliases":{"two":"groq/b"},"routes":{"r":{"targets":["openai/a","inner","two","openai/a"]},"inner":{"targets":["groq/b",{"targets":["anthropic/c"]}]}}}
            """);

        Assert.Equal(["openai/a", "groq/b", "anthropic/c"], await _routing.TargetsAsync(options, Chat));
    }

    [Fact]
    public async Task Weighted_gives_each_its_share_within_three_sigma()
    {
        GatewayOptions options = TestModels.Options("""
            {"routes":{"r":{"policy":"weighted","targets":["openai/a",{"target":"groq/b","weight":3},{"target":"gemini/z","weight":0},{"policy":"weighted","targets":["anthropic/c","anthropic/d"],"weight":6}]}}}
            """);
        const int Draws = 20_000;
        Dictionary<string, int> first = [], second = [];
        for (int i = 0; i < Draws; i++)
        {
            string[] targets = await _routing.TargetsAsync(options, Chat);
            first[targets[0]] = first.GetValueOrDefault(targets[0]) + 1;
            if (targets[0] == "openai/a")
                second[targets[1]] = second.GetValueOrDefault(targets[1]) + 1;
            Assert.Equal("gemini/z", targets[^1]);
        }

        AssertShare(first["openai/a"], 0.1, Draws);
        AssertShare(first["groq/b"], 0.3, Draws);
        AssertShare(first["anthropic/c"], 0.3, Draws);
        AssertShare(first["anthropic/d"], 0.3, Draws);

        // Who is next is drawn by weight among the rest.
        AssertShare(second["groq/b"], 3 / 9.0, first["openai/a"]);
    }

    [Fact]
    public async Task Weights_hold_among_those_that_can_serve()
    {
        GatewayOptions options = TestModels.Options(
            """{"routes":{"r":{"policy":"weighted","targets":[{"target":"openai/a","weight":2},{"target":"groq/b","weight":90},{"target":"anthropic/c","weight":6}]}}}""",
            TestModels.Model("openai/a") with { Tools = true }, TestModels.Model("groq/b"), TestModels.Model("anthropic/c") with { Tools = true });
        const int Draws = 20_000;
        int a = 0;
        for (int i = 0; i < Draws; i++)
        {
            string[] targets = await _routing.TargetsAsync(options, """{"model":"r","messages":[],"tools":[{"type":"function","function":{"name":"f"}}]}""");
            Assert.Equal(2, targets.Length);
            a += targets[0] == "openai/a" ? 1 : 0;
        }

        AssertShare(a, 0.25, Draws);
    }

    [Fact]
    public async Task Cheapest_is_never_dearer_than_another_that_could()
    {
        const int Seed = 7;
        Random random = new(Seed);
        for (int round = 0; round < 200; round++)
        {
            CatalogModel[] models = [.. Enumerable.Range(0, 6).Select(i => TestModels.Model($"{(i % 2 == 0 ? "openai" : "groq")}/m{i}") with
            {
                Price = random.Next(5) == 0 ? null : new(new(random.Next(0, 20_000_000), random.Next(0, 60_000_000))),
                Tools = random.Next(3) > 0,
            })];
            string names = string.Join(',', models.Select(model => $"\"{model.Provider}/{model.Id}\""));
            GatewayOptions options = TestModels.Options("{\"routes\":{\"r\":{\"policy\":\"cheapest\",\"targets\":[" + names + "]}}}", models);
            (int words, int most) = (random.Next(1, 40_000), random.Next(1, 2000));
            Exchange exchange = await _routing.RouteAsync(options, "chat",
                "{\"model\":\"r\",\"max_tokens\":" + most + ",\"messages\":[{\"content\":\"" + new string('x', words) + "\"}],\"tools\":[{\"type\":\"function\"}]}");

            double[] costs = [.. (exchange.Plan?.Targets ?? []).Select(target => Cost(target.Known!))];
            double[] able = [.. models.Where(model => model.Tools == true).Select(Cost).Order()];
            Assert.True(costs.SequenceEqual(able), $"seed {Seed}, round {round}: {string.Join(' ', costs)} is not {string.Join(' ', able)}");

            double Cost(CatalogModel model) => model.Estimate(exchange.Question!.Json.Length / 4, Math.Min(most, 500), default) ?? double.PositiveInfinity;
        }
    }

    [Fact]
    public async Task Cheapest_weighs_input_against_output_by_the_request()
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"policy":"cheapest","targets":["openai/unknown","openai/long","groq/short"]}}}""",
            TestModels.Model("openai/long", 0.1m, 90), TestModels.Model("groq/short", 2, 1));

        Assert.Equal(["groq/short", "openai/long", "openai/unknown"], await _routing.TargetsAsync(options, """{"model":"r","messages":[]}"""));
        Assert.Equal(["openai/long", "groq/short", "openai/unknown"],
            await _routing.TargetsAsync(options, $$"""{"model":"r","max_tokens":5,"messages":[{"content":"{{new string('x', 40_000)}}"}]}"""));
    }

    [Fact]
    public async Task Quickest_finds_the_quick_one_leaves_it_when_it_slows_and_comes_back()
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"policy":"quickest","targets":["openai/a","groq/b","anthropic/c"]}}}""");
        Dictionary<string, int> milliseconds = new() { ["openai/a"] = 900, ["groq/b"] = 150, ["anthropic/c"] = 500 };

        Assert.Equal(3, (await ServeAsync(3)).Count);
        Assert.True((await ServeAsync(1000)).GetValueOrDefault("groq/b") > 900);

        milliseconds["groq/b"] = 5000;
        await ServeAsync(200);
        Assert.True((await ServeAsync(1000)).GetValueOrDefault("anthropic/c") > 900);

        milliseconds["groq/b"] = 150;
        await ServeAsync(2000);
        Assert.True((await ServeAsync(1000)).GetValueOrDefault("groq/b") > 900);

        async Task<Dictionary<string, int>> ServeAsync(int requests)
        {
            Dictionary<string, int> served = [];
            for (int i = 0; i < requests; i++)
            {
                Exchange exchange = await _routing.RouteAsync(options, "chat", Chat);
                Target target = exchange.Plan!.Targets[0];
                served[target.Name] = served.GetValueOrDefault(target.Name) + 1;
                TimeSpan ttft = TimeSpan.FromMilliseconds(milliseconds[target.Name]);
                TargetState state = _routing.States.Of(target);
                state.Began();
                _routing.Time.Advance(TimeSpan.FromMilliseconds(100));
                state.Ended(new TryOutcome(HealthEffect.Success) { ToContent = ttft, Total = ttft + TimeSpan.FromSeconds(2), OutputTokens = 100 });
            }

            return served;
        }
    }

    [Fact]
    public async Task Least_busy_counts_calls_in_flight_and_ties_stay_in_order()
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"policy":"least-busy","targets":["openai/a","groq/b","anthropic/c"]}}}""");

        List<string> served = [];
        for (int i = 0; i < 7; i++)
        {
            Target target = (await _routing.RouteAsync(options, "chat", Chat)).Plan!.Targets[0];
            _routing.States.Of(target).Began();
            served.Add(target.Name);
        }

        Assert.Equal(["openai/a", "groq/b", "anthropic/c", "openai/a", "groq/b", "anthropic/c", "openai/a"], served);
    }

    [Fact]
    public async Task Most_headroom_prefers_plenty_to_unknown_and_unknown_to_little()
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"policy":"most-headroom","targets":["openai/a","groq/b","anthropic/c"]}}}""");
        string[] first = await _routing.TargetsAsync(options, Chat);
        _routing.States.Of("openai/a").Heard(0.1, TimeSpan.FromMinutes(1));
        _routing.States.Of("anthropic/c").Heard(0.8, TimeSpan.FromMinutes(1));

        Assert.Equal("openai/a", first[0]);
        Assert.Equal(["anthropic/c", "groq/b", "openai/a"], await _routing.TargetsAsync(options, Chat));
        _routing.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(["openai/a", "groq/b", "anthropic/c"], await _routing.TargetsAsync(options, Chat));
    }

    [Fact]
    public async Task Sticky_keeps_a_session_and_moves_no_more_than_its_share_when_a_target_is_added()
    {
        GatewayOptions three = TestModels.Options("""{"routes":{"r":{"policy":"sticky","targets":["openai/a",{"target":"groq/b","weight":2},"anthropic/c"]}}}""");
        GatewayOptions four = TestModels.Options("""{"routes":{"r":{"policy":"sticky","targets":["openai/a",{"target":"groq/b","weight":2},"anthropic/c","gemini/d"]}}}""");
        const int Sessions = 5000;
        int moved = 0, atB = 0;
        for (int i = 0; i < Sessions; i++)
        {
            string[] before = await _routing.TargetsAsync(three, Chat, (HeaderNames.Session, $"s{i}"));
            string[] again = await new TestRouting(seed: i).TargetsAsync(three, Chat, (HeaderNames.Session, $"s{i}"));
            string[] after = await _routing.TargetsAsync(four, Chat, (HeaderNames.Session, $"s{i}"));
            Assert.Equal(before, again);
            if (before[0] != after[0])
            {
                Assert.Equal("gemini/d", after[0]);
                moved++;
            }

            atB += before[0] == "groq/b" ? 1 : 0;
        }

        AssertShare(moved, 1 / 5.0, Sessions);
        AssertShare(atB, 1 / 2.0, Sessions);
    }

    [Theory]
    [InlineData("chat", """{"model":"r","session_id":"s1"}""")]
    [InlineData("chat", """{"model":"r","prompt_cache_key":"s1"}""")]
    [InlineData("chat", """{"model":"r","user":"s1"}""")]
    [InlineData("responses", """{"model":"r","safety_identifier":"s1"}""")]
    [InlineData("messages", """{"model":"r","metadata":{"user_id":"s1"}}""")]
    public async Task Every_dialect_can_say_what_its_session_is(string operation, string json)
    {
        GatewayOptions options = TestModels.Options(
            "{\"routes\":{\"r\":{\"policy\":\"sticky\",\"targets\":[" + string.Join(',', Enumerable.Range(0, 16).Select(i => $"\"openai/m{i}\"")) + "]}}}");

        Exchange exchange = await _routing.RouteAsync(options, operation, json);

        Assert.Equal(await _routing.TargetsAsync(options, Chat, (HeaderNames.Session, "s1")), exchange.Plan!.Targets.Select(target => target.Name));
        Assert.NotEqual("openai/m0", exchange.Plan.Targets[0].Name);
        Assert.Equal("openai/m0", (await _routing.TargetsAsync(options, Chat))[0]);
    }

    [Fact]
    public async Task Who_is_down_goes_last_by_the_time_of_its_next_probe_and_one_request_probes()
    {
        GatewayOptions options = TestModels.Options("""{"routes":{"r":{"targets":["openai/a","groq/b","anthropic/c"]}}}""");
        TryOutcome down = new(HealthEffect.Limited) { RetryAfter = TimeSpan.FromSeconds(30), Total = TimeSpan.FromSeconds(1) };
        Fail("openai/a", down);
        Fail("groq/b", down with { RetryAfter = TimeSpan.FromSeconds(10) });

        Assert.Equal(["anthropic/c", "groq/b", "openai/a"], await _routing.TargetsAsync(options, Chat));
        Fail("anthropic/c", down with { RetryAfter = TimeSpan.FromSeconds(20) });
        Assert.Equal(["groq/b", "anthropic/c", "openai/a"], await _routing.TargetsAsync(options, Chat));

        _routing.Time.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(["groq/b", "anthropic/c", "openai/a"], await _routing.TargetsAsync(options, Chat, (HeaderNames.Explain, "1")));
        Assert.Equal("groq/b", (await _routing.TargetsAsync(options, Chat))[0]);
        Assert.Equal("anthropic/c", (await _routing.TargetsAsync(options, Chat))[0]);
        Assert.Equal(3, (await _routing.TargetsAsync(options, Chat)).Length);

        void Fail(string target, TryOutcome outcome)
        {
            _routing.Time.Advance(TimeSpan.FromMilliseconds(1));
            _routing.States.Of(target).Began();
            _routing.States.Of(target).Ended(outcome with { Total = TimeSpan.Zero });
        }
    }

    private static void AssertShare(int count, double share, int of)
    {
        double sigma = Math.Sqrt(of * share * (1 - share));
        Assert.InRange(count, (of * share) - (3 * sigma), (of * share) + (3 * sigma));
    }
}

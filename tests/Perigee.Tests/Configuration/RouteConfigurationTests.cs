using Perigee.Routing.Policies;

namespace Perigee.Tests.Configuration;

public class RouteConfigurationTests
{
    [Fact]
    public void Routes_are_read_with_everything_that_they_can_say()
    {
        GatewayOptions options = Settings.Read("""
            {
              "aliases": { "fast": "groq/llama-3.3-70b-versatile" },
              "timeouts": { "idleSeconds": 30, "firstTokenSeconds": 20 },
              "retries": { "max": 1 },
              "breaker": { "failures": 3, "openSeconds": 9 },
              "routes": {
                "smart": {
                  "policy": "conditional",
                  "targets": [
                    { "target": "openai/gpt-5-mini", "when": { "metadata": { "tier": ["gold", "silver"] }, "headers": { "x-team": "a" }, "tokens": { "atMost": 100 }, "tools": true, "operation": "chat" } },
                    { "policy": "weighted", "targets": ["fast", { "target": "other", "weight": 3 }] },
                  ],
                  "onContextWindow": ["gemini/gemini-3.6-flash"], "onContentPolicy": ["other"],
                  "fallback": false, "retries": { "waitMilliseconds": 0 }, "timeouts": { "idleSeconds": 5, "holdSeconds": 0 }, "hedge": true,
                },
                "other": { "targets": ["anthropic/claude-sonnet-5"], "hedge": { "percent": 7 } },
                "openai/gpt-4o": { "targets": ["openai/gpt-4o", "azure/gpt-4o"] },
              }
            }
            """);

        Route smart = options.Routes["smart"];
        PolicyNode root = Assert.IsType<PolicyNode>(smart.Root);
        Assert.Equal((RoutePolicy.Conditional, 2), (root.Policy, root.Choices.Count));
        RouteCondition when = root.Choices[0].When!;
        Assert.Equal((new LongRange(0, 100), true, "chat"), (when.Tokens, when.Tools, Assert.Single(when.Operations!)));
        Assert.Equal("tier", when.Metadata[0].Key);
        Assert.Equal(["gold", "silver"], when.Metadata[0].Value.Order(StringComparer.Ordinal));
        PolicyNode nested = Assert.IsType<PolicyNode>(root.Choices[1].Node);
        Assert.Equal(new RouteChoice(new NamedNode("other"), 3), nested.Choices[1]);
        Assert.Equal(new ModelNode("fast"), nested.Choices[0].Node);
        Assert.Equal([new NamedNode("other")], smart.OnContentPolicy);
        Assert.False(smart.MayFallBack);
        Assert.Equal(new RetryOptions { Most = 1, LongestWait = TimeSpan.Zero }, smart.Retries);
        Assert.Equal(new TimeoutOptions { Idle = TimeSpan.FromSeconds(5), Hold = TimeSpan.Zero, FirstToken = TimeSpan.FromSeconds(20) }, smart.Timeouts);
        Assert.Equal(new HedgeOptions(), smart.Hedge);
        Assert.Equal(7, options.Routes["other"].Hedge!.Percent);
        Assert.Equal((3, TimeSpan.FromSeconds(9)), (options.Breaker.Failures, options.Breaker.Open));
        Assert.Equal(new ModelNode("openai/gpt-4o"), ((PolicyNode)options.Routes["openai/gpt-4o"].Root).Choices[0].Node);
    }

    [Fact]
    public void The_environment_overrides_what_holds_for_all()
    {
        GatewayOptions options = Settings.Read("""{"timeouts":{"totalSeconds":5},"routes":{"r":{"targets":["openai/m"],"timeouts":{"totalSeconds":7},"retries":{"max":4}}}}""",
            ("PERIGEE_TOTAL_SECONDS", "9"), ("PERIGEE_HOLD_SECONDS", "0"), ("PERIGEE_RETRIES", "0"), ("PERIGEE_BREAKER_FAILURES", "2"));

        Assert.Equal((9, 0, 0, 2), (options.Timeouts.Total.TotalSeconds, options.Timeouts.Hold.TotalSeconds, options.Retries.Most, options.Breaker.Failures));
        Assert.Equal((7, 4), (options.Routes["r"].Timeouts!.Total.TotalSeconds, options.Routes["r"].Retries!.Most));
    }

    [Fact]
    public void Every_fault_of_a_route_is_reported_at_once_with_its_path()
    {
        string[] faults = Settings.Faults("""
            {
              "aliases": { "fast": "openai/gpt-5-mini" },
              "routes": {
                "fast": { "targets": ["openai/gpt-5-mini"] },
                "a": { "policy": "weigthed", "targets": ["opneai/gpt-5-mini", "fats", "nothing-like-it", 7, { "target": "b", "weight": 2 }] },
                "b": { "targets": ["c"] },
                "c": { "policy": "weighted", "targets": [{ "target": "b", "weight": 0 }, { "target": "openai/m", "weight": 0 }] },
                "d": {},
                "e": { "policy": "cheapest", "targets": [{ "target": "openai/m", "when": { "tools": true } }, { "target": "openai/m", "policy": "sticky" }, {}] },
                "f": {
                  "policy": "conditional",
                  "targets": [
                    { "target": "openai/m", "when": { "headers": { "Authorization": "x", "x-api-key": "y", "x-ok": [] }, "operation": "chatt", "dialect": ["openai", "cohere"] } },
                    { "target": "openai/m", "when": {} },
                    { "target": "openai/m", "when": { "tokens": {}, "bodyBytes": { "atLeast": 5, "atMost": 4 }, "user": 3, "tool": true } }
                  ],
                  "onContextWindow": ["nowhere"], "hedge": { "percent": 0, "after": 3 }, "retries": { "max": 99 }, "timeouts": [], "fallback": "no", "targtes": []
                },
                "g": { "targets": ["g"] },
                "bad name": { "targets": ["openai/m"] }
              }
            }
            """);

        Assert.Equal(Expected, string.Join('\n', faults));
    }

    private const string Expected = """
        routes.fast: is an alias too: keep one of both.
        routes.a.policy: is none of: in-order, weighted, cheapest, quickest, least-busy, most-headroom, conditional, sticky; did you mean weighted?
        routes.a.targets[3]: is a number; a string or an object is needed.
        routes.a.targets[0]: names a provider that is neither built in nor under providers; did you mean openai?
        routes.a.targets[1]: has to name provider/model, an alias or another route; did you mean fast?
        routes.a.targets[2]: has to name provider/model, an alias or another route.
        routes.a.targets[4].weight: counts under the policies weighted and sticky only.
        routes.c.targets: has weights of 0 only: nothing could ever be chosen.
        routes.d.targets: is needed: a list of provider/model, aliases, other routes, or objects with a target or a policy of their own.
        routes.e.targets[0].when: counts under the policy conditional only.
        routes.e.targets[1].policy: does not go with target: keep one of both.
        routes.e.targets[2].targets: is needed: a list of provider/model, aliases, other routes, or objects with a target or a policy of their own.
        routes.f.targets[0].when.headers.x-ok: is an empty list: nothing could ever be in it.
        routes.f.targets[0].when.headers.Authorization: is not a header that a condition may look at: keys and sessions stay out of this file.
        routes.f.targets[0].when.headers.x-api-key: is not a header that a condition may look at: keys and sessions stay out of this file.
        routes.f.targets[0].when.operation: is unknown; did you mean chat?
        routes.f.targets[0].when.dialect: is none of: openai, anthropic, gemini.
        routes.f.targets[1].when: states nothing: leave it out for the target that is used where no condition holds.
        routes.f.targets[2].when.user: is a number; a string or a list of strings is needed.
        routes.f.targets[2].when.bodyBytes.atLeast: is more than atMost: nothing could ever be in between.
        routes.f.targets[2].when.tokens: needs atLeast, atMost or both.
        routes.f.targets[2].when.tool: is unknown; did you mean tools?
        routes.f.onContextWindow[0]: has to name provider/model, an alias or another route.
        routes.f.fallback: is a string; true or false is needed.
        routes.f.timeouts: is a list; an object is needed.
        routes.f.retries.max: has to be a whole number from 0 to 10.
        routes.f.hedge.percent: has to be a whole number from 1 to 100.
        routes.f.hedge.after: is unknown; known here: percent, afterMilliseconds.
        routes.f.targtes: is unknown; did you mean targets?
        routes["bad name"]: is not a usable name: 1 to 256 letters, digits and . _ - : / @ + ~ are allowed.
        routes.b: leads back to itself: b -> c -> b.
        routes.c: leads back to itself: c -> b -> c.
        routes.g: leads back to itself: g -> g.
        """;
}

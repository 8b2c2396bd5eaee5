using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Limits;
using Perigee.Tests.Caching.Proving;
using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Limits.Proving;

/// <summary>What limits cannot be got around by: questions that say no length, names that lead elsewhere, what the gateway asks itself. A token in costs 1 micro-dollar here, one out 10.</summary>
public sealed class LimitBoundsTests
{
    private const string Models = """
        "aliases": {"fast": "openai/m1"}, "routes": {"best": {"targets": ["anthropic/m1", "openai/m1"]}},
        "models": {"openai/m1": {"maxOutputTokens": 9000, "price": {"input": 1, "output": 10}}, "anthropic/m1": {"price": {"input": 1, "output": 10}}}
        """;

    private readonly FakeLedger _ledger = new();

    [Fact]
    public async Task A_question_that_says_no_length_reserves_the_money_of_the_longest_answer()
    {
        await using Scene scene = await StartAsync("""{"meter":"money","amount":1,"per":"day"}, {"meter":"tokens","amount":100000,"per":"minute"}""");
        Reply reply = await scene.One.PostAsync("/v1/chat/completions", Body("openai/m1"), ("x-perigee-cache", "off"));

        Assert.Equal(200, reply.Status);
        await SettledAsync(1);
        LimitAmounts asked = Assert.Single(_ledger.Asked);
        Assert.Equal((4096L, asked.InputTokens + 90_000), (asked.OutputTokens, asked.MicroDollars));
        Assert.Equal("", reply.Header("x-perigee-max-tokens"));
        Assert.False(Json.Parse(Assert.Single(scene.Provider.Bodies)).TryGetProperty("max_tokens", out _));
        Assert.Equal(81, _ledger.SpentOf("gateway|money-day"));
    }

    [Theory]
    [InlineData("0.05", 4096, 5000)]
    [InlineData("0.02", 0, 0)]
    public async Task Where_that_is_not_left_it_is_told_what_is_unless_the_likely_answer_is_not_affordable(string dollars, long least, long most)
    {
        await using Scene scene = await StartAsync($$"""{"meter":"money","amount":{{dollars}},"per":"day"}""");
        Reply reply = await scene.One.PostAsync("/v1/chat/completions", Body("openai/m1"), ("x-perigee-cache", "off"));

        if (most == 0)
        {
            Assert.Equal((402, 0), (reply.Status, scene.Calls));
            Assert.Contains("this request may cost $0.04", reply.Body, StringComparison.Ordinal);
            return;
        }

        Assert.Equal(200, reply.Status);
        await SettledAsync(1);
        long told = long.Parse(reply.Header("x-perigee-max-tokens"), CultureInfo.InvariantCulture);
        Assert.InRange(told, least, most);
        Assert.Equal(told, Json.Parse(Assert.Single(scene.Provider.Bodies)).GetProperty("max_tokens").GetInt64());
        Assert.InRange(_ledger.Asked[^1].MicroDollars, 10 * told, 50_000);
    }

    [Theory]
    [InlineData("openai/m1", true)]
    [InlineData("fast", true)]
    [InlineData("best", true)]
    [InlineData("anthropic/m1", false)]
    public async Task No_alias_and_no_route_leads_around_a_limit_of_a_model(string model, bool limited)
    {
        foreach (string pattern in (string[])["openai/m1", "openai/*"])
        {
            await using Scene scene = await StartAsync($$"""{"name":"all","meter":"requests","amount":9,"per":"minute"}, {"name":"one","meter":"requests","amount":9,"per":"minute","model":"{{pattern}}"}""");
            Assert.Equal(200, (await scene.One.PostAsync("/v1/chat/completions", Body(model), ("x-perigee-cache", "off"))).Status);
            Assert.Equal(limited ? ["all", "one"] : ["all"], _ledger.Rules[^1].Select(static rule => rule.Name));
        }
    }

    private static string Body(string model) => $$"""{"model":"{{model}}","messages":[{"role":"user","content":"What is new?"}]}""";

    private Task SettledAsync(int count) => Eventually.IsTrueAsync(() => Task.FromResult(_ledger.Settled.Count >= count), $"{count} requests are settled");

    private Task<Scene> StartAsync(string rules) =>
        Scene.StartAsync($$"""{{Models}}, "limits": {"rules": [{{rules}}]}""", services: services => services.AddSingleton<ILimitLedger>(_ledger));
}

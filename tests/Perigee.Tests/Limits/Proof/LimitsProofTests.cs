using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Limits;
using Perigee.Tests.Caching.Proving;
using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Limits.Proving;

/// <summary>Limits through the whole gateway, on the wire at both ends, over a ledger that counts exactly. A token in costs 1 micro-dollar here, one out 10.</summary>
public sealed class LimitsProofTests
{
    private const string Priced = """
        "models": {"openai/m1": {"price": {"input": 1, "output": 10}}, "anthropic/m1": {"price": {"input": 1, "output": 10}}, "gemini/m1": {"price": {"input": 1, "output": 10}}}
        """;

    private readonly FakeLedger _ledger = new();

    public static TheoryData<string> Forms() => [.. Form.All.Select(form => form.Name)];

    /// <summary>Every form, to a provider of its dialect and of another.</summary>
    public static TheoryData<string, string> Ways()
    {
        TheoryData<string, string> ways = [];
        foreach (Form form in Form.All)
        {
            foreach ((string name, _) in Provider.Names)
                ways.Add(form.Name, name);
        }

        return ways;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task What_was_reserved_is_settled_with_the_truth(string name, string provider)
    {
        await using Scene scene = await StartAsync("""{"meter":"money","amount":1,"per":"day"}, {"meter":"tokens","amount":100000,"per":"minute"}""");
        Form form = Form.Of(name);
        Reply reply = await scene.One.AskAsync(form, $"{provider}/m1");

        Assert.Equal(200, reply.Status);
        await SettledAsync(1);
        LimitAmounts asked = Assert.Single(_ledger.Asked);
        Assert.Equal((50L, asked.InputTokens + 500, 1L), (asked.OutputTokens, asked.MicroDollars, asked.Requests));
        Assert.InRange(asked.InputTokens, 30, 400);
        Assert.Equal(new LimitAmounts(11, 7, 81), Assert.Single(_ledger.Settled));
        Assert.Equal((81L, 18L), (_ledger.SpentOf("gateway|money-day"), _ledger.SpentOf("gateway|tokens-minute")));
        Assert.Equal("1.00", reply.Header("x-perigee-budget-limit"));
        Assert.Equal(HeaderTexts.DollarsOf(asked.MicroDollars), reply.Header("x-perigee-budget-spent"));
        Assert.Equal(HeaderTexts.DollarsOf(1_000_000 - asked.MicroDollars), reply.Header("x-perigee-budget-remaining"));
        Assert.Equal("2026-11-24T14:00:30Z", reply.Header("x-perigee-budget-reset"));
        string of = form.Dialect == Dialects.Anthropic ? "anthropic-ratelimit-tokens-limit" : "x-ratelimit-limit-tokens";
        Assert.Equal("100000", reply.Header(of));
        Assert.Equal("", reply.Header("x-perigee-max-tokens"));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Who_is_over_a_limit_is_told_in_the_words_of_its_dialect(string name)
    {
        await using Scene scene = await StartAsync("""{"meter":"requests","amount":1,"per":"minute"}""");
        Form form = Form.Of(name);
        Assert.Equal(200, (await scene.One.AskAsync(form, Model(form))).Status);
        await SettledAsync(1);
        Reply refused = await scene.One.AskAsync(form, Model(form), "Something else?");

        Assert.Equal((429, "30"), (refused.Status, refused.Header("Retry-After")));
        const string Message = "The gateway's limit 'requests-minute' is reached: 1 requests a minute. Try again in 30s.";
        JsonElement error = refused.Json.GetProperty("error");
        Assert.Equal(Message, error.GetProperty("message").GetString());
        switch (form.Dialect)
        {
            case Dialects.OpenAi:
                Assert.Equal(("rate_limit_error", "rate_limit_exceeded"), (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
                Assert.Equal(("1", "0", "30s"), (refused.Header("x-ratelimit-limit-requests"), refused.Header("x-ratelimit-remaining-requests"), refused.Header("x-ratelimit-reset-requests")));
                break;
            case Dialects.Anthropic:
                Assert.Equal(("error", "rate_limit_error"), (refused.Json.GetProperty("type").GetString(), error.GetProperty("type").GetString()));
                Assert.Equal(("1", "0", "2026-11-24T14:00:30Z"),
                    (refused.Header("anthropic-ratelimit-requests-limit"), refused.Header("anthropic-ratelimit-requests-remaining"), refused.Header("anthropic-ratelimit-requests-reset")));
                Assert.Equal("", refused.Header("x-ratelimit-limit-requests"));
                break;
            default:
                Assert.Equal((429, "RESOURCE_EXHAUSTED"), (error.GetProperty("code").GetInt32(), error.GetProperty("status").GetString()));
                Assert.Equal("1", refused.Header("x-ratelimit-limit-requests"));
                break;
        }

        Assert.Equal(1, scene.Calls);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task A_spent_budget_is_a_402_that_names_limit_spent_and_reset(string name)
    {
        await using Scene scene = await StartAsync("""{"name":"team-x","meter":"money","amount":0.0003,"per":"month"}""");
        Form form = Form.Of(name);
        Reply refused = await scene.One.AskAsync(form, Model(form));

        Assert.Equal(402, refused.Status);
        JsonElement error = refused.Json.GetProperty("error");
        string message = error.GetProperty("message").GetString()!;
        Assert.StartsWith("The gateway's limit 'team-x' is spent: $0.00 of $0.0003 a month, $0.0003 left, and this request may cost $0.000", message, StringComparison.Ordinal);
        Assert.Equal(form.Dialect switch { Dialects.OpenAi => "insufficient_quota", Dialects.Anthropic => "billing_error", _ => "RESOURCE_EXHAUSTED" },
            error.GetProperty(form.Dialect == Dialects.Gemini ? "status" : "type").GetString());
        Assert.Equal(0, scene.Calls);
        Assert.Empty(_ledger.Settled);
    }

    [Fact]
    public async Task A_budget_that_begins_anew_says_when()
    {
        await using Scene scene = await StartAsync("""{"meter":"money","amount":0.000735,"per":"day"}""");
        Assert.Equal(200, (await scene.One.AskAsync(Form.OpenAi, "openai/m1")).Status);
        await SettledAsync(1);
        Reply refused = await scene.One.AskAsync(Form.OpenAi, "openai/m1", "Something else?");

        Assert.Equal((402, "30"), (refused.Status, refused.Header("Retry-After")));
        Assert.Contains("is spent: $0.000081 of $0.000735 a day, $0.000654 left, and this request may cost $0.000", refused.Body, StringComparison.Ordinal);
        Assert.Contains("It begins anew 2026-11-24T14:00:30Z.", refused.Body, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Where_money_is_short_the_answer_is_asked_for_shorter(string name, string provider)
    {
        await using Scene scene = await StartAsync("""{"meter":"money","amount":0.0006,"per":"day","clamp":true}""");
        Reply reply = await scene.One.AskAsync(Form.Of(name), $"{provider}/m1");

        Assert.Equal(200, reply.Status);
        await SettledAsync(1);
        long most = long.Parse(reply.Header("x-perigee-max-tokens"), CultureInfo.InvariantCulture);
        LimitAmounts reserved = _ledger.Asked[^1];
        Assert.InRange(most, 16, 49);
        Assert.Equal(most, reserved.OutputTokens);
        Assert.InRange(reserved.MicroDollars, 591, 600);
        JsonElement body = Json.Parse(Assert.Single(scene.Provider.Bodies));
        JsonElement said = provider == "gemini" ? body.GetProperty("generationConfig").GetProperty("maxOutputTokens") : body.GetProperty("max_tokens");
        Assert.Equal(most, said.GetInt64());
        Assert.Equal(81, _ledger.SpentOf("gateway|money-day"));
    }

    [Theory]
    [InlineData("", 402)]
    [InlineData(""","clamp":true""", 402)]
    public async Task An_answer_of_a_few_tokens_is_none(string clamp, int status)
    {
        await using Scene scene = await StartAsync($$"""{"meter":"money","amount":0.0002,"per":"day"{{clamp}}}""");
        Reply reply = await scene.One.AskAsync(Form.OpenAi, "openai/m1");
        Assert.Equal(status, reply.Status);
        Assert.Equal("", reply.Header("x-perigee-max-tokens"));
    }

    [Theory]
    [InlineData("openai stream")]
    [InlineData("anthropic stream")]
    [InlineData("gemini stream")]
    public async Task A_stream_cut_by_the_provider_costs_what_could_be_counted(string name)
    {
        await using Scene scene = await StartAsync("""{"meter":"money","amount":1,"per":"day"}""");
        scene.Provider.Says = new Speech("One piece of words, ", "another piece of words, ", "a third.") { Broken = true };
        Form form = Form.Of(name);
        await scene.One.AskAsync(form, Model(form));
        await SettledAsync(1);

        LimitAmounts asked = _ledger.Asked.Single(), taken = Assert.Single(_ledger.Settled);
        Assert.InRange(taken.OutputTokens, 3, 40);
        Assert.Equal(form.Dialect == Dialects.OpenAi ? asked.InputTokens : Speech.Input, taken.InputTokens);
        Assert.Equal(taken.InputTokens + (10 * taken.OutputTokens), taken.MicroDollars);
    }

    [Theory]
    [InlineData("openai stream")]
    [InlineData("anthropic stream")]
    public async Task A_client_that_leaves_pays_for_what_was_made(string name)
    {
        await using Scene scene = await StartAsync("""{"meter":"money","amount":1,"per":"day"}, {"meter":"concurrency","amount":5}""");
        TaskCompletionSource never = new();
        scene.Provider.Says = new Speech("a", string.Concat(Enumerable.Repeat("many words ", 40)), "b");
        scene.Provider.Between = said => said < 4 ? Task.CompletedTask : never.Task;
        Form form = Form.Of(name);
        using (CancellationTokenSource leaves = new())
        using (HttpResponseMessage answer = await scene.One.SendAsync(form, Model(form), "What is new?", "", leaves.Token, ("x-perigee-cache", "off")))
        {
            Stream body = await answer.Content.ReadAsStreamAsync(leaves.Token);
            byte[] read = new byte[600];
            Assert.Equal(read.Length, await body.ReadAtLeastAsync(read, read.Length, cancellationToken: leaves.Token));
            Assert.Equal(1, _ledger.SpentOf("gateway|concurrency"));
            await leaves.CancelAsync();
        }

        await SettledAsync(1);
        never.SetResult();
        LimitAmounts taken = _ledger.Settled.Single();
        // Anthropic told one output token when it began: what was heard since counts.
        Assert.True(taken is { InputTokens: > 0, OutputTokens: > 50 } && taken.MicroDollars == taken.InputTokens + (10 * taken.OutputTokens), taken.ToString());
        Assert.Equal(0, _ledger.SpentOf("gateway|concurrency"));
    }

    [Fact]
    public async Task A_replay_costs_a_request_and_nothing_else()
    {
        await using Scene scene = await StartAsync("""{"meter":"money","amount":1,"per":"day"}, {"meter":"requests","amount":10,"per":"minute"}""");
        Assert.Equal("miss", (await scene.One.AskAsync(Form.OpenAi, "openai/m1")).Cache);
        await SettledAsync(1);
        Assert.Equal("hit", (await scene.One.AskAsync(Form.OpenAi, "openai/m1")).Cache);
        await SettledAsync(2);

        Assert.Equal([new LimitAmounts(11, 7, 81), new LimitAmounts(0, 0, 0)], _ledger.Settled);
        Assert.Equal((81L, 2L), (_ledger.SpentOf("gateway|money-day"), _ledger.SpentOf("gateway|requests-minute")));
    }

    [Fact]
    public async Task Of_those_who_share_a_call_the_first_pays()
    {
        await using Scene scene = await StartAsync("""{"meter":"money","amount":1,"per":"day"}""");
        TaskCompletionSource gate = new();
        scene.Provider.Between = _ => gate.Task;
        Task<Reply> first = scene.One.AskAsync(Form.OpenAiStream, "openai/m1");
        await Eventually.IsTrueAsync(() => Task.FromResult(scene.Calls == 1), "the call is under way");
        Task<Reply> second = scene.One.AskAsync(Form.OpenAiStream, "openai/m1");
        await Eventually.IsTrueAsync(() => Task.FromResult(_ledger.Asked.Count == 2), "the second is let in");
        await Task.Yield();
        gate.SetResult();

        Assert.Equal((200, 200), ((await first).Status, (await second).Status));
        await SettledAsync(2);
        Assert.Equal((1, 81L), (scene.Calls, _ledger.SpentOf("gateway|money-day")));
    }

    [Theory]
    [InlineData("block", 402)]
    [InlineData("allow", 200)]
    public async Task A_price_that_is_not_known_blocks_or_is_said(string policy, int status)
    {
        await using Scene scene = await StartAsync("""{"meter":"money","amount":1,"per":"day"}""", $"\"unknownPrice\": \"{policy}\", ");
        Reply reply = await scene.One.AskAsync(Form.OpenAi, "openai/m2");

        Assert.Equal(status, reply.Status);
        if (policy == "allow")
        {
            Assert.Equal("false", reply.Header("x-perigee-price-known"));
            await SettledAsync(1);
            Assert.Equal(new LimitAmounts(11, 7, 0), _ledger.Settled.Single());
            return;
        }

        Assert.Contains("'openai/m2'", reply.Body, StringComparison.Ordinal);
        Assert.Contains("'models' in perigee.json", reply.Body, StringComparison.Ordinal);
        Assert.Empty(_ledger.Asked);
        Assert.Equal(0, scene.Calls);
    }

    [Fact]
    public async Task What_a_provider_refuses_costs_no_money_and_what_never_goes_out_neither()
    {
        await using Scene scene = await StartAsync("""{"meter":"money","amount":1,"per":"day"}, {"meter":"requests","amount":10,"per":"minute"}""");
        scene.Provider.Instead = static async asked =>
        {
            await Provider.SendAsync(asked.Http, 500, """{"error":{"message":"broken","type":"server_error"}}""");
            return true;
        };
        Assert.Equal(500, (await scene.One.AskAsync(Form.OpenAi, "openai/m1")).Status);
        Assert.Equal(404, (await scene.One.AskAsync(Form.OpenAi, "openai/m1", headers: ("x-perigee-cache", "only"))).Status);
        await SettledAsync(2);
        Assert.Equal([new LimitAmounts(0, 0, 0), new LimitAmounts(0, 0, 0)], _ledger.Settled);
        Assert.Equal((0L, 2L), (_ledger.SpentOf("gateway|money-day"), _ledger.SpentOf("gateway|requests-minute")));
    }

    [Fact]
    public async Task The_answers_service_tier_is_what_is_paid()
    {
        await using Scene scene = await StartAsync("""{"meter":"money","amount":1,"per":"day"}""",
            models: """ "models": {"openai/m1": {"price": {"input": 1, "output": 10, "priority": {"input": 2, "output": 20}, "flex": {"input": 0.5, "output": 5}}}} """);
        int asked = 0;
        foreach ((string tier, long micro) in ((string, long)[])[("default", 81), ("flex", 41), ("priority", 162)])
        {
            scene.Provider.Instead = async call =>
            {
                await Provider.SendAsync(call.Http, 200, Speech.Text.Whole(Dialects.OpenAi)[..^1] + $",\"service_tier\":\"{tier}\"}}");
                return true;
            };
            Assert.Equal(200, (await scene.One.AskAsync(Form.OpenAi, "openai/m1", headers: ("x-perigee-cache", "off"))).Status);
            await SettledAsync(++asked);
            Assert.Equal(micro, _ledger.Settled[^1].MicroDollars);
        }
    }

    [Fact]
    public async Task The_operator_sees_how_limits_stand()
    {
        await using Scene scene = await StartAsync("""{"meter":"money","amount":1,"per":"day","timeZone":"Europe/Vienna"}, {"name":"all","meter":"requests","amount":10,"per":"minute"}""");
        await scene.One.AskAsync(Form.OpenAi, "openai/m1");
        await SettledAsync(1);
        Reply reply = await scene.One.ManageAsync(HttpMethod.Get, "/manage/v1/limits");

        Assert.Equal(
            """
            {"owner":"gateway","limits":[
            {"limit":{"name":"money-day","meter":"money","amount":1,"per":"day","window":"fixed","timeZone":"Europe/Vienna","storageDown":"deny","strict":false,"clamp":false},"spent":0.000081,"remaining":0.999919,"reset":"2026-11-24T14:00:30Z"},
            {"limit":{"name":"all","meter":"requests","amount":10,"per":"minute","window":"sliding","storageDown":"deny","strict":false},"spent":1,"remaining":9,"reset":"2026-11-24T14:00:30Z"}]}
            """.ReplaceLineEndings(""), reply.Body);
        Assert.Equal(404, (await scene.One.ManageAsync(HttpMethod.Get, "/manage/v1/limits?owner=key_none")).Status);
        Assert.Equal(401, (int)(await scene.One.Http.GetAsync("/manage/v1/limits", TestContext.Current.CancellationToken)).StatusCode);
    }

    /// <summary>A client may have its answer before the request is over.</summary>
    private Task SettledAsync(int count) => Eventually.IsTrueAsync(() => Task.FromResult(_ledger.Settled.Count >= count), $"{count} requests are settled");

    private static string Model(Form form) => form.Dialect switch { Dialects.OpenAi => "openai/m1", Dialects.Anthropic => "anthropic/m1", _ => "gemini/m1" };

    private Task<Scene> StartAsync(string rules, string limits = "", string models = Priced) =>
        Scene.StartAsync($$"""{{models}}, "limits": { {{limits}}"rules": [{{rules}}] }""", services: services => services.AddSingleton<ILimitLedger>(_ledger));
}

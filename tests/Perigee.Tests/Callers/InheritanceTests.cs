using System.Text.Json;
using Perigee.Callers;
using Perigee.Tests.Caching.Proving;

namespace Perigee.Tests.Callers;

/// <summary>What organisation, team and key say holds for what is asked with the key: through the whole gateway.</summary>
public sealed class InheritanceTests
{
    [Fact]
    public async Task A_narrower_level_can_only_narrow_what_models_may_be_used()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        await scene.One.MakeAsync("organisations", """{"id":"org_a","name":"A","allowedModels":["openai/*","anthropic/m"]}""");
        await scene.One.MakeAsync("teams", """{"id":"team_a","organisation":"org_a","name":"A1","allowedModels":["openai/m*","gemini/*"]}""");
        (string key, _) = await scene.One.MakeKeyAsync("""
            "team":"team_a","allowedModels":["*"]
            """);
        Assert.Equal(200, (await scene.One.AskAsync(key, "openai/m")).Status);
        int calls = scene.Calls;
        foreach (string model in (string[])["openai/other", "anthropic/m", "gemini/m"])
        {
            foreach (Form form in (Form[])[Form.OpenAi, Form.AnthropicStream, Form.Gemini])
            {
                Reply refused = await scene.One.AskAsync(key, model, form);
                Assert.True(refused.Status == 403, $"{model} {form.Name}: {refused}");
                Assert.Contains("openai/*, anthropic/m; and of these only: openai/m*, gemini/*", refused.Message(), StringComparison.Ordinal);
            }
        }

        Assert.Equal(calls, scene.Calls);
    }

    [Fact]
    public async Task No_route_no_fallback_and_no_auto_reaches_a_forbidden_model()
    {
        await using Scene scene = await Scene.StartClosedAsync("""
            "routes": {"smart": {"targets": ["anthropic/m", "openai/m", "gemini/m"]}, "other": {"targets": ["anthropic/m"]}}, "aliases": {"fast": "anthropic/m"}
            """);
        (string key, _) = await scene.One.MakeKeyAsync("""
            "allowedModels":["openai/*"]
            """);
        Assert.Equal("openai/m", (await scene.One.AskAsync(key, "smart")).Header("x-perigee-target"));
        Assert.Equal(403, (await scene.One.AskAsync(key, "other")).Status);
        Assert.Equal(403, (await scene.One.AskAsync(key, "fast")).Status);
        scene.Provider.Instead = static async asked =>
        {
            await Provider.SendAsync(asked.Http, 500, "{}");
            return true;
        };
        int calls = scene.Calls;
        Assert.InRange((await scene.One.AskAsync(key, "smart")).Status, 500, 599);
        Assert.InRange((await scene.One.AskAsync(key, "openai/m", more: "\"models\":[\"anthropic/m\",\"fast\",\"gemini/m\"],")).Status, 500, 599);
        Assert.Equal(calls + 2, scene.Calls);
    }

    [Fact]
    public async Task Who_may_use_routes_alone_names_no_model_and_gets_what_they_choose()
    {
        await using Scene scene = await Scene.StartClosedAsync("""
            "routes": {"smart": {"targets": ["openai/m"]}, "other": {"targets": ["anthropic/m"]}}
            """);
        (string key, _) = await scene.One.MakeKeyAsync("""
            "allowedRoutes":["sm*"]
            """);
        Assert.Equal(200, (await scene.One.AskAsync(key, "smart")).Status);
        foreach (string model in (string[])["other", "openai/m", "auto", "openai/m:floor"])
            Assert.Equal(403, (await scene.One.AskAsync(key, model)).Status);
        Assert.Equal("openai/m", (await scene.One.AskAsync(key, "smart", more: "\"models\":[\"anthropic/m\"],")).Header("x-perigee-target"));
        Assert.Equal(403, (await scene.One.PostAsync("/v1/batches", """{"endpoint":"/v1/chat/completions"}""", ("key", key), ("x-perigee-provider", "openai"))).Status);
    }

    [Fact]
    public async Task The_list_of_models_shows_what_may_be_used()
    {
        await using Scene scene = await Scene.StartClosedAsync("""
            "routes": {"smart": {"targets": ["openai/m"]}}, "aliases": {"fast": "anthropic/m", "slow": "demo/echo"}
            """);
        (string key, _) = await scene.One.MakeKeyAsync("""
            "allowedModels":["demo/*"]
            """);
        using HttpRequestMessage request = new(HttpMethod.Get, "/v1/models");
        request.Headers.Authorization = new("Bearer", key);
        Reply list = await Reply.OfAsync(await scene.One.Http.SendAsync(request, TestContext.Current.CancellationToken));
        Assert.Equal(["auto", "demo/echo", "slow", "smart"],
            list.Json.GetProperty("data").EnumerateArray().Select(static model => model.GetProperty("id").GetString()!).Order(StringComparer.Ordinal));
        foreach ((string model, int status) in ((string, int)[])[("demo/echo", 200), ("slow", 200), ("smart", 200), ("fast", 403), ("anthropic/m", 403)])
        {
            using HttpRequestMessage one = new(HttpMethod.Get, "/v1/models/" + model);
            one.Headers.Authorization = new("Bearer", key);
            Assert.Equal(status, (int)(await scene.One.Http.SendAsync(one, TestContext.Current.CancellationToken)).StatusCode);
        }
    }

    [Fact]
    public async Task An_answer_that_a_forbidden_model_gave_to_another_key_is_not_replayed()
    {
        await using Scene scene = await Scene.StartClosedAsync("""
            "routes": {"smart": {"targets": ["anthropic/m", "openai/m"]}}
            """);
        (string free, _) = await scene.One.MakeKeyAsync("\"tenant\":\"t\"");
        (string bound, _) = await scene.One.MakeKeyAsync("\"tenant\":\"t\",\"allowedModels\":[\"openai/*\"]");
        Assert.Equal("miss", (await scene.One.AskAsync(Form.OpenAi, "smart", headers: ("key", free))).Cache);
        Assert.Equal("hit", (await scene.One.AskAsync(Form.OpenAi, "smart", headers: ("key", free))).Cache);
        Reply reply = await scene.One.AskAsync(Form.OpenAi, "smart", headers: ("key", bound));
        Assert.Equal(("miss", "openai/m"), (reply.Cache, reply.Header("x-perigee-target")));
        Assert.Equal(403, (await scene.One.AskAsync(Form.OpenAi, "anthropic/m", headers: ("key", bound))).Status);
    }

    [Fact]
    public async Task Dialects_and_addresses_are_held_to()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        (string dialect, _) = await scene.One.MakeKeyAsync("\"allowedDialects\":[\"anthropic\",\"openai-responses\"]");
        Assert.Equal(200, (await scene.One.AskAsync(dialect, "openai/m", Form.Anthropic)).Status);
        Reply refused = await scene.One.AskAsync(dialect, "openai/m", Form.Gemini);
        Assert.Equal(403, refused.Status);
        Assert.Contains("may not speak gemini. Allowed are: anthropic, openai-responses", refused.Message(), StringComparison.Ordinal);
        Assert.Equal(403, (await scene.One.AskAsync(dialect, "openai/m")).Status);

        (string here, _) = await scene.One.MakeKeyAsync("\"allowedIps\":[\"10.0.0.0/8\",\"127.0.0.1\"]");
        (string away, _) = await scene.One.MakeKeyAsync("\"allowedIps\":[\"203.0.113.0/24\",\"2001:db8::/32\"]");
        Assert.Equal(200, (await scene.One.AskAsync(here, "openai/m")).Status);
        refused = await scene.One.AskAsync(away, "openai/m", headers: ("x-forwarded-for", "203.0.113.7"));
        Assert.Equal(403, refused.Status);
        Assert.Contains("127.0.0.1. Allowed are: 203.0.113.0/24, 2001:db8::/32", refused.Message(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Defaults_go_in_where_the_question_is_silent_and_nothing_else_changes()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        await scene.One.MakeAsync("organisations", """{"id":"org_d","name":"D","defaults":{"seed":1,"top_p":0.9,"temperature":0.1}}""");
        (string key, _) = await scene.One.MakeKeyAsync("""
            "organisation":"org_d","defaults":{"seed":12345678901234567890,"anthropic":{"top_k":5,"seed":null}}
            """);
        string sent = Form.OpenAi.Question("openai/m");
        Assert.Equal(200, (await scene.One.PostAsync("/v1/chat/completions", sent, ("key", key))).Status);
        string got = scene.Provider.Bodies.Last();
        Assert.Equal(sent.Replace("\"openai/m\"", "\"m\"", StringComparison.Ordinal).TrimEnd()[..^1] + ",\"top_p\":0.9,\"seed\":12345678901234567890}", got.TrimEnd());
        Assert.Equal(200, (await scene.One.AskAsync(key, "anthropic/m", Form.Anthropic)).Status);
        using JsonDocument anthropic = JsonDocument.Parse(scene.Provider.Bodies.Last());
        Assert.Equal(5, anthropic.RootElement.GetProperty("top_k").GetInt32());
        Assert.Equal(0.5, anthropic.RootElement.GetProperty("temperature").GetDouble());
    }

    [Fact]
    public async Task Equal_questions_with_other_defaults_are_other_questions()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        (string one, _) = await scene.One.MakeKeyAsync("\"tenant\":\"t\",\"defaults\":{\"seed\":1}");
        (string two, _) = await scene.One.MakeKeyAsync("\"tenant\":\"t\",\"defaults\":{\"seed\":2}");
        Assert.Equal("miss", (await scene.One.AskAsync(Form.OpenAi, "openai/m", headers: ("key", one))).Cache);
        Assert.Equal("miss", (await scene.One.AskAsync(Form.OpenAi, "openai/m", headers: ("key", two))).Cache);
        Assert.Equal("hit", (await scene.One.AskAsync(Form.OpenAi, "openai/m", headers: ("key", one))).Cache);
    }

    [Fact]
    public async Task Metadata_of_a_level_decides_routes_and_no_request_changes_it()
    {
        await using Scene scene = await Scene.StartClosedAsync("""
            "routes": {"by-tier": {"policy": "conditional", "targets": [{"target": "anthropic/m", "when": {"metadata": {"tier": "gold"}}}, "openai/m"]}}
            """);
        await scene.One.MakeAsync("organisations", """{"id":"org_m","name":"M","metadata":{"tier":"gold"}}""");
        (string gold, _) = await scene.One.MakeKeyAsync("\"organisation\":\"org_m\"");
        (string iron, _) = await scene.One.MakeKeyAsync("\"organisation\":\"org_m\",\"metadata\":{\"tier\":\"iron\"}");
        (string free, _) = await scene.One.MakeKeyAsync();
        (string, string) claim = ("x-perigee-metadata", """{"tier":"gold"}""");
        Assert.Equal("anthropic/m", (await scene.One.AskAsync(gold, "by-tier")).Header("x-perigee-target"));
        Assert.Equal("openai/m", (await scene.One.AskAsync(iron, "by-tier", headers: claim)).Header("x-perigee-target"));
        Assert.Equal("anthropic/m", (await scene.One.AskAsync(free, "by-tier", headers: claim)).Header("x-perigee-target"));
    }

    [Fact]
    public async Task Keys_of_one_team_share_a_tenant_only_where_it_says_so()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        await scene.One.MakeAsync("organisations", """{"id":"org_t","name":"T","tenant":"together"}""");
        await scene.One.MakeAsync("organisations", """{"id":"org_s","name":"S"}""");
        async Task<string> SecondAsync(string organisation)
        {
            (string one, _) = await scene.One.MakeKeyAsync($"\"organisation\":\"{organisation}\"");
            (string two, _) = await scene.One.MakeKeyAsync($"\"organisation\":\"{organisation}\"");
            await scene.One.AskAsync(Form.OpenAi, "openai/m", organisation, headers: ("key", one));
            return (await scene.One.AskAsync(Form.OpenAi, "openai/m", organisation, headers: ("key", two))).Cache;
        }

        Assert.Equal("hit", await SecondAsync("org_t"));
        Assert.Equal("miss", await SecondAsync("org_s"));
    }

    [Theory]
    [InlineData("organisations/org_o", "organisation 'org_o' is disabled")]
    [InlineData("teams/team_o", "team 'team_o' is disabled")]
    public async Task What_is_shut_above_shuts_its_keys_here_at_once_and_everywhere_within_ten_seconds(string path, string why)
    {
        await using Scene scene = await Scene.StartClosedAsync();
        Instance other = await scene.AddAsync();
        await scene.One.MakeAsync("organisations", """{"id":"org_o","name":"O"}""");
        await scene.One.MakeAsync("teams", """{"id":"team_o","organisation":"org_o","name":"O"}""");
        (string key, _) = await scene.One.MakeKeyAsync("\"team\":\"team_o\"");
        Assert.Equal(200, (await scene.One.AskAsync(key, "openai/m")).Status);
        Assert.Equal(200, (await other.AskAsync(key, "openai/m")).Status);
        Assert.Equal(200, (await scene.One.ManageAsync("PATCH", "/manage/v1/" + path, """{"disabled":true}""")).Status);
        Reply refused = await scene.One.AskAsync(key, "openai/m");
        Assert.Equal(403, refused.Status);
        Assert.Contains(why, refused.Message(), StringComparison.Ordinal);
        scene.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(403, (await other.AskAsync(key, "openai/m")).Status);
        Assert.Equal(200, (await scene.One.ManageAsync("PATCH", "/manage/v1/" + path, """{"disabled":null}""")).Status);
        Assert.Equal(200, (await scene.One.AskAsync(key, "openai/m")).Status);
        Assert.Equal(200, (await scene.One.ManageAsync("DELETE", "/manage/v1/" + path)).Status);
        Assert.Equal(403, (await scene.One.AskAsync(key, "openai/m")).Status);
        Assert.Equal(409, (await scene.One.ManageAsync("PATCH", "/manage/v1/" + path, """{"disabled":null}""")).Status);
    }

    [Fact]
    public async Task Limits_stand_from_the_widest_to_the_narrowest_and_users_are_the_same_through_each_key_of_a_team()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        KeyLookup lookup = (KeyLookup)scene.One.Services.GetService(typeof(KeyLookup))!;
        await scene.One.MakeAsync("organisations", """{"id":"org_l","name":"L","limits":[{"meter":"money","amount":100,"per":"month"}],"cacheTtlSeconds":60,"quality":"basic"}""");
        await scene.One.MakeAsync("teams", """{"id":"team_l","organisation":"org_l","name":"L","limits":[{"meter":"tokens","amount":1000,"per":"day"}],"userLimits":[{"meter":"requests","amount":5,"per":"minute"}]}""");
        (string one, string id) = await scene.One.MakeKeyAsync("""
            "team":"team_l","requestsPerMinute":60,"limits":[{"meter":"concurrency","amount":3}],"cacheTtlSeconds":600,"quality":"strong","logBodiesPercent":5
            """);
        (string two, _) = await scene.One.MakeKeyAsync("\"team\":\"team_l\",\"cache\":\"off\"");
        Caller first = (await lookup.FindAsync(one, default)).Caller!, second = (await lookup.FindAsync(two, default)).Caller!;
        Assert.Equal(
            [("org_l", LimitLevel.Organisation, "money-month"), ("team_l", LimitLevel.Team, "tokens-day"), (id, LimitLevel.Key, "concurrency"), (id, LimitLevel.Key, "requests-minute")],
            first.Limits.Select(static rule => (rule.Owner, rule.Level, rule.Name)));
        Assert.Equal(("org_l", "team_l", TimeSpan.FromSeconds(60), "strong", 5.0),
            (first.Organisation!, first.Team!, first.CacheTtl!.Value, first.Quality!, first.LogBodies!.Value.Percent));
        Assert.Equal(TimeSpan.Zero, second.CacheTtl);
        ILimitOwners owners = (ILimitOwners)scene.One.Services.GetService(typeof(ILimitOwners))!;
        Assert.Equal(first.Limits.Where(rule => rule.Owner == id).Select(static rule => rule.Id), (await owners.RulesOfAsync(id, default))!.Select(static rule => rule.Id));
        Assert.Equal("team_l|tokens-day", Assert.Single((await owners.RulesOfAsync("team_l", default))!).Id);
        Assert.Null(await owners.RulesOfAsync("team_none", default));

        UserCallers users = new();
        LimitRule anna = users.Of(first, "anna@example.com").Limits[^1];
        Assert.Equal((LimitLevel.User, "requests-minute", 5L), (anna.Level, anna.Name, anna.Amount));
        Assert.DoesNotContain("anna", anna.Id, StringComparison.Ordinal);
        Assert.Equal(anna.Id, users.Of(second, "anna@example.com").Limits[^1].Id);
        Assert.NotEqual(anna.Id, users.Of(first, "ben").Limits[^1].Id);
        Assert.NotEqual(anna.Id, users.Of(first, null).Limits[^1].Id);
        Assert.Same(users.Of(first, "ben"), users.Of(first, "ben"));
    }

    [Theory]
    [InlineData("""{"user":"u1"}""", null, "u1")]
    [InlineData("""{"safety_identifier":"u2"}""", null, "u2")]
    [InlineData("""{"metadata":{"a":"b","user_id":"u3"}}""", null, "u3")]
    [InlineData("""{"metadata":{"user_id":5},"user":""}""", null, null)]
    [InlineData("""{"metadata":"user_id"}""", null, null)]
    [InlineData("""{"user":"u1","metadata":{"user_id":"u3"}}""", " u4 ", "u4")]
    public void The_end_user_is_found_by_any_of_its_names(string body, string? header, string? user)
    {
        Exchange exchange = Exchanges.Make("chat", out _);
        Assert.True(Perigee.Wire.JsonIndex.TryParse(System.Text.Encoding.UTF8.GetBytes(body), out Perigee.Wire.JsonIndex? question, out _));
        exchange.Question = question;
        if (header is not null)
            exchange.Http.Request.Headers["x-perigee-user"] = header;
        Assert.Equal(user, EndUser.Of(exchange));
    }

    [Fact]
    public async Task A_rotated_key_stays_what_it_is_and_its_old_secret_ends_when_it_was_said_to()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        Instance other = await scene.AddAsync();
        await scene.One.MakeAsync("organisations", """{"id":"org_r","name":"R"}""");
        (string old, string id) = await scene.One.MakeKeyAsync("\"organisation\":\"org_r\"");
        Assert.Equal(200, (await other.AskAsync(old, "openai/m")).Status);
        Reply rotated = await scene.One.ManageAsync("POST", $"/manage/v1/keys/{id}:rotate", """{"overlapSeconds":60}""");
        Assert.Equal((200, id), (rotated.Status, rotated.Json.GetProperty("id").GetString()!));
        string fresh = rotated.Json.GetProperty("key").GetString()!;
        foreach (Instance instance in (Instance[])[scene.One, other])
        {
            Assert.Equal(200, (await instance.AskAsync(old, "openai/m")).Status);
            Assert.Equal(200, (await instance.AskAsync(fresh, "openai/m")).Status);
        }

        scene.Time.Advance(TimeSpan.FromSeconds(60));
        foreach (Instance instance in (Instance[])[scene.One, other])
        {
            Reply refused = await instance.AskAsync(old, "openai/m");
            Assert.Equal(401, refused.Status);
            Assert.Contains("rotated", refused.Message(), StringComparison.Ordinal);
            Assert.Equal(200, (await instance.AskAsync(fresh, "openai/m")).Status);
        }

        Assert.Equal(200, (await scene.One.ManageAsync("DELETE", "/manage/v1/keys/" + id)).Status);
        Assert.Equal(401, (await scene.One.AskAsync(fresh, "openai/m")).Status);
        Assert.Equal(409, (await scene.One.ManageAsync("POST", $"/manage/v1/keys/{id}:rotate")).Status);
    }
}

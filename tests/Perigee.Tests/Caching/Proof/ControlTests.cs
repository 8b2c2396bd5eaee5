using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Caching.Proving;

/// <summary>What a caller says of the cache, in our words and in the peers', end to end.</summary>
public sealed class ControlTests
{
    [Fact]
    public async Task Refresh_asks_anew_and_replaces_what_was_kept_for_all_instances()
    {
        await using Scene scene = await Scene.StartAsync();
        Instance other = await scene.AddAsync();
        Reply old = await OneAsync(scene, "old");
        await scene.WrittenAsync();
        scene.Time.Advance(TimeSpan.FromMinutes(10));
        Reply fresh = await OneAsync(scene, "new", ("x-perigee-cache", "refresh"));
        Assert.Equal(("refresh", "new", ""), (fresh.Cache, TextOf(fresh), fresh.Header("age")));
        Assert.Equal(old.Key, fresh.Key);
        Reply again = await OneAsync(scene, "never asked");
        Assert.Equal(("hit", "new", fresh.Id), (again.Cache, TextOf(again), again.Header("x-perigee-cache-source")));
        await Eventually.IsTrueAsync(async () => (await scene.RowsAsync()).Any(row => row.Text("source") == fresh.Id), "the new answer is shared");
        Reply there = await other.AskAsync(Form.OpenAi, "openai/m");
        Assert.Equal(("hit", "new"), (there.Cache, TextOf(there)));
    }

    [Fact]
    public async Task What_was_replaced_does_not_come_back_when_the_new_answers_life_is_over()
    {
        await using Scene scene = await Scene.StartAsync();
        await OneAsync(scene, "old", ("x-perigee-cache-ttl", "72000"));
        await scene.WrittenAsync();
        Reply fresh = await OneAsync(scene, "new", ("x-perigee-cache", "refresh"), ("x-perigee-cache-ttl", "60"));
        await Eventually.IsTrueAsync(async () => (await scene.RowsAsync()).All(row => row.Text("source") == fresh.Id), "the old answer is nowhere");

        // Another day, another table: the old one was to live twenty hours.
        scene.Time.Advance(TimeSpan.FromHours(11));
        Instance other = await scene.AddAsync();
        Assert.Equal(404, (await other.AskAsync(Form.OpenAi, "openai/m", headers: ("x-perigee-cache", "only"))).Status);
    }

    [Fact]
    public async Task A_refresh_whose_call_fails_leaves_what_was_kept()
    {
        await using Scene scene = await Scene.StartAsync();
        await OneAsync(scene, "old");
        scene.Provider.Instead = static async asked =>
        {
            await Provider.SendAsync(asked.Http, 500, """{"error":{"message":"No.","type":"server_error","param":null,"code":null}}""");
            return true;
        };
        Assert.Equal(500, (await OneAsync(scene, "new", ("x-perigee-cache", "refresh"))).Status);
        Assert.Equal("old", TextOf(await OneAsync(scene, "new")));
    }

    [Theory]
    [InlineData("x-perigee-cache", "only", "", "")]
    [InlineData("cache-control", "only-if-cached", "", "")]
    [InlineData("x-perigee-cache", "only", "cache-control", "max-age=0")]
    [InlineData("x-perigee-cache", "only", "cache-control", "no-store")]
    [InlineData("x-perigee-cache", "only", "x-perigee-cache-namespace", "n")]
    [InlineData("x-perigee-cache", "only", "x-portkey-cache-force-refresh", "true")]
    public async Task Only_never_makes_a_call(string name, string value, string more, string said)
    {
        await using Scene scene = await Scene.StartAsync();
        (string, string)[] headers = more.Length == 0 ? [(name, value)] : [(name, value), (more, said)];
        foreach (Form form in Form.All)
        {
            Reply none = await scene.One.AskAsync(form, "openai/m", headers: headers);
            Assert.Equal((404, "miss"), (none.Status, none.Cache));
            Refusals.Says(form, none, 404);
        }

        Assert.Equal(0, scene.Calls);
        if (said == "max-age=0")
            return;
        (string, string)[] others = more == "x-perigee-cache-namespace" ? [(more, said)] : [];
        await scene.One.AskAsync(Form.OpenAi, "openai/m", headers: others);
        foreach (Form form in Form.All)
            Assert.Equal("hit", (await scene.One.AskAsync(form, "openai/m", headers: headers)).Cache);
        Assert.Equal(1, scene.Calls);
    }

    [Theory]
    [InlineData("no key cache", "")]
    [InlineData("off for all", "\"cache\": {\"enabled\": false}")]
    [InlineData("stored at the provider", "")]
    public async Task Only_never_makes_a_call_where_there_is_no_cache_either(string why, string configuration)
    {
        await using Scene scene = await Scene.StartAsync(configuration);
        (string, string)[] key = why == "no key cache" ? [("key", await scene.One.KeyAsync("t1", cacheTtlSeconds: 0))] : [];
        foreach ((string, string) wish in ((string, string)[])[("x-perigee-cache", "only"), ("cache-control", "only-if-cached")])
        {
            Reply none = await scene.One.AskAsync(Form.OpenAi, "openai/m", more: why.StartsWith("stored", StringComparison.Ordinal) ? "\"store\":true," : "", headers: [.. key, wish]);
            Assert.Equal(404, none.Status);
        }

        Assert.Equal(0, scene.Calls);
    }

    public static IEnumerable<TheoryDataRow<string, string, string, int>> Lives =>
    [
        new("", "", "", 3600),
        new("\"cache\": {\"ttlSeconds\": 7200}", "", "", 7200),
        new("", "x-perigee-cache-ttl", "60", 60),
        new("", "x-perigee-cache-ttl", "7200", 7200),
        new("\"cache\": {\"mostTtlSeconds\": 3600}", "x-perigee-cache-ttl", "7200", 3600),
        new("\"routes\": {\"r\": {\"targets\": [\"openai/m\"], \"cache\": {\"ttlSeconds\": 120}}}", "", "", 120),
        new("\"routes\": {\"r\": {\"targets\": [\"openai/m\"], \"cache\": {\"ttlSeconds\": 120}}}", "x-perigee-cache-ttl", "30", 30),
        new("", "key", "45", 45),
        new("", "key", "100000", 3600),
        new("", "cf-aig-cache-ttl", "300", 300),
        new("", "x-openrouter-cache-ttl", "300", 300),
        new("", "x-bf-cache-ttl", "5m", 300),
        new("", "cache{}", "300", 300),
        new("", "x-portkey-cache, cache-control", "max-age=300", 300),
        new("", "helicone-cache-enabled, cache-control", "max-age=300", 300),
    ];

    [Theory]
    [MemberData(nameof(Lives))]
    public async Task An_answer_lives_as_long_as_route_key_and_request_let_it(string configuration, string name, string value, int seconds)
    {
        await using Scene scene = await Scene.StartAsync(configuration);
        Instance other = await scene.AddAsync();
        string model = configuration.Contains("routes", StringComparison.Ordinal) ? "r" : "openai/m";
        (string, string)[] headers = name switch
        {
            "" or "cache{}" => [],
            "key" => [("key", await scene.One.KeyAsync("t1", int.Parse(value, System.Globalization.CultureInfo.InvariantCulture)))],
            _ when name.Contains(", ", StringComparison.Ordinal) => [(name.Split(", ")[0], name.StartsWith('x') ? "simple" : "true"), ("cache-control", value)],
            _ => [(name, value)],
        };
        string more = name == "cache{}" ? $$"""
            "cache":{"ttl":{{value}}},
            """ : "";
        (string, string)[] asking = name == "key" ? headers : [];
        await scene.One.AskAsync(Form.OpenAi, model, more: more, headers: headers);
        await scene.WrittenAsync();
        scene.Time.Advance(TimeSpan.FromSeconds(seconds - 1));
        foreach (Instance instance in (Instance[])[scene.One, other])
        {
            Reply alive = await instance.AskAsync(Form.OpenAiStream, model, headers: asking);
            Assert.Equal(("hit", $"{seconds - 1}"), (alive.Cache, alive.Header("age")));
        }

        scene.Time.Advance(TimeSpan.FromSeconds(2));
        foreach (Instance instance in (Instance[])[scene.One, other])
            Assert.Equal(404, (await instance.AskAsync(Form.OpenAi, model, headers: [.. asking, ("x-perigee-cache", "only")])).Status);
        Assert.Equal(1, scene.Calls);
    }

    [Fact]
    public async Task Max_age_is_the_greatest_age_that_will_do()
    {
        await using Scene scene = await Scene.StartAsync();
        await OneAsync(scene, "old");
        await OneAsync(scene, "old");
        scene.Time.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal("hit", (await OneAsync(scene, "new", ("cache-control", "max-age=100"))).Cache);
        Assert.Equal("hit", (await OneAsync(scene, "new")).Cache);
        Reply fresh = await OneAsync(scene, "new", ("cache-control", "max-age=99"));
        Assert.Equal(("miss", "new"), (fresh.Cache, TextOf(fresh)));

        // And that newer answer is what the next one gets.
        Reply next = await OneAsync(scene, "newest");
        Assert.Equal(("hit", "new", "0"), (next.Cache, TextOf(next), next.Header("age")));
        Assert.Equal(2, scene.Calls);
    }

    [Theory]
    [InlineData("x-perigee-cache-namespace")]
    [InlineData("x-portkey-cache-namespace")]
    [InlineData("helicone-cache-seed")]
    [InlineData("cf-aig-cache-key")]
    [InlineData("x-bf-cache-key")]
    [InlineData("cache{}")]
    public async Task Namespaces_do_not_see_one_another_nor_another_tenants_of_the_same_name(string header)
    {
        await using Scene scene = await Scene.StartAsync();
        string one = await scene.One.KeyAsync("t1"), same = await scene.One.KeyAsync("t1"), other = await scene.One.KeyAsync("t2");

        // The last of them would be in a neighbour's place if names were only put one after another.
        string[] names = ["", "a", "b", "A", "t2", "a|b", "a\"b", new string('x', 256), "|a", "..%2Ft2"];
        foreach (string tenant in (string[])[one, other])
        {
            foreach (string name in names)
            {
                Reply reply = await AskAsync(tenant, name, $"{tenant[^4..]}{name}");
                Assert.True(reply is { Status: 200, Cache: "miss" }, $"'{name}': {reply}");
            }
        }

        foreach ((string key, string tenant) in ((string, string)[])[(one, one), (same, one), (other, other)])
        {
            foreach (string name in names)
            {
                Reply reply = await AskAsync(key, name, "never asked");
                Assert.True(reply.Cache == "hit", $"'{name}': {reply}");
                Assert.Equal($"{tenant[^4..]}{name}", TextOf(reply));
            }
        }

        Assert.Equal(20, scene.Calls);

        Task<Reply> AskAsync(string key, string name, string answer)
        {
            scene.Provider.Says = new Speech(answer);
            string said = System.Text.Json.JsonEncodedText.Encode(name).Value;
            return header == "cache{}" && name.Length > 0
                ? scene.One.AskAsync(Form.OpenAi, "openai/m", more: $$"""
                    "cache":{"namespace":"{{said}}"},
                    """, headers: ("key", key))
                : scene.One.AskAsync(Form.OpenAi, "openai/m", headers: name.Length == 0 ? [("key", key)] : [("key", key), (header, name)]);
        }
    }

    public static IEnumerable<TheoryDataRow<string, string, string>> Peers =>
    [
        new("x-portkey-cache: simple", "x-portkey-cache-status", "MISS HIT DISABLED"),
        new("cf-aig-cache-ttl: 3600", "cf-aig-cache-status", "MISS HIT MISS"),
        new("helicone-cache-enabled: true", "helicone-cache", "MISS HIT MISS"),
        new("x-openrouter-cache: true", "x-openrouter-cache-status", "MISS HIT MISS"),
        new("x-bf-cache-key: session-1", "", ""),
    ];

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task A_peers_header_switches_on_what_the_operator_left_off_and_is_answered_in_its_words(string header, string status, string words)
    {
        await using Scene scene = await Scene.StartAsync("\"cache\": {\"enabled\": false}");
        (string, string) wish = (header.Split(": ")[0], header.Split(": ")[1]);
        Assert.Equal("bypass", (await OneAsync(scene, "x")).Cache);
        List<Reply> replies = [];
        for (int i = 0; i < 2; i++)
            replies.Add(await OneAsync(scene, "x", wish));
        Assert.Equal(["miss", "hit"], replies.Select(reply => reply.Cache));
        Assert.Equal(2, scene.Calls);
        if (status.Length == 0)
            return;
        replies.Add(await OneAsync(scene, "x", wish, ("x-perigee-cache", "off")));
        Assert.Equal(words, string.Join(' ', replies.Select(reply => reply.Header(status))));

        // Who does not speak so is not answered so.
        Assert.Equal("", (await OneAsync(scene, "x", ("x-perigee-cache", "on"))).Header(status));
    }

    [Theory]
    [InlineData("x-portkey-cache: simple|x-portkey-cache-force-refresh: true", "x-portkey-cache-status", "REFRESH")]
    [InlineData("x-openrouter-cache: true|x-openrouter-cache-clear: true", "x-openrouter-cache-status", "MISS")]
    [InlineData("cache-control: no-cache", "", "")]
    [InlineData("cache{\"no-cache\":true}", "", "")]
    public async Task A_peers_word_for_asking_anew_replaces_what_was_kept(string wish, string status, string word)
    {
        await using Scene scene = await Scene.StartAsync();
        await OneAsync(scene, "old");
        scene.Provider.Says = new Speech("new");
        Reply fresh = wish.StartsWith("cache{", StringComparison.Ordinal)
            ? await scene.One.AskAsync(Form.OpenAi, "openai/m", more: $"\"cache\":{wish[5..]},")
            : await OneAsync(scene, "new", [.. wish.Split('|').Select(static header => (header.Split(": ")[0], header.Split(": ")[1]))]);
        Assert.Equal(("refresh", "new"), (fresh.Cache, TextOf(fresh)));
        if (status.Length > 0)
            Assert.Equal(word, fresh.Header(status));
        Assert.Equal(("hit", "new"), (await OneAsync(scene, "newest")) is { } again ? (again.Cache, TextOf(again)) : default);
    }

    [Fact]
    public async Task Litellms_member_is_answered_with_its_header()
    {
        await using Scene scene = await Scene.StartAsync();
        string more = """
            "cache":{"ttl":60},
            """;
        Reply first = await scene.One.AskAsync(Form.OpenAi, "openai/m", more: more);
        Reply second = await scene.One.AskAsync(Form.OpenAi, "openai/m", more: more);
        Assert.Equal(("hit", first.Key), (second.Cache, second.Header("x-litellm-cache-key")));

        // It is no part of the question.
        Assert.Equal("hit", (await OneAsync(scene, "x")).Cache);
    }

    [Fact]
    public async Task Helicones_buckets_hold_several_answers_to_one_question()
    {
        await using Scene scene = await Scene.StartAsync();
        HashSet<string> texts = [];
        for (int i = 0; i < 60; i++)
        {
            Reply reply = await OneAsync(scene, $"answer {i}", ("helicone-cache-enabled", "true"), ("helicone-cache-bucket-max-size", "3"));
            texts.Add(TextOf(reply));
        }

        Assert.Equal((3, 3), (texts.Count, scene.Calls));
    }

    [Theory]
    [InlineData("x-perigee-cache", "perhaps")]
    [InlineData("x-perigee-cache-ttl", "0")]
    [InlineData("x-perigee-cache-ttl", "-1")]
    [InlineData("x-perigee-cache-ttl", "1h")]
    [InlineData("x-perigee-cache-threshold", "1.1")]
    [InlineData("x-perigee-cache-threshold", "high")]
    [InlineData("x-perigee-cache-namespace", "(257 letters)")]
    [InlineData("x-portkey-cache", "perhaps")]
    [InlineData("cf-aig-cache-ttl", "soon")]
    [InlineData("cf-aig-skip-cache", "perhaps")]
    [InlineData("helicone-cache-enabled", "perhaps")]
    [InlineData("helicone-cache-bucket-max-size", "21")]
    [InlineData("x-openrouter-cache", "perhaps")]
    [InlineData("x-openrouter-cache-ttl", "1.5")]
    [InlineData("x-bf-cache-ttl", "5 parsecs")]
    [InlineData("x-bf-cache-type", "perhaps")]
    [InlineData("x-bf-cache-threshold", "2")]
    public async Task A_word_that_means_nothing_is_refused_by_name_in_the_clients_dialect(string header, string value)
    {
        await using Scene scene = await Scene.StartAsync();
        foreach (Form form in Form.All)
        {
            Reply refused = await scene.One.AskAsync(form, "openai/m", headers: (header, value.StartsWith('(') ? new string('x', 257) : value));
            Refusals.Says(form, refused, 400, header);
        }

        Assert.Equal(0, scene.Calls);
    }

    private static Task<Reply> OneAsync(Scene scene, string answer, params (string, string)[] headers)
    {
        scene.Provider.Says = new Speech(answer);
        return scene.One.AskAsync(Form.OpenAi, "openai/m", headers: headers);
    }

    private static string TextOf(Reply reply) => Dialects.Tell(Dialects.OpenAi, reply.Bytes, Framing.Whole).First.Text;
}

/// <summary>An error of the gateway's in the client's dialect.</summary>
internal static class Refusals
{
    public static void Says(Form form, Reply reply, int status, string? word = null)
    {
        string what = $"{form}: {reply}";
        Assert.True(reply.Status == status, what);
        Assert.Equal("application/json", reply.Type.Split(';')[0]);
        System.Text.Json.JsonElement body = Json.Parse(reply.Bytes);
        if (body.ValueKind == System.Text.Json.JsonValueKind.Array)
            body = body[0];
        string? message = Json.Text(body, "error", "message");
        Assert.True(message is { Length: > 0 } && (word is null || message.Contains(word, StringComparison.OrdinalIgnoreCase)), what);
        string own = form.Dialect switch
        {
            Dialects.Anthropic => $"{Json.Text(body, "type")} {Json.Text(body, "error", "type")}",
            Dialects.Gemini => $"{Json.Number(body, "error", "code")} {Json.Text(body, "error", "status")}",
            _ => $"{Json.Text(body, "error", "type")}",
        };
        Assert.Contains(own, (string[])["error invalid_request_error", "error not_found_error", "400 INVALID_ARGUMENT", "404 NOT_FOUND", "invalid_request_error", "not_found_error"]);
    }
}

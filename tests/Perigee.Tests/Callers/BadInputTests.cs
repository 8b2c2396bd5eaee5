using System.Text;
using Perigee.Callers;
using Perigee.Tests.Caching.Proving;

namespace Perigee.Tests.Callers;

/// <summary>What is malformed, forged or too much: a clear refusal, no trip that guessing could buy, and nothing of it in what is kept.</summary>
public sealed class BadInputTests
{
    [Fact]
    public async Task Ten_thousand_wrong_keys_cost_no_more_trips_than_the_budget_and_good_ones_go_on()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        (string good, _) = await scene.One.MakeKeyAsync();
        Assert.Equal(200, (await scene.One.AskAsync(good, "openai/m")).Status);
        KeyLookup lookup = (KeyLookup)scene.One.Services.GetService(typeof(KeyLookup))!;
        int before = Trips(scene), provider = scene.Calls;
        int busy = 0, unknown = 0;
        for (int i = 0; i < 10_000; i++)
        {
            KeyFinding finding = await lookup.FindAsync(KeyText.New(), TestContext.Current.CancellationToken);
            _ = finding == KeyFinding.Busy ? busy++ : unknown++;
            Assert.Null(finding.Caller);
        }

        Assert.Equal((9_000, 1_000, before + 1_000), (busy, unknown, Trips(scene)));
        for (int i = 0; i < 20; i++)
        {
            Reply refused = await scene.One.AskAsync(KeyText.New(), "openai/m");
            Assert.True(refused.Status is 401 or 503, refused.Body);
            Assert.Equal(401, (await scene.One.ManageAsync("GET", "/manage/v1/keys", null, ("key", AdminKeys.NewText()))).Status);
        }

        Assert.Equal(before + 1_000, Trips(scene));
        Assert.Equal(1, scene.Storage.Calls.Count(static call => call == "read adminkeys admin"));
        Assert.Equal(200, (await scene.One.AskAsync(good, "openai/m")).Status);
        Assert.Equal(provider + 1, scene.Calls);
    }

    [Theory]
    [InlineData("pk-")]
    [InlineData("pk-%00AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("pk-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=A")]
    [InlineData("pk-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("PK-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("__proto__")]
    [InlineData("key_000000000000000000000000")]
    [InlineData("pa-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_malformed_key_is_refused_without_a_trip_and_without_an_echo(string key)
    {
        await using Scene scene = await Scene.StartClosedAsync();
        int before = Trips(scene);
        Reply refused = await scene.One.AskAsync(key, "openai/m");
        Assert.Equal(401, refused.Status);
        Assert.DoesNotContain(key.Length > 10 ? key : "\u0001", refused.Body, StringComparison.Ordinal);
        Assert.Equal(before, Trips(scene));
    }

    [Fact]
    public async Task A_key_in_the_address_opens_but_an_admins_does_not()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        (string key, _) = await scene.One.MakeKeyAsync();
        Assert.Equal(200, (await scene.One.PostAsync("/v1/chat/completions?key=" + key, Form.OpenAi.Question("openai/m"))).Status);
        Assert.Equal(401, (await scene.One.PostAsync($"/v1/chat/completions?key={key}&key={key}", Form.OpenAi.Question("openai/m"))).Status);
        Assert.Equal(401, (await scene.One.ManageAsync("GET", "/manage/v1/keys?key=" + Instance.AdminKey, null, ("key", ""))).Status);
        Assert.DoesNotContain(key, string.Join('\n', scene.Provider.Bodies), StringComparison.Ordinal);
    }

    public static TheoryData<string, string> BadMembers => new()
    {
        { "\"metadata\":{\"__proto__\":{}}", "metadata.__proto__" },
        { "\"metadata\":{\"a\":1}", "metadata.a" },
        { $"\"metadata\":{{\"a\":\"{new string('x', 513)}\"}}", "metadata.a" },
        { $"\"metadata\":{{{string.Join(',', Enumerable.Range(0, 33).Select(static i => $"\"m{i}\":\"\""))}}}", "metadata" },
        { $"\"metadata\":{{\"{new string('n', 65)}\":\"\"}}", "metadata" },
        { "\"metadata\":[]", "metadata" },
        { "\"requestsPerMinute\":-1", "requestsPerMinute" },
        { "\"requestsPerMinute\":1e999", "requestsPerMinute" },
        { "\"requestsPerMinute\":\"NaN\"", "requestsPerMinute" },
        { "\"cacheTtlSeconds\":-1", "cacheTtlSeconds" },
        { "\"logBodiesPercent\":-0.1", "logBodiesPercent" },
        { "\"logBodiesPercent\":1e300", "logBodiesPercent" },
        { "\"limits\":[{\"meter\":\"money\",\"amount\":-5,\"per\":\"day\"}]", "limits[0].amount" },
        { "\"limits\":[{\"meter\":\"money\",\"amount\":\"NaN\",\"per\":\"day\"}]", "limits[0].amount" },
        { "\"limits\":[{\"meter\":\"money\",\"amount\":1e400,\"per\":\"day\"}]", "limits[0].amount" },
        { "\"limits\":[{\"meter\":\"tokens\",\"amount\":5,\"per\":\"day\"},{\"meter\":\"tokens\",\"amount\":6,\"per\":\"day\"}]", "limits[1].name" },
        { "\"limits\":{}", "limits" },
        { "\"userLimits\":[5]", "userLimits[0]" },
        { "\"requestsPerMinute\":5,\"limits\":[{\"meter\":\"requests\",\"amount\":5,\"per\":\"minute\"}]", "limits" },
        { "\"allowedModels\":[]", "allowedModels" },
        { "\"allowedModels\":[\"a*b\"]", "allowedModels[0]" },
        { "\"allowedModels\":\"openai/*\"", "allowedModels" },
        { "\"allowedDialects\":[\"klingon\"]", "allowedDialects[0]" },
        { "\"allowedIps\":[\"10.0.0.0/33\"]", "allowedIps[0]" },
        { "\"allowedIps\":[\"1\"]", "allowedIps[0]" },
        { "\"allowedIps\":[\"localhost\"]", "allowedIps[0]" },
        { "\"defaults\":{\"model\":\"openai/m\"}", "defaults.model" },
        { "\"defaults\":{\"gemini\":5}", "defaults.gemini" },
        { "\"defaults\":{\"gemini\":{\"contents\":[]}}", "defaults.gemini.contents" },
        { $"\"defaults\":{{\"a\":\"{new string('x', 9000)}\"}}", "defaults" },
        { "\"cache\":\"always\"", "cache" },
        { "\"ownedBy\":\"\"", "ownedBy" },
        { "\"team\":\"team_none\"", "team" },
        { "\"organisation\":\"org_none\"", "organisation" },
        { "\"organisation\":\"../org\"", "organisation" },
        { "\"disabled\":\"yes\"", "disabled" },
        { "\"constructor\":{},\"toString\":1", "constructor" },
    };

    [Theory]
    [MemberData(nameof(BadMembers))]
    public async Task What_is_wrong_with_a_key_is_named_and_no_key_is_made(string members, string param)
    {
        await using Scene scene = await Scene.StartClosedAsync();
        Reply refused = await scene.One.ManageAsync("POST", "/manage/v1/keys", "{\"name\":\"n\"," + members + "}");
        Assert.True(refused.Status == 400, refused.Body);
        Assert.StartsWith(param, refused.Json.GetProperty("error").GetProperty("param").GetString(), StringComparison.Ordinal);
        Assert.InRange(refused.Message().Length, 10, 2000);
        Assert.Equal(0, (await scene.One.ManageAsync("GET", "/manage/v1/keys")).Json.GetProperty("data").GetArrayLength());
    }

    [Theory]
    [InlineData("""{"name":"\ud800"}""")]
    [InlineData("""{"name":"n","\udc00x":1}""")]
    [InlineData("""{"name":"n","metadata":{"\ud800":"x"}}""")]
    [InlineData("""{"name":"n","metadata":{"a":"\ud800"}}""")]
    [InlineData("""{"name":"n","limits":[{"meter":"\ud800","name":"\ud800"}]}""")]
    [InlineData("""{"name":"n","defaults":{"stop":["\ud800"]}}""")]
    public async Task Half_of_a_surrogate_pair_is_refused_wherever_it_stands(string body)
    {
        await using Scene scene = await Scene.StartClosedAsync();
        foreach (string path in (string[])["keys", "organisations", "admin-keys"])
        {
            Reply refused = await scene.One.ManageAsync("POST", "/manage/v1/" + path, body);
            Assert.True(refused.Status == 400 && refused.Message().Contains("Unicode", StringComparison.Ordinal), refused.Body);
        }
    }

    [Fact]
    public async Task All_that_is_wrong_is_named_at_once()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        Reply refused = await scene.One.ManageAsync("POST", "/manage/v1/keys", """{"quality":"best","limits":[{"meter":"x"}],"allowedIps":["a","b"],"cache":5}""");
        foreach (string expected in (string[])["'name' is needed", "'quality' must be", "'limits[0].meter'", "'limits[0].amount'", "'allowedIps[0]'", "'allowedIps[1]'", "'cache' is not of the type"])
            Assert.Contains(expected, refused.Message(), StringComparison.Ordinal);
        refused = await scene.One.ManageAsync("POST", "/manage/v1/teams", """{"id":"TEAM","name":"n"}""");
        Assert.Contains("'id' must begin with 'team_'", refused.Message(), StringComparison.Ordinal);
        Assert.Contains("'organisation' is needed", refused.Message(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_that_a_fuzzer_says_is_a_fault_of_the_gateways_own()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        int seed = Environment.TickCount;
        Random dice = new(seed);
        string good = """{"name":"n","metadata":{"a":"b"},"limits":[{"meter":"money","amount":1.5,"per":"day"}],"defaults":{"seed":1},"allowedIps":["10.0.0.0/8"],"expiresAt":"2099-01-01T00:00:00Z"}""";
        for (int i = 0; i < 300; i++)
        {
            byte[] body = Encoding.UTF8.GetBytes(good);
            for (int change = dice.Next(1, 4); change > 0; change--)
                body[dice.Next(body.Length)] = (byte)(dice.Next(4) == 0 ? dice.Next(256) : "{}[]\",:0-9\\nte"[dice.Next(14)]);
            using ByteArrayContent content = new(body[..dice.Next(body.Length / 2, body.Length + 1)]);
            content.Headers.ContentType = new("application/json");
            using HttpRequestMessage request = new(HttpMethod.Post, "/manage/v1/keys") { Content = content };
            request.Headers.Authorization = new("Bearer", Instance.AdminKey);
            Reply reply = await Reply.OfAsync(await scene.One.Http.SendAsync(request, TestContext.Current.CancellationToken));
            Assert.True(reply.Status is 201 or 400, $"seed {seed}: {Encoding.UTF8.GetString(body)}: {reply}");
        }
    }

    private static int Trips(Scene scene) => scene.Storage.Calls.Count(static call => call.EndsWith(" keys", StringComparison.Ordinal));
}

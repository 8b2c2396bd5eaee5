namespace Perigee.Tests.Caching.Proving;

/// <summary>Entries that are declared dead: gone at once where it was said, in the other instances soon after.</summary>
public sealed class InvalidationTests
{
    private static readonly (string Tenant, string Namespace, string Model)[] All =
        [.. from tenant in (string[])["t1", "t2"] from part in (string[])["", "n"] from model in (string[])["openai/m", "openai/m2", "r"] select (tenant, part, model)];

    [Theory]
    [InlineData("""{"tenant":"t1"}""")]
    [InlineData("""{"namespace":"n"}""")]
    [InlineData("""{"namespace":""}""")]
    [InlineData("""{"model":"openai/m"}""")]
    [InlineData("""{"model":"r"}""")]
    [InlineData("""{"tenant":"t2","model":"openai/m2"}""")]
    [InlineData("""{"tenant":"t2","namespace":"n","model":"openai/m"}""")]
    [InlineData("""{"tenant":"t3"}""")]
    [InlineData("""{"all":true}""")]
    [InlineData("key")]
    [InlineData("delete")]
    public async Task What_was_named_dies_everywhere_and_nothing_else(string what)
    {
        await using Scene scene = await Scene.StartAsync("""
            "routes": {"r": {"targets": ["openai/m"]}}
            """);
        Instance other = await scene.AddAsync();
        Dictionary<string, string> keys = new() { ["t1"] = await scene.One.KeyAsync("t1"), ["t2"] = await scene.One.KeyAsync("t2") };
        List<string> ids = [];
        foreach ((string tenant, string part, string model) in All)
            ids.Add((await AskAsync(scene.One, tenant, part, model)).Key);
        Assert.Equal(All.Length, ids.Distinct().Count());
        await scene.WrittenAsync(All.Length);
        Assert.Empty(await DeadAsync(other));
        scene.Time.Advance(TimeSpan.FromSeconds(1));

        Reply done = what switch
        {
            "key" => await scene.One.ManageAsync(HttpMethod.Post, "/manage/v1/cache:invalidate", $$"""{"key":"{{ids[4]}}"}"""),
            "delete" => await scene.One.ManageAsync(HttpMethod.Delete, $"/manage/v1/cache/{ids[4]}"),
            _ => await scene.One.ManageAsync(HttpMethod.Post, "/manage/v1/cache:invalidate", what),
        };
        Assert.True(done.Status == 200, done.ToString());
        List<int> due = [.. Enumerable.Range(0, All.Length).Where(i => IsMeant(what, i))];
        Assert.Equal(due, await DeadAsync(scene.One));

        // Two seconds are the interval; the rest is the machine's.
        for (TimeSpan moved = TimeSpan.Zero; !due.SequenceEqual(await DeadAsync(other)); moved += TimeSpan.FromMilliseconds(100))
        {
            Assert.True(moved < TimeSpan.FromSeconds(5), $"{what}: {string.Join(' ', await DeadAsync(other))} instead of {string.Join(' ', due)}");
            scene.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        // Asked anew, it lives again, everywhere.
        foreach (int i in due)
            Assert.Equal("miss", (await AskAsync(scene.One, All[i].Tenant, All[i].Namespace, All[i].Model)).Cache);
        Assert.Empty(await DeadAsync(scene.One));
        await Eventually.IsTrueAsync(async () => (await DeadAsync(other)).Count == 0, "the other instance finds them");
        Assert.Equal(All.Length + due.Count, scene.Calls);

        Task<Reply> AskAsync(Instance instance, string tenant, string part, string model, string wish = "on") =>
            instance.AskAsync(Form.OpenAi, model, headers: [("key", keys[tenant]), ("x-perigee-cache", wish), .. part.Length == 0 ? [] : ((string, string)[])[("x-perigee-cache-namespace", part)]]);

        async Task<List<int>> DeadAsync(Instance instance)
        {
            List<int> dead = [];
            for (int i = 0; i < All.Length; i++)
            {
                Reply reply = await AskAsync(instance, All[i].Tenant, All[i].Namespace, All[i].Model, "only");
                Assert.True(reply is { Status: 404 } or { Status: 200, Cache: "hit" }, reply.ToString());
                if (reply.Status == 404)
                    dead.Add(i);
            }

            return dead;
        }
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"tenant":""}""")]
    [InlineData("""{"tennant":"t1"}""")]
    [InlineData("""{"key":"nonsense"}""")]
    [InlineData("""{"all":true,"tenant":"t1"}""")]
    [InlineData("""{"all":false}""")]
    public async Task What_names_nothing_kills_nothing(string what)
    {
        await using Scene scene = await Scene.StartAsync();
        await scene.One.AskAsync(Form.OpenAi, "openai/m");
        scene.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(400, (await scene.One.ManageAsync(HttpMethod.Post, "/manage/v1/cache:invalidate", what)).Status);
        Assert.Equal("hit", (await scene.One.AskAsync(Form.OpenAi, "openai/m")).Cache);
    }

    [Fact]
    public async Task Only_the_admin_may()
    {
        await using Scene scene = await Scene.StartAsync();
        string key = await scene.One.KeyAsync("t1");
        Assert.InRange((await scene.One.PostAsync("/manage/v1/cache:invalidate", """{"all":true}""", ("key", key))).Status, 401, 403);
        Assert.InRange((await scene.One.PostAsync("/manage/v1/cache:invalidate", """{"all":true}""")).Status, 401, 403);
    }

    private static bool IsMeant(string what, int i) => what switch
    {
        "key" or "delete" => i == 4,
        """{"all":true}""" => true,
        _ => !what.Contains("t3", StringComparison.Ordinal)
            && (!what.Contains("tenant", StringComparison.Ordinal) || what.Contains($"\"tenant\":\"{All[i].Tenant}\"", StringComparison.Ordinal))
            && (!what.Contains("namespace", StringComparison.Ordinal) || what.Contains($"\"namespace\":\"{All[i].Namespace}\"", StringComparison.Ordinal))
            && (!what.Contains("model", StringComparison.Ordinal) || what.Contains($"\"model\":\"{All[i].Model}\"", StringComparison.Ordinal)),
    };
}

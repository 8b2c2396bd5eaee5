using Perigee.Tests.Caching.Proving;

namespace Perigee.Tests.Regions;

/// <summary>The configuration that is put by the management API, for all instances of all regions.</summary>
public sealed class StoredConfigurationTests
{
    private const string Path = "/manage/v1/config/stored";
    private const string WithAlias = """{"aliases":{"parrot":"demo/echo"}}""";

    private static readonly TimeSpan Ten = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task What_is_put_in_any_region_holds_in_all_until_it_is_taken_away(int where)
    {
        await using RegionScene scene = await RegionScene.StartAsync(open: true);
        Instance second = await scene.AddAsync(0);
        Reply put = await scene.All[where].ManageAsync(HttpMethod.Put, Path, WithAlias);
        Assert.True(put.Status == 200, put.Body);
        await scene.WithinAsync(Ten, KnowsAsync, "every instance has the configuration");
        Assert.True(await KnowsAsync(second));
        Reply shown = await scene.East.ManageAsync(HttpMethod.Get, Path);
        Assert.Equal(WithAlias, shown.Body);
        Assert.Equal(put.Header("etag"), shown.Header("etag"));
        Assert.Contains("\"configuration\":\"stored\"", await scene.East.Http.GetStringAsync("/health/ready", TestContext.Current.CancellationToken), StringComparison.Ordinal);

        // An instance that starts now has it from its first request on.
        Assert.True(await KnowsAsync(await scene.AddAsync(1)));

        Assert.Equal(200, (await scene.East.ManageAsync(HttpMethod.Delete, Path)).Status);
        await scene.WithinAsync(Ten, async one => !await KnowsAsync(one), "every instance has its file again");
        Assert.Equal(404, (await scene.East.ManageAsync(HttpMethod.Get, Path)).Status);
    }

    [Fact]
    public async Task What_is_faulty_is_refused_with_all_its_faults_and_changes_nothing()
    {
        await using RegionScene scene = await RegionScene.StartAsync();
        await scene.Home.ManageAsync(HttpMethod.Put, Path, WithAlias);
        Reply refused = await scene.Home.ManageAsync(HttpMethod.Put, Path, """{"logs":{"flushSeconds":0},"cache":{"enabled":1}}""");
        Assert.Equal(400, refused.Status);
        Assert.Contains("logs.flushSeconds", refused.Body, StringComparison.Ordinal);
        Assert.Contains("cache.enabled", refused.Body, StringComparison.Ordinal);
        Assert.Equal(400, (await scene.Home.ManageAsync(HttpMethod.Put, Path, "{")).Status);
        Assert.Equal(400, (await scene.Home.ManageAsync(HttpMethod.Put, Path, "")).Status);
        Assert.Equal(413, (await scene.Home.ManageAsync(HttpMethod.Put, Path, "{\"x\":\"" + new string('x', 1 << 20) + "\"}")).Status);
        Assert.Equal(WithAlias, (await scene.Home.ManageAsync(HttpMethod.Get, Path)).Body);
    }

    [Fact]
    public async Task Of_two_who_change_it_at_once_one_is_told()
    {
        await using RegionScene scene = await RegionScene.StartAsync();
        string first = (await scene.Home.ManageAsync(HttpMethod.Put, Path, WithAlias)).Header("etag");
        Assert.Equal(200, (await PutIfAsync(scene.Home, "{}", first)).Status);
        Assert.Equal(412, (await PutIfAsync(scene.East, """{"aliases":{}}""", first)).Status);
        Assert.Equal("{}", (await scene.East.ManageAsync(HttpMethod.Get, Path)).Body);
        Reply audit = await scene.Home.ManageAsync(HttpMethod.Get, "/manage/v1/audit");
        Assert.Contains("config.put", audit.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_region_that_cannot_use_it_goes_on_with_what_it_has_and_says_why()
    {
        await using RegionScene scene = await RegionScene.StartAsync(open: true);
        await scene.Home.ManageAsync(HttpMethod.Put, Path, WithAlias);
        await scene.WithinAsync(Ten, KnowsAsync, "every instance has the configuration");
        string bad = """{"providers":{"openai":{"enabled":true}}}""";
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(bad)));
        await scene.StorageOf(1).Blobs("configuration").WriteAsync(hash + ".json", System.Text.Encoding.UTF8.GetBytes(bad), "application/json", default);
        await scene.StorageOf(1).Table("configuration").WriteAsync(
            new Perigee.Storage.TableRow("configuration", "current").Set("hash", hash), Perigee.Storage.WriteWhen.Always, default);
        await scene.WithinAsync(
            Ten,
            async () => (await scene.East.ManageAsync(HttpMethod.Get, "/manage/v1/regions")).Body.Contains("configurationRefused", StringComparison.Ordinal),
            "the fault is told");
        Assert.True(await KnowsAsync(scene.East));
    }

    [Fact]
    public async Task Without_its_storage_an_instance_starts_on_its_file_and_is_not_ready()
    {
        await using RegionScene scene = await RegionScene.StartAsync(open: true);
        await scene.Home.ManageAsync(HttpMethod.Put, Path, WithAlias);
        scene.StorageOf(0).Next = static _ => Mishap.Down;
        Instance late = await scene.AddAsync(0);
        Assert.Equal(503, (int)(await late.Http.GetAsync("/health/ready", TestContext.Current.CancellationToken)).StatusCode);
        scene.StorageOf(0).Next = static _ => Mishap.None;
        await scene.WithinAsync(Ten, () => KnowsAsync(late), "it has the configuration");
        Assert.Equal(200, (int)(await late.Http.GetAsync("/health/ready", TestContext.Current.CancellationToken)).StatusCode);
    }

    private static async Task<bool> KnowsAsync(Instance instance)
    {
        Reply reply = await instance.AskAsync(Form.OpenAi, "parrot", headers: ("key", Instance.AdminKey));
        return reply.Status == 200;
    }

    private static async Task<Reply> PutIfAsync(Instance instance, string body, string tag)
    {
        using HttpRequestMessage request = new(HttpMethod.Put, Path) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Add("authorization", "Bearer " + Instance.AdminKey);
        request.Headers.Add("if-match", tag);
        return await Reply.OfAsync(await instance.Http.SendAsync(request, TestContext.Current.CancellationToken));
    }
}

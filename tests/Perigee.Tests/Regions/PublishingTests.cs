using System.Text.Json;
using Perigee.Tests.Caching.Proving;

namespace Perigee.Tests.Regions;

/// <summary>Keys, organisations and admin keys: made and changed anywhere, known everywhere within 10 seconds.</summary>
public sealed class PublishingTests
{
    private static readonly TimeSpan Ten = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_key_that_is_made_in_any_region_opens_all_and_a_revoked_one_opens_none(int where)
    {
        await using RegionScene scene = await RegionScene.StartAsync();
        Instance managed = scene.All[where];
        (string key, string id) = await MakeKeyAsync(managed);
        await scene.WithinAsync(Ten, one => OpensAsync(one, key), "the key opens every region");

        Assert.Equal(200, (await managed.ManageAsync(HttpMethod.Delete, "/manage/v1/keys/" + id)).Status);
        TimeSpan took = await scene.WithinAsync(Ten, async one => !await OpensAsync(one, key), "the revoked key is refused in every region");
        Assert.True(took < Ten, $"{took}");
    }

    [Fact]
    public async Task A_key_in_use_all_the_time_is_refused_within_10_seconds_too()
    {
        await using RegionScene scene = await RegionScene.StartAsync();
        (string key, string id) = await MakeKeyAsync(scene.Home);
        await scene.WithinAsync(Ten, one => OpensAsync(one, key), "the key opens every region");
        for (int second = 0; second < 7; second++)
        {
            scene.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.True(await OpensAsync(scene.East, key));
        }

        await scene.Home.ManageAsync(HttpMethod.Delete, "/manage/v1/keys/" + id);
        await scene.WithinAsync(Ten, async one => !await OpensAsync(one, key), "the revoked key is refused in every region");
    }

    [Fact]
    public async Task A_key_that_was_read_at_the_very_moment_and_not_since_is_refused_before_10_seconds_are_over()
    {
        await using RegionScene scene = await RegionScene.StartAsync();
        (string key, string id) = await MakeKeyAsync(scene.Home);
        await scene.WithinAsync(Ten, async () => (await scene.StorageOf(1).Table("keys").FindAsync(KeyPartition(key), KeyHash(key), default)) is not null, "the key is in the region");
        await scene.Home.ManageAsync(HttpMethod.Delete, "/manage/v1/keys/" + id);
        Assert.True(await OpensAsync(scene.East, key));
        for (int step = 0; step < 38; step++)
        {
            scene.Time.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.False(await OpensAsync(scene.East, key));
    }

    [Fact]
    public async Task A_change_of_an_organisation_holds_for_its_keys_in_every_region()
    {
        await using RegionScene scene = await RegionScene.StartAsync();
        Reply made = await scene.East.ManageAsync(HttpMethod.Post, "/manage/v1/organisations", """{"name":"Acme"}""");
        string organisation = made.Json.GetProperty("id").GetString()!;
        Reply key = await scene.East.ManageAsync(HttpMethod.Post, "/manage/v1/keys", $$"""{"name":"k","organisation":"{{organisation}}"}""");
        Assert.True(key.Status == 201, key.Body);
        string text = key.Json.GetProperty("key").GetString()!;
        await scene.WithinAsync(Ten, one => OpensAsync(one, text), "the key opens every region");

        Assert.Equal(200, (await scene.Home.ManageAsync(HttpMethod.Patch, "/manage/v1/organisations/" + organisation, """{"disabled":true}""")).Status);
        await scene.WithinAsync(Ten, async one => !await OpensAsync(one, text), "keys of a disabled organisation are refused in every region");
    }

    [Fact]
    public async Task An_admin_key_holds_in_every_region()
    {
        await using RegionScene scene = await RegionScene.StartAsync();
        Reply made = await scene.East.ManageAsync(HttpMethod.Post, "/manage/v1/admin-keys", """{"name":"a","role":"viewer"}""");
        Assert.True(made.Status == 201, made.Body);
        string key = made.Json.GetProperty("key").GetString()!;
        await scene.WithinAsync(
            Ten,
            async one =>
            {
                using HttpRequestMessage request = new(HttpMethod.Get, "/manage/v1/regions");
                request.Headers.Add("authorization", "Bearer " + key);
                return (await one.Http.SendAsync(request, TestContext.Current.CancellationToken)).IsSuccessStatusCode;
            },
            "the admin key opens every region");
    }

    [Fact]
    public async Task Without_the_home_the_others_serve_on_and_are_brought_what_they_missed()
    {
        await using RegionScene scene = await RegionScene.StartAsync();
        (string key, string id) = await MakeKeyAsync(scene.Home);
        await scene.WithinAsync(Ten, one => OpensAsync(one, key), "the key opens every region");

        scene.StorageOf(0).Next = static _ => Mishap.Down;
        scene.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.True(await OpensAsync(scene.East, key));
        Reply refused = await scene.East.ManageAsync(HttpMethod.Post, "/manage/v1/keys", """{"name":"late"}""");
        Assert.True(refused is { Status: 503 }, refused.Body);
        Reply ready = await Reply.OfAsync(await scene.East.Http.GetAsync("/health/ready", TestContext.Current.CancellationToken));
        Assert.Equal(200, ready.Status);
        Assert.InRange(ready.Json.GetProperty("configurationAgeSeconds").GetDouble(), 100, 200);

        scene.StorageOf(0).Next = static _ => Mishap.None;
        await scene.Home.ManageAsync(HttpMethod.Delete, "/manage/v1/keys/" + id);
        await scene.WithinAsync(Ten, async one => !await OpensAsync(one, key), "the revoked key is refused in every region");
    }

    [Fact]
    public async Task A_region_that_was_down_for_long_gets_all_and_holds_up_none()
    {
        await using RegionScene scene = await RegionScene.StartAsync();
        (string first, string id) = await MakeKeyAsync(scene.Home);
        await scene.WithinAsync(Ten, one => OpensAsync(one, first), "the key opens every region");
        scene.StorageOf(2).Next = static _ => Mishap.Down;
        (string second, _) = await MakeKeyAsync(scene.Home);
        await scene.Home.ManageAsync(HttpMethod.Delete, "/manage/v1/keys/" + id);
        await scene.WithinAsync(Ten, async () => await OpensAsync(scene.East, second) && !await OpensAsync(scene.East, first), "the region that is up has both changes");

        // Announcements are gone long before.
        for (int minute = 0; minute < 4; minute++)
            await StepAsync(scene, 30);
        Reply regions = await scene.Home.ManageAsync(HttpMethod.Get, "/manage/v1/regions");
        Assert.Contains("\"error\":\"down for a test\"", regions.Body, StringComparison.Ordinal);
        Assert.Equal(0, await CountAsync(scene.StorageOf(0).Table("changes")));
        scene.StorageOf(2).Next = static _ => Mishap.None;
        await scene.WithinAsync(Ten, async () => await OpensAsync(scene.All[2], second) && !await OpensAsync(scene.All[2], first), "the region that is back has both changes");
    }

    [Fact]
    public async Task Where_the_publisher_dies_another_instance_of_the_home_goes_on()
    {
        await using RegionScene scene = await RegionScene.StartAsync();
        Instance second = await scene.AddAsync(0);
        await scene.WithinAsync(Ten, async () => await PublishesAsync(scene.Home), "the first publishes");
        Assert.False(await PublishesAsync(second));
        await scene.Home.StopAsync();
        (string key, _) = await MakeKeyAsync(second);
        await scene.WithinAsync(TimeSpan.FromSeconds(20), () => OpensAsync(scene.East, key), "the second publishes");
        Assert.True(await PublishesAsync(second));
    }

    [Fact]
    public async Task What_a_region_had_before_it_joined_stays_and_is_told()
    {
        await using RegionScene scene = await RegionScene.StartAsync();
        await scene.StorageOf(1).Table("keys").WriteAsync(new Perigee.Storage.TableRow("ab", "abcd").Set("name", "older"), Perigee.Storage.WriteWhen.Always, default);
        for (int minute = 0; minute < 6; minute++)
            await StepAsync(scene, 60);
        Assert.NotNull(await scene.StorageOf(1).Table("keys").FindAsync("ab", "abcd", default));
        await scene.WithinAsync(
            TimeSpan.FromMinutes(1),
            async () => (await scene.Home.ManageAsync(HttpMethod.Get, "/manage/v1/regions")).Json.GetProperty("regions").EnumerateArray()
                .Any(static one => one.GetProperty("region").GetString() == "east" && one.GetProperty("strangeRows").GetInt32() == 1),
            "the strange row is told");
    }

    [Fact]
    public async Task Every_answer_names_its_region()
    {
        await using RegionScene scene = await RegionScene.StartAsync(open: true);
        for (int i = 0; i < RegionScene.Names.Length; i++)
            Assert.Equal(RegionScene.Names[i], (await scene.All[i].AskAsync(Form.OpenAi, "demo/echo")).Header("x-perigee-region"));
    }

    private static string KeyHash(string key) => Perigee.Callers.KeyText.Hash(key).Hex();

    private static string KeyPartition(string key) => Perigee.Callers.KeyRecord.PartitionOf(KeyHash(key));

    internal static async Task<bool> OpensAsync(Instance instance, string key)
    {
        Reply reply = await instance.AskAsync(Form.OpenAi, "demo/echo", headers: ("key", key));
        Assert.True(reply.Status is 200 or 401 or 403, reply.Body);
        return reply.Status == 200;
    }

    internal static async Task<(string Key, string Id)> MakeKeyAsync(Instance instance)
    {
        Reply reply = await instance.ManageAsync(HttpMethod.Post, "/manage/v1/keys", """{"name":"k"}""");
        Assert.True(reply.Status == 201, reply.Body);
        return (reply.Json.GetProperty("key").GetString()!, reply.Json.GetProperty("id").GetString()!);
    }

    private static async Task<bool> PublishesAsync(Instance instance) =>
        (await instance.ManageAsync(HttpMethod.Get, "/manage/v1/regions")).Json.GetProperty("publishes").ValueKind == JsonValueKind.True;

    private static async Task StepAsync(RegionScene scene, int seconds)
    {
        for (int second = 0; second < seconds; second++)
        {
            scene.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<int> CountAsync(Perigee.Storage.ITable table)
    {
        int count = 0;
        await foreach (Perigee.Storage.TableRow _ in table.ScanAsync(default))
            count++;
        return count;
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text;
using Perigee.Acceptance.Tests.Refusals;
using Perigee.Acceptance.Tests.Running;
using Perigee.Acceptance.Tests.Streams;

namespace Perigee.Acceptance.Tests.Regions;

/// <summary>What a gateway of several regions promises, with processes and emulators.</summary>
[Collection(nameof(Alone))]
public sealed class RegionTests
{
    private const int Budget = 300;

    private static readonly TimeSpan Ten = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Keys_configuration_and_budgets_hold_in_all_regions_and_outlive_the_home()
    {
        await using ThreeRegions regions = await ThreeRegions.StartAsync();
        ITestOutputHelper output = TestContext.Current.TestOutputHelper!;

        // Made in a region that is not the home; revoked at home.
        (string key, string id) = await ThreeRegions.KeyAsync(regions.East, new { name = "everywhere" });
        output.WriteLine($"a new key opens all regions after {await regions.UntilAsync(key, HttpStatusCode.OK, Ten)}");
        using (HttpClient admin = regions.Home.Client(Gateway.AdminKey))
            Assert.True((await admin.DeleteAsync("/manage/v1/keys/" + id, TestContext.Current.CancellationToken)).IsSuccessStatusCode);
        output.WriteLine($"a revoked key opens none after {await regions.UntilAsync(key, HttpStatusCode.Unauthorized, Ten)}");

        // A configuration that is put at home.
        (string asker, _) = await ThreeRegions.KeyAsync(regions.Home, new { name = "asker" });
        await regions.UntilAsync(asker, HttpStatusCode.OK, Ten);
        using (HttpClient admin = regions.Home.Client(Gateway.AdminKey))
        {
            using StringContent body = new("""{"aliases":{"parrot":"demo/echo"}}""", Encoding.UTF8, "application/json");
            Assert.True((await admin.PutAsync("/manage/v1/config/stored", body, TestContext.Current.CancellationToken)).IsSuccessStatusCode);
        }

        long put = TimeProvider.System.GetTimestamp();
        foreach (Gateway gateway in regions.All)
        {
            using HttpClient client = gateway.Client(asker);
            while ((await Answer.ChatAsync(client, "parrot")).Status != HttpStatusCode.OK)
            {
                Assert.True(TimeProvider.System.GetElapsedTime(put) < Ten, $"{gateway.Url} does not know the configuration");
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }
        }

        output.WriteLine($"a configuration holds everywhere after {TimeProvider.System.GetElapsedTime(put)}");

        // A budget of all regions: twice as much is asked for as there is.
        (string spender, _) = await ThreeRegions.KeyAsync(regions.Home, new { name = "spender", limits = new object[] { new { meter = "requests", amount = Budget, per = "total" } } });
        (string sharer, _) = await ThreeRegions.KeyAsync(
            regions.Home, new { name = "sharer", limits = new object[] { new { meter = "requests", amount = Budget, per = "total", storageDown = "share" } } });
        await regions.UntilAsync(spender, HttpStatusCode.OK, Ten);
        await regions.UntilAsync(sharer, HttpStatusCode.OK, Ten);
        int before = ThreeRegions.Names.Length;
        int admitted = before;
        for (int round = 0; round < 6 && admitted < Budget * 95 / 100; round++)
        {
            // What a region was granted and nobody there asks for goes home after five seconds.
            if (round > 0)
                await Task.Delay(TimeSpan.FromSeconds(7), TestContext.Current.CancellationToken);
            admitted += await SpendAsync(regions.All, spender, Budget * 2 / ThreeRegions.Names.Length);
            output.WriteLine($"{admitted} of {Budget} admitted after {round + 1} rounds");
            Assert.InRange(admitted, 1, Budget);
        }

        Assert.InRange(admitted, Budget * 95 / 100, Budget);

        // The home is gone: the others serve on, those with a share of a limit no more than it.
        await regions.LoseHomeAsync();
        int shared = before + await SpendAsync(regions.All, sharer, Budget);
        output.WriteLine($"{shared} of {Budget} admitted by shares without the home");
        Assert.InRange(shared, before + 2, Budget);
        foreach (Gateway gateway in regions.All)
        {
            using HttpClient client = gateway.Client(asker);
            Assert.Equal(HttpStatusCode.OK, (await Answer.ChatAsync(client, "parrot")).Status);
            using HttpClient admin = gateway.Client(Gateway.AdminKey);
            using HttpResponseMessage refused = await admin.PostAsJsonAsync("/manage/v1/keys", new { name = "late" }, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/ready", TestContext.Current.CancellationToken)).StatusCode);
        }

        // It is back: what was spent without it counts, and changes arrive again.
        await regions.BringHomeBackAsync();
        (string late, _) = await ThreeRegions.KeyAsync(regions.Home, new { name = "late" });
        output.WriteLine($"after the home's return a new key opens all regions after {await regions.UntilAsync(late, HttpStatusCode.OK, TimeSpan.FromSeconds(25))}");
        int rest = await SpendAsync(regions.All, sharer, Budget);
        output.WriteLine($"{shared + rest} of {Budget} admitted in all");
        Assert.InRange(shared + rest, shared, Budget);
        Assert.InRange(await SpendAsync(regions.All, spender, 10), 0, Budget - admitted);
    }

    /// <summary>Asks in all regions at once; returns how many were admitted.</summary>
    private static async Task<int> SpendAsync(IEnumerable<Gateway> gateways, string key, int each)
    {
        int admitted = 0;
        await Task.WhenAll(gateways.Select(async gateway =>
        {
            using HttpClient client = gateway.Client(key);
            await Parallel.ForEachAsync(Enumerable.Range(0, each), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) =>
            {
                Answer answer = await Answer.ChatAsync(client, "demo/echo");
                Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable, answer.Body);
                if (answer.Status == HttpStatusCode.OK)
                    Interlocked.Increment(ref admitted);
            });
        }));
        return admitted;
    }
}

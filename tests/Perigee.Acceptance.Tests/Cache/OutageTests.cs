using System.Globalization;
using Perigee.Acceptance.Tests.Outages;
using Perigee.Acceptance.Tests.Streams;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Cache;

/// <summary>Two processes on one storage, which dies and comes back empty under a load that does not wait for it. Alone on the machine, because of the load.</summary>
[Collection(nameof(Alone))]
public sealed class OutageTests
{
    private const int PerSecond = 50;
    private const int Questions = 20;

    private static ITestOutputHelper Out => TestContext.Current.TestOutputHelper!;

    [Fact]
    public async Task Storage_dies_and_comes_back_under_load_and_no_client_notices()
    {
        await using Azurite storage = await Azurite.StartAsync();
        await using FickleProvider provider = await FickleProvider.StartAsync(static (self, call) => self.GiveAsync(call, TimeSpan.FromMilliseconds(20)));
        string config = $$"""
            { "providers": { {{Testbed.Providers(("one", provider))}} }, "cache": { "ttlSeconds": 2 } }
            """;
        Dictionary<string, string> environment = new()
        {
            ["PERIGEE_STORAGE_CONNECTION"] = storage.ConnectionString,

            // Whoever has no key needs no look-up of one: what is to be seen is the cache.
            ["PERIGEE_OPEN"] = "true",
        };
        Task<Testbed> starting = Testbed.StartAsync(config, environment: environment);
        await using Testbed first = await Testbed.StartAsync(config, environment: environment);
        await using Testbed second = await starting;
        using Asking one = new(first.App.Url, ""), two = new(second.App.Url, "");

        // What one keeps the other finds.
        await FindsAsync(one, two, "of one", stream: false, provider);

        (string Name, double Seconds, Func<Task> Begin)[] phases =
        [
            ("all well", 3, () => Task.CompletedTask), ("storage is dead", 4, storage.KillAsync), ("storage is back", 7, storage.ReviveAsync),
        ];
        Task<Asked[]> load = Asking.OpenLoopAsync(
            PerSecond, TimeSpan.FromSeconds(phases.Sum(static phase => phase.Seconds)),
            i => (i % 2 == 0 ? one : two).AskAsync("one/m", $"question {i / 2 % Questions}", stream: i % 4 < 2));
        List<(string Name, double Until, int Calls)> seen = [];
        double until = 0;
        foreach ((string name, double seconds, Func<Task> begin) in phases)
        {
            int before = provider.Calls();
            long began = TimeProvider.System.GetTimestamp();
            await begin();
            TimeSpan left = TimeSpan.FromSeconds(seconds) - TimeProvider.System.GetElapsedTime(began);
            await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, TestContext.Current.CancellationToken);
            seen.Add((name, until += seconds, provider.Calls() - before));
        }

        Asked[] asked = await load;
        double from = asked.Min(static a => a.At), since = 0;
        foreach ((string name, double end, int calls) in seen)
        {
            Asked[] part = [.. asked.Where(a => a.At - from >= since && a.At - from < end)];
            since = end;
            Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-16} {part.Length,4} requests, {part.Count(static a => a.Fault.Length > 0)} failed, {part.Count(static a => a.Cache == "hit"),4} hits, {part.Count(static a => a.Cache == "miss"),4} misses, {calls,4} calls, p50 {Asking.Percentile(part.Select(static a => a.Total), 0.5):0} ms, p99 {Asking.Percentile(part.Select(static a => a.Total), 0.99):0} ms"));

            // Memory alone holds two seconds of twenty questions: most are hits whatever becomes of the storage.
            Assert.True(part.Count(static a => a.Cache == "hit") > part.Length / 3, $"{name}: few hits");
        }

        Asked[] failed = [.. asked.Where(static a => a.Fault.Length > 0)];
        Assert.True(failed.Length == 0, $"{failed.Length} of {asked.Length} failed: {string.Join("; ", failed.Take(3).Select(static f => $"{f.At:0.0} s: {f.Fault}"))}");

        // And when it is back, what one keeps the other finds again.
        await FindsAsync(two, one, "of two", stream: true, provider);
    }

    /// <summary>
    /// What the one keeps the other finds. It is written behind the answer, and is good for two seconds only: where the machine takes longer, it is kept once more.
    /// </summary>
    private static async Task FindsAsync(Asking keeper, Asking finder, string prompt, bool stream, FickleProvider provider)
    {
        for (int attempt = 1; ; attempt++)
        {
            Asked made = await keeper.AskAsync("one/m", $"{prompt}, {attempt}", stream);
            Assert.Equal(("", "miss"), (made.Fault, made.Cache));
            int calls = provider.Calls();
            Asked found = default;
            for (int look = 0; look < 80; look++)
            {
                found = await finder.AskAsync("one/m", $"{prompt}, {attempt}", stream: false, only: true);
                if (found.Fault.Length == 0)
                    break;
                await Task.Delay(25, TestContext.Current.CancellationToken);
            }

            Assert.Equal(calls, provider.Calls());
            if (found.Cache == "hit")
                return;
            Assert.True(attempt < 20, $"It is not found: {found.Fault}");
        }
    }
}

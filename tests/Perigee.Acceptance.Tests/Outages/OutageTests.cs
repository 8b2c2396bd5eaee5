using System.Globalization;
using Perigee.Acceptance.Tests.Running;
using Perigee.Acceptance.Tests.Streams;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Outages;

/// <summary>Providers die, limit and fall silent under a load that does not wait for them, and no client notices. Alone on the machine, because of the load.</summary>
[Collection(nameof(Alone))]
public sealed class OutageTests
{
    private const int PerSecond = 60;

    private static ITestOutputHelper Out => TestContext.Current.TestOutputHelper!;

    [Fact]
    public async Task Three_targets_fail_in_turn_under_load_and_no_client_notices()
    {
        const int Seed = 41;
        Out.WriteLine($"seed {Seed}, {PerSecond} requests a second, every second one a stream");
        await using FickleProvider one = await FickleProvider.StartAsync(Good);
        await using FickleProvider two = await FickleProvider.StartAsync(Good);
        await using FickleProvider three = await FickleProvider.StartAsync(Good);
        await using Testbed gateway = await Testbed.StartAsync($$"""
            {
              "providers": { {{Testbed.Providers(("one", one), ("two", two), ("three", three))}} },
              "routes": { "steady": {
                "policy": "weighted", "targets": ["one/m", "two/m", "three/m"],
                "timeouts": { "connectSeconds": 1, "firstTokenSeconds": 1, "idleSeconds": 1 } } },
              "breaker": { "openSeconds": 1, "longestOpenSeconds": 2 },
              "cache": { "enabled": false },
            }
            """);
        using Asking clients = new(gateway.App.Url, gateway.Key);
        await clients.AskAsync("steady", "warm up", stream: true);
        Random dice = new(Seed);
        string[] prompts = [.. Enumerable.Range(0, PerSecond * 30).Select(i => $"{i} {dice.Next()}")];

        (string Name, double Seconds, Func<Task> Begin)[] phases =
        [
            ("all well", 2, () => Task.CompletedTask),
            ("one is dead", 4, one.KillAsync),
            ("one is back", 2.5, one.ReviveAsync),
            ("two says 429", 3.5, () => Become(two, (_, call) => FickleProvider.LimitAsync(call, 1500))),
            ("two is back", 2, () => Become(two, Good)),
            ("three is silent", 4, () => Become(three, (_, call) => FickleProvider.StaySilentAsync(call))),
            ("three is back", 2.5, () => Become(three, Good)),
        ];
        using CancellationTokenSource over = new();
        Task<Asked[]> load = Asking.OpenLoopAsync(
            PerSecond, TimeSpan.FromSeconds(phases.Sum(phase => phase.Seconds)), i => clients.AskAsync("steady", prompts[i], stream: i % 2 == 0));
        List<(string Name, double Until, int[] Calls)> seen = [];
        double until = 0;
        foreach ((string name, double seconds, Func<Task> begin) in phases)
        {
            int[] before = [one.Calls(), two.Calls(), three.Calls()];
            long began = TimeProvider.System.GetTimestamp();
            await begin();
            await Task.Delay(TimeSpan.FromSeconds(seconds) - TimeProvider.System.GetElapsedTime(began), TestContext.Current.CancellationToken);
            seen.Add((name, until += seconds, [one.Calls() - before[0], two.Calls() - before[1], three.Calls() - before[2]]));
        }

        Asked[] asked = await load;
        double from = asked.Min(a => a.At);
        double since = 0;
        foreach ((string name, double end, int[] calls) in seen)
        {
            Asked[] part = [.. asked.Where(a => a.At - from >= since && a.At - from < end)];
            since = end;
            Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-16} {part.Length,4} requests, {part.Count(a => a.Fault.Length > 0)} failed, {part.Count(a => a.Attempts.Contains(',', StringComparison.Ordinal)),3} tried more than once, p50 {Asking.Percentile(part.Select(a => a.Total), 0.5):0} ms, p99 {Asking.Percentile(part.Select(a => a.Total), 0.99):0} ms; calls {string.Join(" / ", calls)}"));
        }

        Asked[] failed = [.. asked.Where(a => a.Fault.Length > 0)];
        Assert.True(failed.Length == 0, $"{failed.Length} of {asked.Length} failed: {string.Join("; ", failed.Take(3).Select(f => $"{f.At:0.0} s, {f.Attempts}: {f.Fault}"))}");
        Assert.True(asked.Length > PerSecond * 18, $"Only {asked.Length} requests were sent.");

        // Each was really out, and each came back by its probe.
        Assert.Equal(0, seen[1].Calls[0]);
        Assert.InRange(seen[3].Calls[1], 1, seen[3].Calls[0] / 2);
        Assert.InRange(seen[5].Calls[2], 1, seen[5].Calls[0] / 2);
        Assert.All(seen[6].Calls, calls => Assert.True(calls > 0, "One did not come back."));
        Assert.All(asked, a => Assert.True(a.Total < 5000, $"{a.Total} ms: {a.Attempts}"));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_second_process_leaves_the_dead_target_alone_within_5_s_without_having_met_it(bool azurite)
    {
        await using FickleProvider one = await FickleProvider.StartAsync(Good);
        await using FickleProvider two = await FickleProvider.StartAsync(Good);
        await using FickleProvider three = await FickleProvider.StartAsync(Good);
        using TemporaryFolder folder = new();
        await using Azurite? emulator = azurite ? await Azurite.StartAsync() : null;
        Dictionary<string, string> environment = emulator is null ? [] : new() { ["PERIGEE_STORAGE_CONNECTION"] = emulator.ConnectionString };

        // Open for longer than the test runs: a probe of the second process would be a meeting.
        string config = $$"""
            {
              "providers": { {{Testbed.Providers(("one", one), ("two", two), ("three", three))}} },
              "routes": { "steady": { "policy": "in-order", "targets": ["one/m", "two/m", "three/m"] } },
              "breaker": { "openSeconds": 60 },
              "cache": { "enabled": false },
            }
            """;
        await using Testbed a = await Testbed.StartAsync(config, folder.Path, environment);
        await using Testbed b = await Testbed.StartAsync(config, folder.Path, environment);
        using Asking ofA = new(a.App.Url, a.Key);
        using Asking ofB = new(b.App.Url, b.Key);

        // What B is asked meanwhile does not touch the target.
        Task<Asked[]> trickle = Asking.OpenLoopAsync(5, TimeSpan.FromSeconds(8), i => ofB.AskAsync("three/aside", $"{i} aside", stream: false));
        Assert.Equal("", (await ofA.AskAsync("steady", "before", stream: false)).Fault);
        await one.KillAsync();
        Task<Asked[]> load = Asking.OpenLoopAsync(30, TimeSpan.FromSeconds(7), i => ofA.AskAsync("steady", $"{i} load", stream: i % 2 == 0));
        await Running.Patience.UntilAsync(async () => (await a.HealthAsync("one/m")).State == "open", "the first process opens the breaker");
        long opened = TimeProvider.System.GetTimestamp();
        while ((await b.HealthAsync("one/m")).State != "open" && TimeProvider.System.GetElapsedTime(opened) < TimeSpan.FromSeconds(5))
            await Task.Delay(50, TestContext.Current.CancellationToken);
        TimeSpan heard = TimeProvider.System.GetElapsedTime(opened);
        Out.WriteLine($"the second process knew {heard.TotalMilliseconds:0} ms after the first ({(azurite ? "storage emulator" : "embedded storage")})");

        Asked[] burst = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => ofB.AskAsync("steady", $"{i} burst", stream: i % 2 == 0)));
        Out.WriteLine($"burst of {burst.Length}: {burst.Count(x => x.Attempts.Contains("one/m", StringComparison.Ordinal))} met the dead one, {burst.Count(x => x.Fault.Length > 0)} failed");
        Assert.All(burst, x => Assert.Equal("", x.Fault));
        Assert.All(burst, x => Assert.StartsWith("two/m;", x.Attempts, StringComparison.Ordinal));
        Assert.All(burst, x => Assert.DoesNotContain("one/m", x.Attempts, StringComparison.Ordinal));
        Assert.InRange(heard, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.All(await load, x => Assert.Equal("", x.Fault));
        Assert.All(await trickle, x => Assert.Equal("", x.Fault));
    }

    private static Task Good(FickleProvider self, ProviderCall call) => self.GiveAsync(call, TimeSpan.FromMilliseconds(30));

    private static Task Become(FickleProvider provider, Func<FickleProvider, ProviderCall, Task> answer)
    {
        provider.Answer = answer;
        return Task.CompletedTask;
    }
}

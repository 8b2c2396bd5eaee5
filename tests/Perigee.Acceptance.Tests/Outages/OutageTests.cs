using System.Globalization;
using Perigee.Acceptance.Tests.Streams;

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
        Task<Asked[]> load = Asking.OpenLoopAsync(
            PerSecond, TimeSpan.FromSeconds(phases.Sum(phase => phase.Seconds)), i => clients.AskAsync("steady", prompts[i], stream: i % 2 == 0));
        List<(string Name, double Until, int[] Calls)> seen = [];
        double until = 0;
        foreach ((string name, double seconds, Func<Task> begin) in phases)
        {
            long began = TimeProvider.System.GetTimestamp();
            await begin();

            // What came in while it was being ended or started belongs to neither phase.
            int[] before = [one.Calls(), two.Calls(), three.Calls()];
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

    private static Task Good(FickleProvider self, ProviderCall call) => self.GiveAsync(call, TimeSpan.FromMilliseconds(30));

    private static Task Become(FickleProvider provider, Func<FickleProvider, ProviderCall, Task> answer)
    {
        provider.Answer = answer;
        return Task.CompletedTask;
    }
}

using Perigee.Acceptance.Tests.Running;
using Perigee.Acceptance.Tests.Streams;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Outages;

/// <summary>What one process finds out about a target the others of the region know.</summary>
[Collection(nameof(Alone))]
public sealed class SharedHealthTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

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
        using CancellationTokenSource enough = new();
        Task<Asked[]> trickle = Asking.OpenLoopAsync(5, Longest, i => ofB.AskAsync("three/aside", $"{i} aside", stream: false), enough.Token);
        Assert.Equal("", (await ofA.AskAsync("steady", "before", stream: false)).Fault);
        await one.KillAsync();
        Task<Asked[]> load = Asking.OpenLoopAsync(30, Longest, i => ofA.AskAsync("steady", $"{i} load", stream: i % 2 == 0), enough.Token);
        await Patience.UntilAsync(async () => (await a.HealthAsync("one/m")).State == "open", "the first process opens the breaker");
        long opened = TimeProvider.System.GetTimestamp();
        while ((await b.HealthAsync("one/m")).State != "open" && TimeProvider.System.GetElapsedTime(opened) < TimeSpan.FromSeconds(5))
            await Task.Delay(50, TestContext.Current.CancellationToken);
        TimeSpan heard = TimeProvider.System.GetElapsedTime(opened);
        TestContext.Current.TestOutputHelper!.WriteLine($"the second process knew {heard.TotalMilliseconds:0} ms after the first ({(azurite ? "storage emulator" : "embedded storage")})");

        Asked[] burst = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => ofB.AskAsync("steady", $"{i} burst", stream: i % 2 == 0)));
        TestContext.Current.TestOutputHelper!.WriteLine($"burst of {burst.Length}: {burst.Count(x => x.Attempts.Contains("one/m", StringComparison.Ordinal))} met the dead one, {burst.Count(x => x.Fault.Length > 0)} failed");
        Assert.All(burst, x => Assert.Equal("", x.Fault));
        Assert.All(burst, x => Assert.StartsWith("two/m;", x.Attempts, StringComparison.Ordinal));
        Assert.All(burst, x => Assert.DoesNotContain("one/m", x.Attempts, StringComparison.Ordinal));
        Assert.InRange(heard, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        await enough.CancelAsync();
        Assert.All(await load, x => Assert.Equal("", x.Fault));
        Assert.All(await trickle, x => Assert.Equal("", x.Fault));
    }

    private static Task Good(FickleProvider self, ProviderCall call) => self.GiveAsync(call, TimeSpan.FromMilliseconds(30));
}

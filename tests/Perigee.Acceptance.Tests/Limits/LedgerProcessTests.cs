using Perigee.Acceptance.Tests.Limits.Processes;
using Perigee.Acceptance.Tests.Streams;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Limits;

/// <summary>
/// Exactness with real processes and a real storage. Two seeds of the twelve limits a minute in every run and one of those a second, which are printed; the benchmark
/// <c>limits-processes</c> runs the same with twenty.
/// </summary>
[Collection(nameof(Alone))]
public sealed class LedgerProcessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Periods() => ["Minute", "Second"];

    [Theory, MemberData(nameof(Periods))]
    public async Task Whatever_happens_to_them_no_window_holds_more_than_the_limit(string period)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent as Linux has them.");
        int first = Environment.TickCount & 0xFFFF;
        await using Azurite azurite = await Azurite.StartAsync();
        for (int seed = first; seed < first + (period == "Second" ? 1 : 2); seed++)
        {
            DrivenRun run = await RunAsync(azurite, period, seed, harm: true);
            Assert.All(run.Results, result =>
            {
                Assert.InRange(result.Most, 1, result.Limit.Amount);
                Assert.True(result.Admitted >= 0.25 * Asked(result), $"seed {seed}: little was admitted, {result}");
            });
            Assert.All(run.Faults, static count => Assert.True(count > 0, "Each kind of fault should have happened."));
        }
    }

    [Theory, MemberData(nameof(Periods))]
    public Task Where_nobody_is_harmed_the_limit_is_used(string period) => Measuring.HoldsAsync(async () =>
    {
        await using Azurite azurite = await Azurite.StartAsync();
        DrivenRun run = await RunAsync(azurite, period, Environment.TickCount & 0xFFFF, harm: false);
        Assert.All(run.Results, static result => Assert.InRange(result.Most, 1, result.Limit.Amount));
        DrivenResult[] unused = [.. run.Results.Where(static result => result.Admitted < result.Limit.LeastUsed * Asked(result))];
        return unused.Length == 0 ? null : string.Join(", ", unused);
    });

    /// <summary>The promise holds for twice the demand: a machine that is too slow to ask for so much is held to half of what it asked for.</summary>
    private static double Asked(DrivenResult result) => Math.Min(result.Admitted / result.Used, result.Asked / 2.0);

    private static async Task<DrivenRun> RunAsync(Azurite azurite, string period, int seed, bool harm)
    {
        IReadOnlyList<Combination> limits = period == "Second" ? Combination.ASecond : Combination.AMinute;
        DrivenRun run = await LimitProcesses.RunAsync(azurite.ConnectionString, limits, seed, harm, Cancel);
        foreach (DrivenResult result in run.Results)
            TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}: {result.Limit}: at most {result.Most} in a window; {result.Admitted} of {result.Asked} admitted, {result.Used:P1} used");
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}: faults {string.Join(", ", run.Faults)} (refused, hung, lost, late)");
        return run;
    }
}

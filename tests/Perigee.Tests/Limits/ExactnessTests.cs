using Perigee.Tests.Limits.Simulation;

namespace Perigee.Tests.Limits;

/// <summary>
/// Eight processes on one limit, in simulated time: wall clocks wrong by up to five seconds, storage that fails, answers late and loses replies,
/// processes stopped and killed. The benchmark <c>limits</c> runs the same with twenty seeds.
/// </summary>
public sealed class ExactnessTests
{
    public static TheoryData<int, long, long> Kinds() => new()
    {
        { (int)LimitMeter.Requests, 1, 1 },
        { (int)LimitMeter.Requests, 10, 1 },
        { (int)LimitMeter.Requests, 1_000, 1 },
        { (int)LimitMeter.Tokens, 10, 2 },
        { (int)LimitMeter.Tokens, 1_000, 40 },
        { (int)LimitMeter.Tokens, 100_000, 2_000 },
        { (int)LimitMeter.Money, 1, 1 },
        { (int)LimitMeter.Money, 1_000, 40 },
        { (int)LimitMeter.Money, 100_000, 2_000 },
    };

    [Theory, MemberData(nameof(Kinds))]
    public void Whatever_fails_no_window_holds_more_than_the_limit(int meter, long limit, long most)
    {
        RunResult result = Run(meter, limit, most, static s => s with { Faults = Faults.Some, Mayhem = true, TakesLess = true });
        Assert.True(result.MostInWindow <= limit, $"{result}");
        Assert.True(result.Admitted > 0, $"{result}");
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Where_nobody_is_killed_the_limit_is_used(int meter, long limit, long most)
    {
        RunResult result = Run(meter, limit, most, static s => s);
        Assert.True(result.MostInWindow <= limit, $"{result}");
        Assert.True(result.OfLimit >= 0.95, $"{result}");
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_budget_for_ever_is_never_overspent(int meter, long limit, long most)
    {
        RunResult result = Run(meter, limit, most, static s => s with
        {
            Rule = s.Rule with { Period = LimitPeriod.Total, Window = LimitWindow.Fixed },
            Faults = Faults.Some,
            Mayhem = true,
            Length = TimeSpan.FromMinutes(3),
        });
        Assert.True(result.Admitted <= limit, $"{result}");
    }

    private static RunResult Run(int meter, long limit, long most, Func<RunSettings, RunSettings> change)
    {
        int seed = Environment.TickCount & 0xFFFF;
        RunResult result = LedgerRun.Run(change(new RunSettings
        {
            Seed = seed,
            Rule = new LimitRule { Name = "n", Level = LimitLevel.Key, Owner = "key_a", Meter = (LimitMeter)meter, Amount = limit, Period = LimitPeriod.Minute },
            MostAmount = most,
        }));
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed} {result}");
        return result;
    }
}

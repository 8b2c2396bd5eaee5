using System.Globalization;
using Perigee.Tests.Limits.Simulation;

namespace Perigee.Benchmarks.Limits;

/// <summary>
/// Exactness in simulated time: twenty seeds, four limits, three meters, with and without faults, in one region and in two with a partition; then what
/// a distant home region has to write as instances grow. Fails where a window holds more than its limit.
/// </summary>
internal static class LimitsTable
{
    private static readonly long[] Amounts = [1, 10, 1_000, 100_000];

    private static readonly LimitMeter[] Meters = [LimitMeter.Requests, LimitMeter.Tokens, LimitMeter.Money];

    private static readonly (string Name, Func<RunSettings, RunSettings> Change, bool Used)[] Kinds =
    [
        ("nobody killed", static s => s, true),
        ("faults, pauses, kills", static s => s with { Faults = Faults.Some, Mayhem = true, TakesLess = true }, false),
        ("the same, for ever", static s => s with { Faults = Faults.Some, Mayhem = true, TakesLess = true, Rule = Forever(s.Rule), Length = TimeSpan.FromMinutes(3) }, false),
        ("two regions, one cut off", static s => s with { Regions = 2, Partition = (TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(100)), Faults = Faults.Some }, false),
        ("the same, for ever", static s => s with { Regions = 2, Partition = (TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60)), Rule = Forever(s.Rule), Length = TimeSpan.FromMinutes(3) }, false),
    ];

    public static int Run(string[] args)
    {
        int seeds = args is ["--seeds", string text] ? int.Parse(text, CultureInfo.InvariantCulture) : 20;
        bool failed = false;
        Console.WriteLine("| meter | limit | what happens | most in a window | least and most used | storage writes per 1,000 requests |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (LimitMeter meter in Meters)
        {
            foreach (long amount in Amounts)
            {
                foreach ((string name, Func<RunSettings, RunSettings> change, bool used) in Kinds)
                    failed |= Row(meter, amount, name, change, used, seeds);
            }
        }

        Console.WriteLine();
        Console.WriteLine("| instances of a region | limit a minute | writes a second at home, 240 ms away | writes a second in the region | of these lost | used |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (int instances in (int[])[1, 2, 4, 8, 16, 30])
        {
            foreach (long amount in (long[])[600, 6_000, 60_000])
                Far(instances, amount);
        }

        return failed ? 1 : 0;
    }

    private static bool Row(LimitMeter meter, long amount, string name, Func<RunSettings, RunSettings> change, bool used, int seeds)
    {
        (long most, double least, double highest, double writes, bool failed) = (0, double.MaxValue, 0, 0, false);
        for (int seed = 1; seed <= seeds; seed++)
        {
            RunResult result = LedgerRun.Run(change(new RunSettings
            {
                Seed = seed,
                Rule = RunSettings.RuleOf(meter, amount),
                MostAmount = meter == LimitMeter.Requests ? 1 : Math.Max(1, amount / 50),
                Callers = amount > 10_000 && meter == LimitMeter.Requests ? 32 : 4,
            }));
            (most, least, highest) = (Math.Max(most, result.MostInWindow), Math.Min(least, result.OfLimit), Math.Max(highest, result.OfLimit));
            writes += 1_000.0 * (result.Writes + result.HomeWrites) / result.Requests / seeds;
            if (result.MostInWindow <= amount && (!used || result.OfLimit >= 0.95))
                continue;
            failed = true;
            Console.Error.WriteLine($"seed {seed}: {result}");
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {meter} | {amount} | {name} | {most} | {least:P1} to {highest:P1} | {writes:F0} |"));
        return failed;
    }

    private static void Far(int instances, long amount)
    {
        RunResult result = LedgerRun.Run(new RunSettings
        {
            Seed = 1,
            Instances = instances,
            Regions = 1,
            Demand = 1.2,
            Length = TimeSpan.FromMinutes(3),
            Rule = RunSettings.RuleOf(LimitMeter.Requests, amount),
        });
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {instances} | {amount} | {result.HomeWrites / 180.0:F1} | {result.Writes / 180.0:F1} | {result.LostWrites / 180.0:F1} | {result.OfLimit:P0} |"));
    }

    private static LimitRule Forever(LimitRule rule) => rule with { Period = LimitPeriod.Total, Window = LimitWindow.Fixed };
}

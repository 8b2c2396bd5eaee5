using System.Globalization;
using Perigee.Acceptance.Tests.Limits.Processes;
using Perigee.Testing;

namespace Perigee.Benchmarks.Limits;

/// <summary>
/// Exactness with real processes on the storage emulator: what <c>LedgerProcessTests</c> runs briefly, with many seeds, and once in peace. Fails where a window holds more than
/// its limit, or where nobody is harmed and less than the stated share of a limit is used.
/// </summary>
internal static class LimitProcessesTable
{
    public static async Task<int> RunAsync(string[] args)
    {
        int seeds = Option(args, "--seeds", 20);
        int first = Option(args, "--first", 1);
        await using Azurite azurite = await Azurite.StartAsync();
        bool failed = false;
        if (!args.Contains("--seconds-only"))
            failed = await RunAsync(azurite, Combination.AMinute, first, seeds);
        if (!args.Contains("--minutes-only"))
            failed |= await RunAsync(azurite, Combination.ASecond, first, seeds);
        return failed ? 1 : 0;
    }

    private static async Task<bool> RunAsync(Azurite azurite, IReadOnlyList<Combination> limits, int first, int seeds)
    {
        List<DrivenRun> harmed = [];
        for (int seed = first; seed < first + seeds; seed++)
        {
            harmed.Add(await LimitProcesses.RunAsync(azurite.ConnectionString, limits, seed, harm: true, CancellationToken.None));
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"seed {seed}: {harmed[^1].Results.Count(static result => result.Most > result.Limit.Amount)} limits exceeded; faults {string.Join(", ", harmed[^1].Faults)}"));
        }

        DrivenRun peace = await LimitProcesses.RunAsync(azurite.ConnectionString, limits, first, harm: false, CancellationToken.None);
        bool failed = false;
        Console.WriteLine($"Seeds {first} to {first + seeds - 1}; storage faults refused {Sum(0)}, hung {Sum(1)}, lost {Sum(2)}, late {Sum(3)}.");
        Console.WriteLine();
        Console.WriteLine("| limit | admitted under harm | most in any window | used where nobody is harmed | verdict |");
        Console.WriteLine("|---|---|---|---|---|");
        for (int at = 0; at < peace.Results.Count; at++)
        {
            DrivenResult calm = peace.Results[at];
            long most = Math.Max(calm.Most, harmed.Max(run => run.Results[at].Most));
            bool good = most <= calm.Limit.Amount && calm.Used >= calm.Limit.LeastUsed;
            failed |= !good;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {calm.Limit} | {harmed.Min(run => run.Results[at].Admitted)} to {harmed.Max(run => run.Results[at].Admitted)} | {most} | {calm.Used:P1} | {(good ? "holds" : "FAILS")} |"));
        }

        Console.WriteLine();
        return failed;

        int Sum(int kind) => harmed.Sum(run => run.Faults[kind]);
    }

    private static int Option(string[] args, string name, int usual) =>
        Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : usual;
}

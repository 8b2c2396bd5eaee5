using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Perigee.Benchmarks.Dialects;

/// <summary>
/// Runs <see cref="DialectBenchmarks"/> and prints what an event costs. Many short measurements, of which the fastest counts: on a shared
/// machine neighbours only ever add time, and a measurement shorter than a time slice has a chance to be left alone.
/// </summary>
internal static class DialectTable
{
    private const double MostBytesAnEvent = 128;

    /// <summary>Runs them and compares the bytes with their bound.</summary>
    public static int Run(string[] args)
    {
        Job job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
            .WithInvocationCount(2).WithUnrollFactor(1).WithWarmupCount(10).WithIterationCount(100);
        IConfig config = ManualConfig.Create(DefaultConfig.Instance).AddJob(job).WithOptions(ConfigOptions.DisableOptimizationsValidator);
        Summary summary = BenchmarkRunner.Run<DialectBenchmarks>(config, args);
        Dictionary<(string From, string Kind, string To), (double Nanoseconds, double Bytes)> figures = [];
        foreach (BenchmarkReport report in summary.Reports)
        {
            if (report.ResultStatistics is not { } times)
                continue;
            string Of(string name) => (string)report.BenchmarkCase.Parameters[name];
            long bytes = report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? long.MaxValue;
            figures[(Of("From"), Of("Kind"), Of("To"))] = (times.Min / DialectBenchmarks.Events, bytes / (double)DialectBenchmarks.Events);
        }

        return Print(figures) ? 0 : 1;
    }

    private static bool Print(Dictionary<(string From, string Kind, string To), (double Nanoseconds, double Bytes)> figures)
    {
        bool good = true;
        string[] kinds = [.. DialectBenchmarks.Kinds];
        Console.WriteLine();
        Console.WriteLine("Each event of " + string.Join(", ", kinds) + ": ns, B, ns as a multiple of SseParser's");
        Console.WriteLine("| from | to | " + string.Join(" | ", kinds.Select(kind => kind.ToLowerInvariant())) + " |");
        Console.WriteLine("|---|---|" + string.Concat(kinds.Select(_ => "---|")));
        foreach (string from in DialectBenchmarks.Sources)
        {
            foreach (string to in DialectBenchmarks.Targets)
            {
                List<string> cells = [];
                foreach (string kind in kinds)
                {
                    if (!figures.TryGetValue((from, kind, to), out (double Nanoseconds, double Bytes) figure))
                        continue;
                    string ratio = figures.TryGetValue((from, kind, DialectBenchmarks.Parser), out (double Nanoseconds, double Bytes) bare)
                        ? (figure.Nanoseconds / bare.Nanoseconds).ToString("F1", CultureInfo.InvariantCulture) : "?";
                    bool within = to == DialectBenchmarks.Parser || figure.Bytes <= MostBytesAnEvent;
                    good &= within;
                    cells.Add(string.Create(CultureInfo.InvariantCulture, $"{figure.Nanoseconds:F0} ns, {figure.Bytes:F0} B{(within ? "" : " OVER")}, {ratio}"));
                }

                if (cells.Count > 0)
                    Console.WriteLine($"| {from} | {to} | {string.Join(" | ", cells)} |");
            }
        }

        return good;
    }
}

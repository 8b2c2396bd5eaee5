using System.Globalization;
using Perigee.Acceptance.Tests.Outages;

namespace Perigee.Benchmarks.Outages;

/// <summary>The soak, for as long as is wanted.</summary>
internal static class LongSoak
{
    private const int Seed = 11;

    /// <summary>Past the 90 s for which the gateway keeps idle connections.</summary>
    private static readonly TimeSpan ForConnections = TimeSpan.FromSeconds(105);

    /// <summary>Runs it; fails where something grows or is left.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        double minutes = Array.IndexOf(args, "--minutes") is var at and >= 0 ? double.Parse(args[at + 1], CultureInfo.InvariantCulture) : 10;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {Seed}, {minutes} minutes, {Environment.ProcessorCount} cores, machine's load {LoadNow()}"));
        SoakFigures soak = await SoakRun.RunAsync(TimeSpan.FromMinutes(minutes), 60, Seed, look: TimeSpan.FromSeconds(15), ForConnections, Console.WriteLine);
        Console.WriteLine(soak);
        Console.WriteLine($"machine's load at the end: {LoadNow()}");
        bool flat = Flat(soak.Samples.Select(sample => sample.Handles), 0.10) && Flat(soak.Samples.Select(sample => sample.Rss), 0.15) && Flat(soak.Heap, 0.10);
        bool clean = soak is { Unobserved: 0, InFlight: 0, OpenCalls: 0, Connections.AfterWait: 0, BadLines.Count: 0 }
            && !soak.Ends.Keys.Any(end => end.StartsWith("BAD", StringComparison.Ordinal));
        Console.WriteLine($"{(flat ? "flat" : "NOT FLAT")}, {(clean ? "clean" : "NOT CLEAN")}");
        return flat && clean ? 0 : 1;
    }

    private static string LoadNow() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3));

    private static bool Flat(IEnumerable<double> values, double noise) =>
        SoakFigures.Thirds(values) is var (middle, last) && last <= middle * (1 + noise);
}

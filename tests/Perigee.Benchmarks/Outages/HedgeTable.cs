using System.Globalization;
using Perigee.Acceptance.Tests.Outages;

namespace Perigee.Benchmarks.Outages;

/// <summary>What hedging gives and costs on heavy tails of several sizes.</summary>
internal static class HedgeTable
{
    private const int Seed = 7;

    /// <summary>Runs it; fails where p99 is not 3 times lower, or the extra calls are more than the bucket's first and 5%.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        int requests = Array.IndexOf(args, "--requests") is var at and >= 0 ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : 3000;
        bool good = true;
        foreach (double tail in (double[])[0.02, 0.03, 0.05])
        {
            HedgeFigures figures = await HedgeRun.RunAsync(requests, 100, tail, Seed);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {Seed}, {tail:P0} of the calls slow: {figures}"));
            good &= figures is { Gain: >= 3, Failed: 0 } && figures.Extra <= (figures.HedgedRequests * 0.05) + 1;
        }

        return good ? 0 : 1;
    }
}

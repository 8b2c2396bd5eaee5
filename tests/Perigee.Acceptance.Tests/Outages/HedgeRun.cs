using System.Globalization;

namespace Perigee.Acceptance.Tests.Outages;

/// <summary>What hedging gave on heavy-tailed providers, and what it cost.</summary>
/// <param name="Requests">How many were timed, of each kind.</param>
/// <param name="Plain">p50, p95 and p99 of the time to the first content in milliseconds, without.</param>
/// <param name="Hedged">The same with hedging.</param>
/// <param name="HedgedRequests">All with hedging, those that were not timed included.</param>
/// <param name="Extra">Calls that the providers saw beyond one a request.</param>
/// <param name="Failed">Requests that failed, of both kinds.</param>
internal sealed record HedgeFigures(int Requests, double[] Plain, double[] Hedged, int HedgedRequests, int Extra, int Failed)
{
    /// <summary>How many times lower p99 is.</summary>
    public double Gain => Plain[2] / Hedged[2];

    /// <summary>Extra calls as a share.</summary>
    public double Cost => (double)Extra / HedgedRequests;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Requests} requests of each: TTFT p50/p95/p99 {Plain[0]:0}/{Plain[1]:0}/{Plain[2]:0} ms without, {Hedged[0]:0}/{Hedged[1]:0}/{Hedged[2]:0} ms with hedging: p99 {Gain:0.0} x lower; {Extra} extra calls of {HedgedRequests} ({Cost:P1}); {Failed} failed");
}

/// <summary>
/// Two providers with one law: content after 15 to 25 ms, but for a share that takes 20 times as long at least, Pareto from there. Requests with
/// and without hedging take turns in one gateway, so that both meet the same machine.
/// </summary>
internal static class HedgeRun
{
    /// <summary>Until enough was measured for a p95, and past what the first calls cost a fresh process.</summary>
    private const int Learning = 100;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(4);

    /// <summary>Runs it.</summary>
    /// <param name="requests">Requests of each kind.</param>
    /// <param name="perSecond">Requests of each kind a second.</param>
    /// <param name="tail">The share of slow calls.</param>
    /// <param name="seed">Of the law.</param>
    public static async Task<HedgeFigures> RunAsync(int requests, double perSecond, double tail, int seed)
    {
        await using FickleProvider one = await FickleProvider.StartAsync(Law(tail, seed));
        await using FickleProvider two = await FickleProvider.StartAsync(Law(tail, seed + 1));
        await using Testbed gateway = await Testbed.StartAsync($$"""
            {
              "providers": { {{Testbed.Providers(("one", one), ("two", two))}} },
              "routes": {
                "warm": { "targets": ["one/w", "two/w"], "hedge": true },
                "plain": { "targets": ["one/p", "two/p"] },
                "hedged": { "targets": ["one/h", "two/h"], "hedge": { "percent": 5, "afterMilliseconds": 100 } },
              },
              "cache": { "enabled": false },
            }
            """);
        using Asking clients = new(gateway.App.Url, gateway.Key);
        await Asking.OpenLoopAsync(2 * perSecond, TimeSpan.FromSeconds(1.5), i => clients.AskAsync("warm", $"{i}", stream: true));
        int all = 2 * (requests + Learning);
        Asked[] asked = await Asking.OpenLoopAsync(
            2 * perSecond, TimeSpan.FromSeconds(all / (2 * perSecond)), i => clients.AskAsync(i % 2 == 0 ? "plain" : "hedged", $"{i}", stream: true));
        Asked[] hedged = [.. asked.Where((_, i) => i % 2 == 1)];
        Asked[] plain = [.. asked.Where((_, i) => i % 2 == 0)];
        return new(plain.Length - Learning, Figures(plain), Figures(hedged), hedged.Length,
            one.Calls("h") + two.Calls("h") - hedged.Length, asked.Count(a => a.Fault.Length > 0));
    }

    private static double[] Figures(Asked[] asked)
    {
        double[] times = [.. asked.Skip(Learning).Select(a => a.ToContent)];
        return [Asking.Percentile(times, 0.5), Asking.Percentile(times, 0.95), Asking.Percentile(times, 0.99)];
    }

    private static Func<FickleProvider, ProviderCall, Task> Law(double tail, int seed)
    {
        Dictionary<string, Random> dice = new() { ["w"] = new(seed), ["p"] = new(seed), ["h"] = new(seed) };
        return (self, call) =>
        {
            double slow;
            double size;
            lock (dice)
                (slow, size) = (dice[call.Model].NextDouble(), dice[call.Model].NextDouble());
            TimeSpan wait = TimeSpan.FromMilliseconds(slow >= tail ? 15 + (10 * size) : 400 * Math.Pow(1 - size, -1 / 1.5));
            return self.GiveAsync(call, wait < Longest ? wait : Longest);
        };
    }
}

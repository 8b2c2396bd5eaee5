using System.Globalization;

namespace Perigee.Acceptance.Tests.Limits.Processes;

/// <summary>What came of one limit in one run.</summary>
/// <param name="Limit">The limit.</param>
/// <param name="Admitted">All that was admitted.</param>
/// <param name="Most">The most in any window.</param>
/// <param name="Asked">All that was asked for by processes that lived to tell.</param>
/// <param name="Used">The share of the limit that was used: of one window, or where many passed of the mean second.</param>
internal sealed record DrivenResult(Combination Limit, long Admitted, long Most, long Asked, double Used);

/// <summary>What came of one run.</summary>
/// <param name="Results">By limit.</param>
/// <param name="Faults">Storage faults of each kind that processes told which lived: refused, hung, lost, late.</param>
internal sealed record DrivenRun(IReadOnlyList<DrivenResult> Results, IReadOnlyList<int> Faults);

/// <summary>
/// Eight processes with 32 callers for each limit on one emulator, all limits of a list at the same time, each on a counter of its own. With harm: wall clocks up to five seconds wrong,
/// a storage with faults, three processes stopped for longer than a lease and two killed while all are asking.
/// </summary>
internal static class LimitProcesses
{
    /// <summary>Processes of a run.</summary>
    public const int Processes = 8;

    /// <summary>Callers of each limit in each process.</summary>
    public const int Callers = 32;

    /// <summary>How long a run asks, in seconds.</summary>
    public const int Seconds = 12;

    private const double FaultShare = 0.01;

    /// <summary>A slice of a minute's window lasts 1.5 s.</summary>
    private static readonly TimeSpan Stopped = TimeSpan.FromSeconds(2.5);

    /// <summary>Runs once.</summary>
    /// <param name="connection">The storage.</param>
    /// <param name="limits">What is asked for, all at the same time.</param>
    /// <param name="seed">Decides what is asked for, what fails and who is harmed when; not the order of what processes do.</param>
    /// <param name="harm">Whether anybody is harmed.</param>
    /// <param name="cancel">Ends it.</param>
    public static async Task<DrivenRun> RunAsync(string connection, IReadOnlyList<Combination> limits, int seed, bool harm, CancellationToken cancel)
    {
        Random dice = new(seed);
        string run = string.Create(CultureInfo.InvariantCulture, $"{seed}_{(harm ? "harm" : "peace")}");
        DriverProcess[] processes =
        [
            .. Enumerable.Range(0, Processes).Select(n => new DriverProcess(
                limits.Count,
                [
                    connection, run, Text(Callers), Text(Seconds), Text((seed * Processes) + n), Text(harm ? (n * 10.0 / (Processes - 1)) - 5 : 0), Text(harm ? FaultShare : 0),
                    .. limits.Select(static limit => limit.Argument(Processes, Seconds)),
                ])),
        ];
        try
        {
            await Task.WhenAll(processes.Select(static process => process.Begun)).WaitAsync(cancel);
            if (harm)
                await Task.WhenAll(Enumerable.Range(0, 5).Select(victim => HarmAsync(processes[victim], victim >= 3, TimeSpan.FromSeconds(6 * dice.NextDouble()), cancel)));
            await Task.WhenAll(processes.Select(static process => process.Ended)).WaitAsync(cancel);
            return new DrivenRun(
                [.. limits.Select((limit, index) => ResultOf(limit, index, processes))],
                [.. Enumerable.Range(0, 4).Select(kind => processes.Sum(process => process.Faults[kind]))]);
        }
        finally
        {
            foreach (DriverProcess process in processes)
                process.Dispose();
        }
    }

    private static async Task HarmAsync(DriverProcess victim, bool kill, TimeSpan after, CancellationToken cancel)
    {
        await Task.Delay(after, cancel);
        if (kill)
            victim.Kill();
        else
            await victim.StopAsync(Stopped, cancel);
    }

    private static DrivenResult ResultOf(Combination limit, int index, DriverProcess[] processes)
    {
        List<AdmittedRequest> admitted = [.. processes.SelectMany(process => process.Admitted[index])];
        long total = admitted.Sum(static request => request.Amount);
        double used = limit.PerSecond ? DrivenWindows.PerSecond(admitted) : total;
        return new DrivenResult(limit, total, DrivenWindows.MostIn(admitted, limit.Window), processes.Sum(process => process.Asked[index]), used / limit.Amount);
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}

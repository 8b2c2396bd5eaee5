using System.Diagnostics;
using System.Globalization;

namespace Perigee.Acceptance.Tests.Limits.Processes;

/// <summary>A limit that the processes are driven against.</summary>
/// <param name="Meter">What it counts.</param>
/// <param name="Amount">How much.</param>
/// <param name="Period">In how long a time: <c>Minute</c> or <c>Second</c>.</param>
internal sealed record Combination(string Meter, long Amount, string Period = "Minute")
{
    private const double Demand = 2;

    /// <summary>Requests a second that a process makes at least, so that a small limit, too, is asked for by all.</summary>
    private const double LeastRate = 4;

    /// <summary>Four amounts of three meters. A run is shorter than their window: nothing leaves it.</summary>
    public static IReadOnlyList<Combination> AMinute { get; } =
        [.. from meter in new[] { "Requests", "Tokens", "Money" } from amount in new[] { 1L, 10, 1_000, 100_000 } select new Combination(meter, amount)];

    /// <summary>Windows that slide many times over while a run lasts.</summary>
    public static IReadOnlyList<Combination> ASecond { get; } =
        [new("Requests", 10, "Second"), new("Requests", 200, "Second"), new("Tokens", 100_000, "Second")];

    /// <summary>Its window in timestamps.</summary>
    public long Window => (PerSecond ? 1 : 60) * Stopwatch.Frequency;

    /// <summary>Whether its window is over many times while a run lasts.</summary>
    public bool PerSecond => Period == "Second";

    /// <summary>
    /// The share of the limit that is used at least, where nobody is harmed and twice as much is asked for. Of a second's limit it depends on how fast the row can be written, which
    /// a busy emulator decides here; what the engine makes of it is asserted in simulated time (<c>ExactnessTests</c>).
    /// </summary>
    public double LeastUsed => PerSecond ? 0.4 : 0.95;

    /// <summary>What is asked for, as a multiple of the limit, in a run of so many seconds; small limits are asked for more often than that.</summary>
    public long Quota(int processes) => PerSecond ? 0 : (long)Math.Ceiling(Demand * Amount / processes);

    /// <summary>As the driver takes it.</summary>
    public string Argument(int processes, double seconds)
    {
        // A request takes half a hundredth of the limit on average.
        double each = Meter == "Requests" || Amount < 200 ? 1 : 0.5 + (Amount / 200.0);
        double rate = Math.Max(Demand * Amount / each / (PerSecond ? 1 : seconds) / processes, LeastRate);
        return string.Create(CultureInfo.InvariantCulture, $"{Meter}:{Period}:{Amount}:{rate}:{Quota(processes)}");
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Amount} {Meter.ToLowerInvariant()} a {Period.ToLowerInvariant()}");
}

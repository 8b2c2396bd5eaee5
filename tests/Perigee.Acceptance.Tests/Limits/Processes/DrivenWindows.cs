using System.Diagnostics;

namespace Perigee.Acceptance.Tests.Limits.Processes;

/// <summary>A request of a process: asked for and known to be admitted by the clock that all share (timestamps), and what it took.</summary>
internal readonly record struct AdmittedRequest(long Began, long Known, long Amount);

/// <summary>What admitted requests say of windows.</summary>
internal static class DrivenWindows
{
    /// <summary>
    /// The most that surely fell within one window: a request counts where all of the time lies in it in which it can have been admitted.
    /// </summary>
    public static long MostIn(IReadOnlyList<AdmittedRequest> admitted, long window)
    {
        AdmittedRequest[] byEnd = [.. admitted.OrderBy(static request => request.Known)];
        AdmittedRequest[] byStart = [.. admitted.OrderBy(static request => request.Began)];

        // Those that waited for a window or longer lie whole in none.
        (long most, long ended, long begun, int end) = (0, 0, 0, 0);
        foreach (AdmittedRequest first in byStart)
        {
            for (; end < byEnd.Length && byEnd[end].Known < first.Began + window; end++)
                ended += Counted(byEnd[end]);
            most = Math.Max(most, ended - begun);
            begun += Counted(first);
        }

        return most;

        long Counted(in AdmittedRequest request) => request.Known - request.Began < window ? request.Amount : 0;
    }

    /// <summary>How much was admitted in a second, by the straight line that fits best what was admitted by each hundredth of a second.</summary>
    public static double PerSecond(IReadOnlyList<AdmittedRequest> admitted)
    {
        AdmittedRequest[] byEnd = [.. admitted.OrderBy(static request => request.Known)];
        if (byEnd.Length < 2)
            return 0;
        (double n, double x, double y, double xx, double xy, double sum) = (0, 0, 0, 0, 0, 0);
        int at = 0;
        for (long time = byEnd[0].Known; time <= byEnd[^1].Known; time += Stopwatch.Frequency / 100)
        {
            for (; at < byEnd.Length && byEnd[at].Known <= time; at++)
                sum += byEnd[at].Amount;
            double seconds = Stopwatch.GetElapsedTime(byEnd[0].Known, time).TotalSeconds;
            (n, x, y, xx, xy) = (n + 1, x + seconds, y + sum, xx + (seconds * seconds), xy + (seconds * sum));
        }

        return ((n * xy) - (x * y)) / ((n * xx) - (x * x));
    }
}

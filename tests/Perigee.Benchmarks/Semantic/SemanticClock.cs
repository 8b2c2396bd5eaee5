using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Perigee.Benchmarks.Semantic;

/// <summary>
/// The time that this thread had a core. On a machine that others use, too, the time on the wall tells how long a thread waited for one; on Linux
/// the kernel tells the difference, elsewhere this is the time on the wall.
/// </summary>
internal static class SemanticClock
{
    private const int ThreadCpuTime = 3;

    /// <summary>Nanoseconds since some moment.</summary>
    public static long Now() =>
        OperatingSystem.IsLinux() && GetTime(ThreadCpuTime, out Moment now) == 0
            ? (now.Seconds * 1_000_000_000) + now.Nanoseconds
            : (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));

    [DllImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetTime(int clock, out Moment now);

    [StructLayout(LayoutKind.Sequential)]
    private struct Moment
    {
        public long Seconds;
        public long Nanoseconds;
    }
}

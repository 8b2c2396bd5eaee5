using System.Globalization;
using System.Runtime.InteropServices;

namespace Perigee.Benchmarks.Load;

/// <summary>
/// Gives who asks and who is asked a core each: else, on few cores, what asking costs is a part of every figure, and ratios say less than
/// they should. The upstream stays with who asks.
/// </summary>
internal static partial class Cores
{
    /// <summary>
    /// Keeps a process to one core. To be done once it is warm: on one core that is never idle the runtime hardly comes to compile what is
    /// called often.
    /// </summary>
    /// <param name="pid">The process.</param>
    /// <param name="core">The core, from 0.</param>
    public static void Keep(int pid, int core)
    {
        ulong mask = 1UL << core;
        foreach (string thread in Directory.EnumerateDirectories($"/proc/{pid}/task"))
        {
            // A thread that has ended meanwhile needs no core.
            if (SetAffinity(int.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture), sizeof(ulong), ref mask) != 0 && Directory.Exists(thread))
                throw new InvalidOperationException($"sched_setaffinity: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nint size, ref ulong mask);
}

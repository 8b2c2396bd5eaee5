using System.Globalization;

namespace Perigee.Acceptance.Tests.Outages;

/// <summary>What a process holds at one moment, by /proc.</summary>
/// <param name="Rss">Resident memory in bytes.</param>
/// <param name="Handles">Open file descriptors.</param>
/// <param name="Sockets">Those of them that are sockets.</param>
/// <param name="Threads">Threads.</param>
internal readonly record struct ProcessSample(double Rss, double Handles, double Sockets, double Threads)
{
    /// <summary>Looks.</summary>
    public static ProcessSample Of(int pid)
    {
        double rss = 0;
        double threads = 0;
        foreach (string line in File.ReadLines($"/proc/{pid}/status"))
        {
            if (line.StartsWith("VmRSS:", StringComparison.Ordinal))
                rss = Number(line) * 1024;
            else if (line.StartsWith("Threads:", StringComparison.Ordinal))
                threads = Number(line);
        }

        int handles = 0;
        int sockets = 0;
        foreach (string file in Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd"))
        {
            handles++;
            try
            {
                if (new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true)
                    sockets++;
            }
            catch (IOException)
            {
                // Closed meanwhile.
            }
        }

        return new(rss, handles, sockets, threads);
    }

    private static double Number(string line) =>
        double.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}

using System.Diagnostics;
using System.Globalization;

namespace Perigee.Benchmarks.Load;

/// <summary>A process under load.</summary>
/// <param name="Name">Its name in the tables.</param>
/// <param name="Url">Where requests go.</param>
/// <param name="Pid">Its process, for CPU.</param>
internal sealed record Target(string Name, string Url, int Pid)
{
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of the process so far, in seconds, from /proc/PID/stat (fields 14 and 15, in clock ticks).</summary>
    public double Cpu()
    {
        string stat = File.ReadAllText($"/proc/{Pid}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }
}

/// <summary>A child process that ends with this one.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;

    private Child(Process process) => _process = process;

    public int Pid => _process.Id;

    /// <summary>Starts this program again in one of its other roles.</summary>
    public static Child StartSelf(params string[] args)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(Child).Assembly.Location);
        foreach (string arg in args)
            start.ArgumentList.Add(arg);
        return new Child(Process.Start(start)!);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}

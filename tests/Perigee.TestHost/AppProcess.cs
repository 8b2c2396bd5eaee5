using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Perigee.TestHost;

/// <summary>How a program under test ended.</summary>
/// <param name="Took">From the request to stop until the process was gone.</param>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Killed">It did not end by itself in time.</param>
public sealed record AppStop(TimeSpan Took, int ExitCode, bool Killed);

/// <summary>A program under test could not be started; the message holds what it printed.</summary>
public sealed class AppStartException(string message) : Exception(message);

/// <summary>A program under test as a child process, with an environment that holds only what it is given.</summary>
public sealed class AppProcess : IAsyncDisposable
{
    // What .NET itself needs. Nothing else is inherited: a provider's key in the developer's shell must not change a test.
    private static readonly string[] s_inherited =
        ["PATH", "HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "SystemRoot", "LANG", "DOTNET_ROOT", "DOTNET_CLI_HOME", "DOTNET_CLI_TELEMETRY_OPTOUT"];

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly DirectoryInfo? _data;

    private AppProcess(Process process, DirectoryInfo? data) => (_process, _data) = (process, data);

    /// <summary>The process id.</summary>
    public int Pid { get; private init; }

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The exit code of an ended process.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Everything it printed so far, both streams, in the order of arrival.</summary>
    public string Output => string.Join('\n', _lines);

    /// <summary>Starts <c>executable arguments</c> in a folder; without PERIGEE_DATA the data goes to a folder that dies with this object.</summary>
    public static AppProcess Start(string executable, IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string>? environment)
    {
        ProcessStartInfo info = new(executable, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        info.Environment.Clear();
        foreach (string name in s_inherited)
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
                info.Environment[name] = value;
        }

        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
            info.Environment[name] = value;
        DirectoryInfo? data = null;
        if (!info.Environment.ContainsKey("PERIGEE_DATA"))
            info.Environment["PERIGEE_DATA"] = (data = Directory.CreateTempSubdirectory("perigee-")).FullName;

        Process process = new() { StartInfo = info, EnableRaisingEvents = true };
        process.Start();
        AppProcess app = new(process, data) { Pid = process.Id };
        process.OutputDataReceived += (_, line) => app.Note(line.Data);
        process.ErrorDataReceived += (_, line) => app.Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return app;
    }

    /// <summary>Waits for its end, output included.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan patience)
    {
        using CancellationTokenSource deadline = new(patience);
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    /// <summary>Asks it to stop by <paramref name="ask"/> (default: SIGTERM), waits, and kills it when the patience ends.</summary>
    public async Task<AppStop> StopAsync(TimeSpan patience, Func<Task>? ask = null)
    {
        long begin = Stopwatch.GetTimestamp();
        if (ask is not null)
            await ask();
        else if (!HasExited && kill(Pid, SigTerm) != 0)
            throw new InvalidOperationException($"SIGTERM did not reach process {Pid}.");
        try
        {
            await WaitForExitAsync(patience);
            return new AppStop(Stopwatch.GetElapsedTime(begin), ExitCode, Killed: false);
        }
        catch (OperationCanceledException)
        {
            await KillAsync();
            return new AppStop(Stopwatch.GetElapsedTime(begin), ExitCode, Killed: true);
        }
    }

    /// <summary>SIGKILL: no time for anything.</summary>
    public async Task KillAsync()
    {
        if (!HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
        _data?.Delete(recursive: true);
    }

    private void Note(string? line)
    {
        if (line is not null)
            _lines.Enqueue(line);
    }

    private const int SigTerm = 15;

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int pid, int signal);
}

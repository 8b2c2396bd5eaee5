using System.Diagnostics;
using System.Globalization;

namespace Perigee.Acceptance.Tests.Limits.Processes;

/// <summary>A process of Perigee.LimitDriver.</summary>
internal sealed class DriverProcess : IDisposable
{
    private readonly Process _process;
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Starts it.</summary>
    /// <param name="limits">How many limits it drives.</param>
    /// <param name="arguments">As its Program.cs tells.</param>
    public DriverProcess(int limits, IEnumerable<string> arguments)
    {
        Admitted = [.. Enumerable.Range(0, limits).Select(static _ => new List<AdmittedRequest>())];
        Asked = new long[limits];
        _process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Perigee.LimitDriver.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Ended = ReadAsync(_process.StandardOutput);
    }

    /// <summary>What it admitted, by limit. What a killed process did not say any more is missing.</summary>
    public IReadOnlyList<List<AdmittedRequest>> Admitted { get; }

    /// <summary>What was asked of it in all, by limit; 0 where it was killed.</summary>
    public IReadOnlyList<long> Asked { get; private set; }

    /// <summary>Storage faults of each kind: refused, hung, lost, late.</summary>
    public IReadOnlyList<int> Faults { get; private set; } = [0, 0, 0, 0];

    /// <summary>Completes when it admitted something, or ended.</summary>
    public Task Begun => _begun.Task;

    /// <summary>Completes when it has ended and all that it said was read.</summary>
    public Task Ended { get; }

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGSTOP, and after a while SIGCONT.</summary>
    public async Task StopAsync(TimeSpan time, CancellationToken cancel)
    {
        await SignalAsync("STOP", cancel);
        await Task.Delay(time, cancel);
        await SignalAsync("CONT", cancel);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            // A killed process may leave half a line.
            string[] parts = line.Split(' ');
            if (parts[0] == "asked")
            {
                Asked = [.. parts[1..].Select(static part => long.Parse(part, CultureInfo.InvariantCulture))];
            }
            else if (parts[0] == "faults")
            {
                Faults = [.. parts[1..].Select(static part => int.Parse(part, CultureInfo.InvariantCulture))];
            }
            else if (parts.Length == 4 && long.TryParse(parts[3], CultureInfo.InvariantCulture, out long amount))
            {
                Admitted[int.Parse(parts[0], CultureInfo.InvariantCulture)].Add(new AdmittedRequest(
                    long.Parse(parts[1], CultureInfo.InvariantCulture), long.Parse(parts[2], CultureInfo.InvariantCulture), amount));
                _begun.TrySetResult();
            }
        }

        _begun.TrySetResult();
    }

    private async Task SignalAsync(string signal, CancellationToken cancel)
    {
        using Process kill = Process.Start("sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"kill -{signal} {_process.Id}")]);
        await kill.WaitForExitAsync(cancel);
        if (kill.ExitCode != 0)
            throw new InvalidOperationException($"SIG{signal} did not reach process {_process.Id}: it should live longer than the harm done to it.");
    }
}

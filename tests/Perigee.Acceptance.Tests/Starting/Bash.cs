using System.Diagnostics;

namespace Perigee.Acceptance.Tests.Starting;

/// <summary>Runs what stands in a README or is printed for people to copy.</summary>
internal static class Bash
{
    /// <summary>Runs a script that stops at its first failing command.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        string script, string folder, IReadOnlyDictionary<string, string>? environment = null)
    {
        ProcessStartInfo start = new("bash", ["-euo", "pipefail", "-c", script])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using Process bash = Process.Start(start)!;
        bash.StandardInput.Close();
        Task<string> output = bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = bash.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await bash.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(5));
        }
        finally
        {
            if (!bash.HasExited)
                bash.Kill(entireProcessTree: true);
        }

        return (bash.ExitCode, await output, await errors);
    }
}

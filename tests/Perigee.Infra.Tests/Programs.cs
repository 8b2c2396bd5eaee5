using System.Diagnostics;
using System.Reflection;

namespace Perigee.Infra.Tests;

/// <summary>Programs that the tests run. A test that needs one which is not there is skipped, and says so.</summary>
internal static class Programs
{
    /// <summary>The Bicep CLI, from its package.</summary>
    public static string Bicep
    {
        get
        {
            string path = Metadata("Bicep");
            Assert.SkipUnless(File.Exists(path), "The Bicep CLI's package is taken for Linux on x64 only.");
            return path;
        }
    }

    /// <summary>Runs a program to its end.</summary>
    /// <param name="file">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Its whole environment besides PATH and HOME, or null for this process's own.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="input">What it reads.</param>
    public static async Task<(int Exit, string Output, string Errors)> RunAsync(
        string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null, string input = "")
    {
        ProcessStartInfo start = new(file)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        if (environment is not null)
        {
            start.Environment.Clear();
            foreach (string name in new[] { "HOME", "PATH", "DOTNET_ROOT", "TMPDIR" })
            {
                if (Environment.GetEnvironmentVariable(name) is { } value)
                    start.Environment[name] = value;
            }

            foreach ((string name, string value) in environment)
                start.Environment[name] = value;
        }

        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{file} does not start.");
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource patience = new(TimeSpan.FromMinutes(3));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{file} {string.Join(' ', arguments)} did not end. It said: {await output}{await errors}");
        }

        return (process.ExitCode, await output, await errors);
    }

    /// <summary>A program on PATH, or null.</summary>
    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>PowerShell, from its package; it runs on the .NET that runs this.</summary>
    public static string PowerShell
    {
        get
        {
            string path = Metadata("PowerShell");
            Assert.SkipUnless(File.Exists(path) && !OperatingSystem.IsWindows(), "PowerShell's package was not restored, or this is Windows, where the hooks' fakes do not run.");
            return path;
        }
    }

    private static string Metadata(string key) =>
        typeof(Programs).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}

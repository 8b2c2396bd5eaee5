using System.Diagnostics;
using System.Security.Cryptography;

namespace Perigee.Testing;

/// <summary>The npm programs of tests/npm, installed as its lock file says.</summary>
public static class NodeTools
{
    private static readonly TimeSpan InstallTime = TimeSpan.FromMinutes(8);
    private static readonly Lazy<Task> Installed = new(InstallAsync);

    /// <summary>tests/npm.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "tests", "npm");

    /// <summary>Runs <c>npm ci</c> unless node_modules already is what the lock file says. Once for all test processes at a time.</summary>
    public static Task EnsureInstalledAsync() => Installed.Value;

    /// <summary>
    /// Starts <c>node</c> in <see cref="Folder"/> with redirected streams. It ends with this process at the latest: keep its input open.
    /// </summary>
    public static Process Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        ProcessStartInfo start = new("node")
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("-r");
        start.ArgumentList.Add("./ends-with-parent.cjs");
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return Process.Start(start) ?? throw new InvalidOperationException("node does not start.");
    }

    private static async Task InstallAsync()
    {
        string wanted = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(Folder, "package-lock.json"))));
        string marker = Path.Combine(Folder, "node_modules", ".perigee-lock-sha256");
        if (IsThere(marker, wanted))
            return;

        using CancellationTokenSource patience = new(InstallTime);
        string folder = Path.Combine(Folder, "obj");
        Directory.CreateDirectory(folder);
        await using FileStream turn = await TakeTurnAsync(Path.Combine(folder, "install.lock"), patience.Token);
        if (IsThere(marker, wanted))
            return;
        await RunCleanInstallAsync(patience.Token);
        await File.WriteAllTextAsync(marker, wanted, patience.Token);
    }

    private static bool IsThere(string marker, string wanted) => File.Exists(marker) && File.ReadAllText(marker) == wanted;

    private static async Task<FileStream> TakeTurnAsync(string path, CancellationToken patience)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(200, patience);
            }
        }
    }

    private static async Task RunCleanInstallAsync(CancellationToken patience)
    {
        // No package of ours needs its install script, so none runs.
        string[] arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        ProcessStartInfo start = OperatingSystem.IsWindows() ? new("cmd", ["/c", "npm", .. arguments]) : new("npm", arguments);
        start.WorkingDirectory = Folder;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using Process npm = Process.Start(start) ?? throw new InvalidOperationException("npm does not start.");
        Task<string> output = npm.StandardOutput.ReadToEndAsync(patience);
        Task<string> errors = npm.StandardError.ReadToEndAsync(patience);
        try
        {
            await npm.WaitForExitAsync(patience);
        }
        catch (OperationCanceledException)
        {
            npm.Kill(entireProcessTree: true);
            throw;
        }

        if (npm.ExitCode != 0)
            throw new InvalidOperationException($"npm ci failed ({npm.ExitCode}): {await output}{await errors}");
    }
}

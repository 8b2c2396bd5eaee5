using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Perigee.Testing;

/// <summary>Microsoft's storage emulator as a child process: tables and blobs in memory, on free ports, with an account key of its own.</summary>
public sealed partial class Azurite : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private bool _ended;

    private Azurite(Process process, string key, int tablePort, int blobPort)
    {
        _process = process;
        ConnectionString = string.Create(
            CultureInfo.InvariantCulture,
            $"DefaultEndpointsProtocol=http;AccountName=test;AccountKey={key};TableEndpoint=http://127.0.0.1:{tablePort}/test;BlobEndpoint=http://127.0.0.1:{blobPort}/test;");
    }

    /// <summary>For PERIGEE_STORAGE_CONNECTION.</summary>
    public string ConnectionString { get; }

    /// <summary>Installs it where needed, starts it and waits until both services listen.</summary>
    public static async Task<Azurite> StartAsync()
    {
        await NodeTools.EnsureInstalledAsync();
        string key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64));
        Process process = NodeTools.Start(
            [
                "node_modules/azurite/dist/src/azurite.js",
                "--blobHost", "127.0.0.1", "--blobPort", "0",
                "--queueHost", "127.0.0.1", "--queuePort", "0",
                "--tableHost", "127.0.0.1", "--tablePort", "0",
                "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent",
            ],
            new Dictionary<string, string> { ["AZURITE_ACCOUNTS"] = "test:" + key });
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource patience = new(StartTime);
        Dictionary<string, int> ports = [];
        while (!ports.ContainsKey("Table") || !ports.ContainsKey("Blob"))
        {
            string? line = await process.StandardOutput.ReadLineAsync(patience.Token);
            if (line is null)
                throw new InvalidOperationException($"Azurite ended before it listened: {await errors}");
            if (Listening().Match(line) is { Success: true } match)
                ports[match.Groups[1].Value] = int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
        }

        // Nobody reads on: an unread pipe would stop it once full.
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
        return new Azurite(process, key, ports["Table"], ports["Blob"]);
    }

    /// <summary>Kills it: its data is in memory anyway.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _ended, true))
            return;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    [GeneratedRegex(@"Azurite (Table|Blob) service is successfully listening at http://127\.0\.0\.1:(\d+)")]
    private static partial Regex Listening();
}

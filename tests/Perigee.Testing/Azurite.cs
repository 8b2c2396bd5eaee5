using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Perigee.Testing;

/// <summary>Microsoft's storage emulator as a child process: tables and blobs in memory, on free ports, with an account key of its own.</summary>
public sealed partial class Azurite : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);

    private readonly string _key;
    private Process _process;
    private (int Table, int Blob) _ports;
    private bool _ended;

    private Azurite(string key, Process process, (int Table, int Blob) ports)
    {
        (_key, _process, _ports) = (key, process, ports);
        ConnectionString = Through(ports.Table, ports.Blob);
    }

    /// <summary>For PERIGEE_STORAGE_CONNECTION.</summary>
    public string ConnectionString { get; }

    /// <summary>The port of its tables.</summary>
    public int TablePort => _ports.Table;

    /// <summary>The port of its blobs.</summary>
    public int BlobPort => _ports.Blob;

    /// <summary>The connection string of who comes by other ports.</summary>
    public string Through(int tablePort, int blobPort) => string.Create(
        CultureInfo.InvariantCulture,
        $"DefaultEndpointsProtocol=http;AccountName=test;AccountKey={_key};TableEndpoint=http://127.0.0.1:{tablePort}/test;BlobEndpoint=http://127.0.0.1:{blobPort}/test;");

    /// <summary>Installs it where needed, starts it and waits until both services listen.</summary>
    public static async Task<Azurite> StartAsync()
    {
        await NodeTools.EnsureInstalledAsync();
        string key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64));
        (Process process, (int, int) ports) = await StartAsync(key, (0, 0));
        return new Azurite(key, process, ports);
    }

    /// <summary>Kills it. Its data was in its memory.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _ended = true;
    }

    /// <summary>Starts it again after a kill, at the same address and with the same key, but empty.</summary>
    public async Task ReviveAsync()
    {
        (_process, _ports) = await StartAsync(_key, _ports);
        _ended = false;
    }

    /// <summary>Kills it for good.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_ended)
            await KillAsync();
    }

    private static async Task<(Process Process, (int Table, int Blob) Ports)> StartAsync(string key, (int Table, int Blob) wanted)
    {
        Process process = NodeTools.Start(
            [
                "node_modules/azurite/dist/src/azurite.js",
                "--blobHost", "127.0.0.1", "--blobPort", Text(wanted.Blob),
                "--queueHost", "127.0.0.1", "--queuePort", "0",
                "--tableHost", "127.0.0.1", "--tablePort", Text(wanted.Table),
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
        return (process, (ports["Table"], ports["Blob"]));
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"Azurite (Table|Blob) service is successfully listening at http://127\.0\.0\.1:(\d+)")]
    private static partial Regex Listening();
}

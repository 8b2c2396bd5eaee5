using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Running;

/// <summary>The upstream that we did not write: npm @copilotkit/aimock on a free port, answering what aimock.json says and refusing the rest.</summary>
public sealed partial class Aimock : IAsyncDisposable
{
    private readonly Process _process;
    private readonly HttpClient _http;

    private Aimock(Process process, string url)
    {
        (_process, Url) = (process, url);
        _http = new HttpClient { BaseAddress = new Uri(url) };
    }

    /// <summary>Its address, without a slash at the end.</summary>
    public string Url { get; }

    /// <summary>Installs it where needed, starts it and waits until it listens.</summary>
    public static async Task<Aimock> StartAsync()
    {
        await NodeTools.EnsureInstalledAsync();
        string fixtures = Path.Combine(Repository.Root, "tests", "Perigee.Acceptance.Tests", "Running", "aimock.json");
        Process process = NodeTools.Start(
            ["node_modules/@copilotkit/aimock/dist/cli.js", "--host", "127.0.0.1", "--port", "0", "--fixtures", fixtures, "--strict", "--journal-max", "0"]);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(60));
        while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            if (Listening().Match(line) is not { Success: true } match)
                continue;
            _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            return new Aimock(process, match.Groups[1].Value);
        }

        throw new InvalidOperationException($"aimock ended before it listened: {await errors}");
    }

    /// <summary>The calls that it saw and whose JSON body holds a text, in their order.</summary>
    public async Task<IReadOnlyList<JsonElement>> SeenAsync(string text)
    {
        JsonElement journal = await _http.GetFromJsonAsync<JsonElement>("/__aimock/journal", TestContext.Current.CancellationToken);
        return [.. journal.EnumerateArray().Where(entry => entry.GetProperty("body").GetRawText().Contains(text, StringComparison.Ordinal))];
    }

    /// <summary>Adds rules: for tests that need one of their own, with a text that no other test sends.</summary>
    public async Task AddAsync(params object[] fixtures)
    {
        using HttpResponseMessage added = await _http.PostAsJsonAsync("/__aimock/fixtures", new { fixtures }, TestContext.Current.CancellationToken);
        Assert.True(added.IsSuccessStatusCode, await added.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    [GeneratedRegex(@"listening on (http://127\.0\.0\.1:\d+)")]
    private static partial Regex Listening();
}

using System.Text.Json;
using Perigee.Tests.Caching.Proving;
using Perigee.Tests.Callers;

namespace Perigee.Tests.Cli;

/// <summary><c>perigee logs</c> against a real gateway.</summary>
public sealed class LogsCommandTests
{
    [Fact]
    public async Task Records_are_listed_filtered_and_shown()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        (string key, string keyId) = await scene.One.MakeKeyAsync();
        string good = (await scene.One.AskAsync(key, "openai/m")).Id, bad = (await scene.One.AskAsync("pk-nobody", "openai/m")).Id;
        await Eventually.IsTrueAsync(async () => (await RunAsync(scene, 0, "logs", "list")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length == 3, "a heading and both records");

        string list = await RunAsync(scene, 0, "logs", "list");
        Assert.StartsWith("time", list, StringComparison.Ordinal);
        Assert.Contains(good, list, StringComparison.Ordinal);
        Assert.Contains(bad, list, StringComparison.Ordinal);
        string refused = await RunAsync(scene, 0, "logs", "list", "--status", "4xx", "--limit", "20");
        Assert.Contains(bad, refused, StringComparison.Ordinal);
        Assert.DoesNotContain(good, refused, StringComparison.Ordinal);
        Assert.Contains(good, await RunAsync(scene, 0, "logs", "list", "--key", keyId, "--model", "openai/m"), StringComparison.Ordinal);
        Assert.Contains("None.", await RunAsync(scene, 0, "logs", "list", "--provider", "nobody"), StringComparison.Ordinal);
        JsonElement json = JsonDocument.Parse(await RunAsync(scene, 0, "logs", "list", "--errors", "true", "--json")).RootElement;
        Assert.Equal(bad, Assert.Single(json.GetProperty("data").EnumerateArray()).GetProperty("id").GetString());

        string one = await RunAsync(scene, 0, "logs", "show", good);
        Assert.Contains(keyId, one, StringComparison.Ordinal);
        Assert.Equal(200, JsonDocument.Parse(await RunAsync(scene, 0, "logs", "show", good, "--json")).RootElement.GetProperty("status").GetInt32());
        Assert.Contains("404", await RunAsync(scene, 1, "logs", "show", Guid.CreateVersion7(scene.Time.GetUtcNow()).ToString("N")), StringComparison.Ordinal);
        Assert.Contains("'status'", await RunAsync(scene, 1, "logs", "list", "--status", "many"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_tail_prints_what_is_asked_for_as_it_comes_until_the_gateway_ends(bool json)
    {
        await using Scene scene = await Scene.StartClosedAsync();
        (string key, _) = await scene.One.MakeKeyAsync();
        using Commanding.Lines output = new(), errors = new();
        Task<int> tail = Commanding.StartAsync(scene.One, output, errors, ["logs", "tail", "--errors", "true", .. json ? (string[])["--json"] : []]);
        string good = "", bad = "";
        await Eventually.IsTrueAsync(async () =>
        {
            // What came before the tail began is not in it.
            good = (await scene.One.AskAsync(key, "openai/m")).Id;
            bad = (await scene.One.AskAsync("pk-nobody", "openai/m")).Id;
            await Task.Delay(20);
            return output.ToString().Contains(bad, StringComparison.Ordinal);
        }, "a record is printed");
        Assert.DoesNotContain(good, output.ToString(), StringComparison.Ordinal);
        await scene.One.StopAsync();
        Assert.True(await tail.WaitAsync(TimeSpan.FromSeconds(30)) == 0, errors.ToString());
        string[] lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.Equal("401", json ? JsonDocument.Parse(line).RootElement.GetProperty("status").GetRawText() : line.Split("  ")[2]));
    }

    [Fact]
    public async Task A_tail_that_is_refused_says_why()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        Assert.Contains("'errors'", await RunAsync(scene, 1, "logs", "tail", "--errors", "maybe"), StringComparison.Ordinal);
        Assert.Contains("401", await RunAsync(scene, 1, "logs", "tail", "--admin-key", "wrong"), StringComparison.Ordinal);
        Assert.Contains("does not answer", await RunAsync(scene, 1, "logs", "tail", "--url", "http://127.0.0.1:1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_says_what_is_missing()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        await scene.One.AskAsync("pk-nobody", "openai/m");
        Instance second = await scene.AddAsync();
        await scene.One.StopAsync();
        string whole = await Commanding.RunAsync(second, 0, "logs", "verify", "--stream", "requests", "--json");
        JsonElement report = JsonDocument.Parse(whole).RootElement;
        Assert.True(report.GetProperty("whole").GetBoolean(), whole);
        Assert.Equal("requests", Assert.Single(report.GetProperty("streams").EnumerateArray()).GetProperty("stream").GetString());
        Assert.Contains("logs.report", whole, StringComparison.Ordinal);
        Assert.Contains("whole", await Commanding.RunAsync(second, 0, "logs", "verify"), StringComparison.Ordinal);
        Assert.Contains("'stream'", await Commanding.RunAsync(second, 1, "logs", "verify", "--stream", "brook"), StringComparison.Ordinal);
    }

    private static Task<string> RunAsync(Scene scene, int exit, params string[] args) => Commanding.RunAsync(scene.One, exit, args);
}

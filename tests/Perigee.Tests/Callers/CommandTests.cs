using System.Text.Json;
using Perigee.Tests.Caching.Proving;
using Perigee.Tests.Cli;

namespace Perigee.Tests.Callers;

/// <summary>The command <c>perigee</c> against a real gateway.</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task Keys_are_made_listed_changed_rotated_and_ended()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        await RunAsync(scene, 0, "organisations", "create", "Acme", "--id", "org_acme", "--settings", """{"allowedModels":["openai/*"]}""");
        await RunAsync(scene, 0, "teams", "create", "Web", "--organisation", "org_acme", "--id", "team_web");
        string made = await RunAsync(scene, 0, "keys", "create", "my app", "--team", "team_web", "--requests-per-minute", "60", "--model", "openai/m", "--json");
        JsonElement key = JsonDocument.Parse(made).RootElement;
        string id = key.GetProperty("id").GetString()!, secret = key.GetProperty("key").GetString()!;
        Assert.Equal(("org_acme", 60), (key.GetProperty("organisation").GetString()!, key.GetProperty("requestsPerMinute").GetInt32()));
        Assert.Equal(200, (await scene.One.AskAsync(secret, "openai/m")).Status);
        Assert.Equal(403, (await scene.One.AskAsync(secret, "openai/n")).Status);

        string list = await RunAsync(scene, 0, "keys", "list");
        Assert.Contains(id, list, StringComparison.Ordinal);
        Assert.DoesNotContain("pk-", list, StringComparison.Ordinal);
        Assert.Contains("my app", await RunAsync(scene, 0, "keys", "show", id), StringComparison.Ordinal);
        await RunAsync(scene, 0, "keys", "set", id, "--settings", """{"allowedModels":["openai/*"]}""");
        Assert.Equal(200, (await scene.One.AskAsync(secret, "openai/n")).Status);
        string fresh = JsonDocument.Parse(await RunAsync(scene, 0, "keys", "rotate", id, "--overlap-seconds", "0", "--json")).RootElement.GetProperty("key").GetString()!;
        Assert.Equal(401, (await scene.One.AskAsync(secret, "openai/m")).Status);
        await RunAsync(scene, 0, "keys", "disable", id);
        Assert.Equal(401, (await scene.One.AskAsync(fresh, "openai/m")).Status);
        await RunAsync(scene, 0, "keys", "enable", id);
        Assert.Equal(200, (await scene.One.AskAsync(fresh, "openai/m")).Status);
        await RunAsync(scene, 0, "keys", "delete", id);
        Assert.Equal(401, (await scene.One.AskAsync(fresh, "openai/m")).Status);
        await RunAsync(scene, 0, "cache", "show");
        await RunAsync(scene, 0, "cache", "invalidate", "--all");
        await RunAsync(scene, 0, "teams", "delete", "team_web");
    }

    [Fact]
    public async Task What_is_wrong_is_said_with_an_exit_code_and_without_the_admin_key()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        Assert.Contains("'team' is no team", await RunAsync(scene, 1, "keys", "create", "n", "--team", "team_x"), StringComparison.Ordinal);
        Assert.Contains("404", await RunAsync(scene, 1, "keys", "show", "../config"), StringComparison.Ordinal);
        Assert.Contains("--settings", await RunAsync(scene, 1, "keys", "create", "n", "--settings", "{"), StringComparison.Ordinal);
        string wrong = await RunAsync(scene, 1, "keys", "list", "--admin-key", "not-the-admin-key-at-all");
        Assert.Contains("401", wrong, StringComparison.Ordinal);
        Assert.DoesNotContain("not-the-admin-key-at-all", wrong, StringComparison.Ordinal);
        Assert.Contains("does not answer", await RunAsync(scene, 1, "keys", "list", "--url", "http://127.0.0.1:1"), StringComparison.Ordinal);
        Assert.Contains("http(s) address", await RunAsync(scene, 1, "keys", "list", "--url", "ftp://x"), StringComparison.Ordinal);
        await RunAsync(scene, 1, "nonsense");
    }

    [Fact]
    public async Task A_configuration_is_checked_without_a_gateway()
    {
        string file = Path.Combine(Path.GetTempPath(), $"perigee-{Guid.NewGuid():N}.json");
        try
        {
            await File.WriteAllTextAsync(file, """{"limits":{"requestsPerMinute":-1},"cach":{}}""", TestContext.Current.CancellationToken);
            string faults = await RunAsync(null, 1, "config", "check", file);
            Assert.Contains("limits.requestsPerMinute: has to be a whole number", faults, StringComparison.Ordinal);
            Assert.Contains("cach: is unknown; did you mean cache?", faults, StringComparison.Ordinal);
            Assert.Equal(2, JsonDocument.Parse(await RunAsync(null, 1, "config", "check", file, "--json")).RootElement.GetProperty("faults").GetArrayLength());
            await File.WriteAllTextAsync(file, """{"aliases":{"fast":"demo/echo"}} // fine""", TestContext.Current.CancellationToken);
            Assert.Contains("is good", await RunAsync(null, 0, "config", "check", file), StringComparison.Ordinal);
            Assert.Contains("cannot be read", await RunAsync(null, 1, "config", "check", file + ".none"), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Task<string> RunAsync(Scene? scene, int exit, params string[] args) => Commanding.RunAsync(scene?.One, exit, args);
}

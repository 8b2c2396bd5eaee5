using System.Text.Json;
using Perigee.Tests.Caching.Proving;
using Perigee.Tests.Callers;

namespace Perigee.Tests.Cli;

/// <summary><c>perigee config put, show, reset</c> and <c>perigee regions</c> against a real gateway.</summary>
public sealed class ConfigCommandTests
{
    [Fact]
    public async Task A_configuration_is_put_shown_and_taken_away()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        (string key, _) = await scene.One.MakeKeyAsync();
        string file = Path.Combine(Path.GetTempPath(), $"perigee-{Guid.NewGuid():N}.json");
        try
        {
            Assert.Contains("404", await RunAsync(scene, 1, "config", "show"), StringComparison.Ordinal);
            Assert.Equal(404, (await scene.One.AskAsync(key, "parrot")).Status);

            await File.WriteAllTextAsync(file, """{ "aliases": { "parrot": "demo/echo" } }""", TestContext.Current.CancellationToken);
            await RunAsync(scene, 0, "config", "put", file);
            await HoldsAsync(scene, key, 200);
            Assert.Contains("parrot", await RunAsync(scene, 0, "config", "show"), StringComparison.Ordinal);
            Assert.Equal("demo/echo", JsonDocument.Parse(await RunAsync(scene, 0, "config", "show", "--json")).RootElement.GetProperty("aliases").GetProperty("parrot").GetString());

            // What is faulty changes nothing, and all of it is said.
            await File.WriteAllTextAsync(file, """{"logs":{"flushSeconds":0},"cach":{}}""", TestContext.Current.CancellationToken);
            string faults = await RunAsync(scene, 1, "config", "put", file);
            Assert.Contains("logs.flushSeconds", faults, StringComparison.Ordinal);
            Assert.Contains("cach", faults, StringComparison.Ordinal);
            Assert.Contains("cannot be read", await RunAsync(scene, 1, "config", "put", file + ".none"), StringComparison.Ordinal);
            Assert.Contains("parrot", await RunAsync(scene, 0, "config", "show"), StringComparison.Ordinal);

            await RunAsync(scene, 0, "config", "reset");
            await HoldsAsync(scene, key, 404);
            Assert.Contains("404", await RunAsync(scene, 1, "config", "show"), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Regions_are_shown()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        JsonElement regions = JsonDocument.Parse(await RunAsync(scene, 0, "regions", "--json")).RootElement;
        Assert.Equal("local", regions.GetProperty("region").GetString());
        Assert.Contains("local", await RunAsync(scene, 0, "regions"), StringComparison.Ordinal);
        Assert.Contains("401", await RunAsync(scene, 1, "regions", "--admin-key", "wrong"), StringComparison.Ordinal);
    }

    private static Task HoldsAsync(Scene scene, string key, int status) => Eventually.IsTrueAsync(
        async () =>
        {
            scene.Time.Advance(TimeSpan.FromSeconds(1));
            return (await scene.One.AskAsync(key, "parrot")).Status == status;
        },
        $"the alias gives {status}");

    private static Task<string> RunAsync(Scene scene, int exit, params string[] args) => Commanding.RunAsync(scene.One, exit, args);
}

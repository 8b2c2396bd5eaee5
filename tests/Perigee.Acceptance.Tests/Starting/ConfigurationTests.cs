using System.Text.Json.Nodes;
using Perigee.Acceptance.Tests.Refusals;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Starting;

/// <summary>A configuration that cannot be used stops the start, or leaves a running gateway as it is.</summary>
public sealed class ConfigurationTests(Rig rig)
{
    private const string Faulty = """
        {
          "providers": {
            "mine": { "kind": "custom", "baseUrl": "https://localhost:8443/v1" },
            "inner": { "kind": "custom", "baseUrl": "https://10.0.0.7/v1" },
            "metadata": { "kind": "custom", "baseUrl": "http://169.254.169.254/latest", "network": "loopback" },
            "plain": { "kind": "custom", "baseUrl": "http://example.com/v1" },
            "keyed": { "kind": "custom", "baseUrl": "https://example.com/v1", "apiKey": "canary-5f0c1d7e9b" }
          },
          "aliases": { "a": "b", "b": "a" },
          "limits": { "bodyBytes": 3 },
          "cache": { "ttl": 5 },
          "timeouts": { "idleSeconds": "long" }
        }
        """;

    private static readonly string[] s_paths =
    [
        "providers.mine.baseUrl", "providers.inner.baseUrl", "providers.metadata.baseUrl", "providers.plain.baseUrl", "providers.keyed.apiKey",
        "aliases.a", "limits.bodyBytes", "cache.ttl", "timeouts.idleSeconds",
    ];

    [Fact]
    public async Task All_faults_are_told_at_once_with_their_paths()
    {
        using TemporaryFolder folder = new();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "perigee.json"), Faulty, TestContext.Current.CancellationToken);
        Dictionary<string, string> environment = Gateway.Environment(folder.Path);

        (int code, string output) = await LocalApp.RunToEndAsync(environment, "--urls", "http://127.0.0.1:0");
        Assert.Equal(1, code);
        Check(output);

        AppStartException fault = await Assert.ThrowsAsync<AppStartException>(() => FunctionsTestHost.StartAsync(environment));
        Assert.Contains("exit code 1", fault.Message, StringComparison.Ordinal);
        Check(fault.Message);

        static void Check(string told)
        {
            Assert.All(s_paths, path => Assert.Contains(path + ":", told, StringComparison.Ordinal));
            Assert.DoesNotContain("   at ", told, StringComparison.Ordinal);
            Assert.DoesNotContain(Gateway.Canary, told, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task It_refuses_to_start_open_where_others_could_reach_it()
    {
        using TemporaryFolder folder = new();
        Dictionary<string, string> environment = new()
        {
            ["PERIGEE_DATA"] = folder.Path,
            ["PERIGEE_OPEN"] = "true",
            ["PERIGEE_URLS"] = "http://0.0.0.0:7071",
        };
        (int code, string output) = await LocalApp.RunToEndAsync(environment);
        Assert.Equal(1, code);
        Assert.Contains("PERIGEE_OPEN", output, StringComparison.Ordinal);
        Assert.Contains("PERIGEE_ADMIN_KEY", output, StringComparison.Ordinal);

        AppStartException fault = await Assert.ThrowsAsync<AppStartException>(() => FunctionsTestHost.StartAsync(environment));
        Assert.Contains("PERIGEE_OPEN", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_whose_address_nobody_knows_is_closed()
    {
        await using FunctionsTestHost host = await FunctionsTestHost.StartAsync(new Dictionary<string, string>());
        using HttpClient client = new() { BaseAddress = new Uri(host.Url) };
        (await Answer.ChatAsync(client, "demo/echo")).IsRefusal(System.Net.HttpStatusCode.Unauthorized);
        (await Answer.SendAsync(client, HttpMethod.Get, "/manage/v1/keys")).IsRefusal(System.Net.HttpStatusCode.Unauthorized);
    }

    [Theory, BothHosts]
    public async Task A_valid_change_is_taken_over_and_a_bad_one_refused(HostKind kind)
    {
        await using Gateway gateway = await rig.StartAsync(kind);
        using HttpClient client = await gateway.NewClientAsync();
        string config = await rig.ConfigAsync();
        Assert.DoesNotContain("quick", await ModelsAsync(), StringComparison.Ordinal);

        await ChangeAsync(config.Replace("\"fast\"", "\"quick\"", StringComparison.Ordinal));
        await Patience.UntilAsync(async () => (await ModelsAsync()).Contains("\"quick\"", StringComparison.Ordinal), "the change is taken over");
        Assert.DoesNotContain("\"fast\"", await ModelsAsync(), StringComparison.Ordinal);

        await ChangeAsync(config.Replace("\"aliases\"", "\"aliasses\"", StringComparison.Ordinal));
        await Patience.UntilAsync(
            () => Task.FromResult(gateway.App.Output.Contains("aliasses", StringComparison.Ordinal)), "the refusal of the bad change is logged");
        Assert.Contains("\"quick\"", await ModelsAsync(), StringComparison.Ordinal);

        await ChangeAsync(config);
        await Patience.UntilAsync(async () => (await ModelsAsync()).Contains("\"fast\"", StringComparison.Ordinal), "the repaired file is taken over");

        async Task<string> ModelsAsync()
        {
            JsonNode models = JsonNode.Parse((await Answer.SendAsync(client, HttpMethod.Get, "/v1/models")).Body)!;
            return string.Join(' ', models["data"]!.AsArray().Select(m => $"\"{m!["id"]}\""));
        }

        Task ChangeAsync(string text) => File.WriteAllTextAsync(gateway.ConfigFile, text, TestContext.Current.CancellationToken);
    }
}

using System.Text.Json;
using System.Text.RegularExpressions;
using Perigee.Testing;

namespace Perigee.Infra.Tests.Bicep;

/// <summary>Every setting that a deployed app reads is set or can be, and none is set that nothing reads.</summary>
public sealed partial class SettingsTests
{
    /// <summary>Read by the Functions host or the platform, not by the gateway.</summary>
    private static readonly string[] ReadByTheHost =
        ["APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "APPLICATIONINSIGHTS_CONNECTION_STRING", "AzureWebJobsStorage__credential"];

    /// <summary>Read by the gateway, and never set on Azure.</summary>
    private static readonly Dictionary<string, string> LeftOut = new()
    {
        ["CUSTOM_BASE_URL"] = "custom is a kind: each such provider has a name of its own and its address in perigee.json",
        ["DEMO_BASE_URL"] = "the demo is built in",
        ["PERIGEE_DATA"] = "the embedded storage, which is refused on Azure",
        ["PERIGEE_OPEN"] = "an open gateway listens on loopback only",
        ["PERIGEE_STORAGE_ACCOUNT"] = "AzureWebJobsStorage names the account",
        ["PERIGEE_STORAGE_CLIENT_ID"] = "AzureWebJobsStorage names the identity",
        ["PERIGEE_STORAGE_CONNECTION"] = "a connection string has a key in it",
        ["PERIGEE_URLS"] = "the Functions host listens",
        ["AzureWebJobsStorage__accountName"] = "the endpoints are named instead",
    };

    public static TheoryData<string> Snapshots() => [.. Snapshot.Names];

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void Nothing_is_set_that_nothing_reads(string name)
    {
        HashSet<string> read = [.. ReadByTheGateway(), .. ReadByTheHost];
        foreach ((string app, JsonElement settings) in Snapshot.Read(name).Settings)
            Assert.Empty(settings.EnumerateObject().Select(s => s.Name).Where(s => !read.Contains(s)).Select(s => $"{app}: {s}"));
    }

    [Fact]
    public void Everything_that_is_read_is_set_or_can_be()
    {
        HashSet<string> set = [.. Snapshot.Read("three-full").Settings.Values.SelectMany(s => s.EnumerateObject()).Select(s => s.Name), .. Settable()];
        Assert.Empty(ReadByTheGateway().Except(set).Except(LeftOut.Keys).Except(KeyVariables()));
        Assert.Empty(LeftOut.Keys.Intersect(set));
    }

    [Fact]
    public void Nothing_can_be_set_that_nothing_reads() => Assert.Empty(Settable().Except(ReadByTheGateway()));

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void Home_publishes_to_all_regions_and_the_others_know_home(string name)
    {
        Snapshot snapshot = Snapshot.Read(name);
        string home = Snapshot.Text(snapshot.Of("Microsoft.Web/sites").Single(s => Snapshot.At(s, "tags", "azd-service-name") is not null), "name");
        string[] regions = [.. snapshot.Of("Microsoft.Web/sites").Select(s => Snapshot.Text(s, "location"))];
        foreach ((string app, JsonElement settings) in snapshot.Settings)
        {
            Assert.Contains(settings.GetProperty("PERIGEE_REGION").GetString(), regions);
            Assert.Equal(app == home, settings.TryGetProperty("PERIGEE_REGIONS", out JsonElement published));
            Assert.Equal(app != home, settings.TryGetProperty("PERIGEE_HOME_STORAGE", out _));
            if (app == home)
                Assert.All(regions, region => Assert.Contains($"'{region}'", published.GetString(), StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Readers_scan_finds_settings()
    {
        HashSet<string> read = ReadByTheGateway();
        Assert.Contains("PERIGEE_ADMIN_KEY", read);
        Assert.Contains("OPENAI_API_KEY", read);
        Assert.Contains("OPENAI_BASE_URL", read);
        Assert.Contains("AzureWebJobsStorage__tableServiceUri", read);
        Assert.DoesNotContain("PERIGEE_URL", read);
    }

    /// <summary>All names that the sources of the deployed app ask for.</summary>
    private static HashSet<string> ReadByTheGateway()
    {
        HashSet<string> read = [.. KeyVariables()];
        foreach (string folder in new[] { "shared/Perigee", "shared/Perigee.Azure", "shared/Perigee.Embedded", "functions" })
        {
            foreach (string file in Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            {
                if (file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
                    continue;
                string source = File.ReadAllText(file);
                read.UnionWith(Name().Matches(source).Select(m => m.Groups[1].Value));
                if (Path.GetFileName(file) == "StorageSettings.cs")
                    read.UnionWith(JobsPart().Matches(source).Select(m => $"AzureWebJobsStorage__{m.Groups[1].Value}"));
            }
        }

        using JsonDocument providers = Providers();
        foreach (JsonElement provider in providers.RootElement.EnumerateArray())
        {
            read.Add(provider.GetProperty("name").GetString()!.ToUpperInvariant().Replace('-', '_') + "_BASE_URL");
            read.UnionWith(Placeholder().Matches(provider.GetRawText()).Select(m => m.Groups[1].Value));
        }

        return read;
    }

    private static HashSet<string> KeyVariables()
    {
        using JsonDocument providers = Providers();
        return [.. providers.RootElement.EnumerateArray().Where(p => p.TryGetProperty("keyVariables", out _))
            .SelectMany(p => p.GetProperty("keyVariables").EnumerateArray()).Select(v => v.GetString()!)];
    }

    /// <summary>The members of the Bicep type gatewaySettings.</summary>
    private static HashSet<string> Settable()
    {
        string types = File.ReadAllText(Path.Combine(Repository.Root, "infra-bicep", "types.bicep"));
        string body = types[types.IndexOf("type gatewaySettings = {", StringComparison.Ordinal)..];
        return [.. Member().Matches(body).Select(m => m.Groups[1].Value)];
    }

    private static JsonDocument Providers() =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "shared", "Perigee", "Providers", "providers.json")));

    [GeneratedRegex("\"(PERIGEE_[A-Z_]+)\"")]
    private static partial Regex Name();

    [GeneratedRegex("Jobs, \"(\\w+)\"")]
    private static partial Regex JobsPart();

    [GeneratedRegex(@"\$\{([A-Z_]+)\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"^  ([A-Z0-9_]+): ", RegexOptions.Multiline)]
    private static partial Regex Member();
}

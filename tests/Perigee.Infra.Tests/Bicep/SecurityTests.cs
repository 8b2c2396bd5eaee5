using System.Text.Json;
using System.Text.RegularExpressions;
using Perigee.Testing;

namespace Perigee.Infra.Tests.Bicep;

/// <summary>No key anywhere, https only, least privilege: of every predicted deployment.</summary>
public sealed partial class SecurityTests
{
    /// <summary>All roles that there are, by their ids, and where alone each may be given.</summary>
    private static readonly Dictionary<string, (string Role, string Scope)> Roles = new()
    {
        ["b7e6dc6d-f1e8-4753-8033-0f276bb0955b"] = ("Storage Blob Data Owner", "/storageAccounts/[a-z0-9]+$"),
        ["0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"] = ("Storage Table Data Contributor", "/storageAccounts/[a-z0-9]+(/tableServices/default/tables/[a-z]+)?$"),
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = ("Storage Blob Data Contributor", "/storageAccounts/[a-z0-9]+/blobServices/default/containers/configuration$"),
        ["3913510d-42f4-4e42-8a64-420c390055eb"] = ("Monitoring Metrics Publisher", "/components/[a-z0-9-]+$"),
        ["4633458b-17de-408a-b874-0445c86b69e6"] = ("Key Vault Secrets User", "/vaults/[a-z0-9-]+$"),
    };

    public static TheoryData<string> Snapshots() => [.. Snapshot.Names];

    [Fact]
    public void No_source_asks_for_a_key()
    {
        foreach (string file in Directory.GetFiles(Path.Combine(Repository.Root, "infra-bicep"), "*.bicep", SearchOption.AllDirectories))
            Assert.DoesNotMatch(@"(?i)\blist(Keys|AccountSas|ServiceSas|Secrets|ConnectionStrings|Credentials|HostKeys)?\w*\s*\(.*\b20\d\d-|\.list[A-Z]\w*\(|\.getSecret\(|\bAccountKey\b", File.ReadAllText(file));
    }

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void Secrets_of_an_app_are_references_to_the_vault(string name)
    {
        foreach ((string app, JsonElement settings) in Snapshot.Read(name).Settings)
        {
            foreach (JsonProperty setting in settings.EnumerateObject())
            {
                string value = setting.Value.GetString()!;
                Assert.DoesNotMatch("(?i)listkeys|accountkey=|sharedaccesskey|[?&]sig=", value);
                if (SecretName().IsMatch(setting.Name))
                    Assert.True(value.Contains("@Microsoft.KeyVault(SecretUri=", StringComparison.Ordinal), $"{app}: {setting.Name} is no reference.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void Apps_and_accounts_speak_https_only_and_know_no_shared_key(string name)
    {
        Snapshot snapshot = Snapshot.Read(name);
        bool isPrivate = name.EndsWith("-full", StringComparison.Ordinal);
        foreach (JsonElement site in snapshot.Of("Microsoft.Web/sites"))
        {
            Assert.True(Snapshot.At(site, "properties", "httpsOnly")!.Value.GetBoolean());
            Assert.Equal("1.2", Text(site, "properties", "siteConfig", "minTlsVersion"));
            Assert.Equal("1.2", Text(site, "properties", "siteConfig", "scmMinTlsVersion"));
            Assert.Equal("Disabled", Text(site, "properties", "siteConfig", "ftpsState"));
            Assert.Equal("UserAssigned", Text(site, "identity", "type"));
        }

        foreach (JsonElement policy in snapshot.Of("Microsoft.Web/sites/basicPublishingCredentialsPolicies"))
            Assert.False(Snapshot.At(policy, "properties", "allow")!.Value.GetBoolean());
        Assert.Equal(2 * snapshot.Of("Microsoft.Web/sites").Count(), snapshot.Of("Microsoft.Web/sites/basicPublishingCredentialsPolicies").Count());
        foreach (JsonElement account in snapshot.Of("Microsoft.Storage/storageAccounts"))
        {
            Assert.False(Snapshot.At(account, "properties", "allowSharedKeyAccess")!.Value.GetBoolean());
            Assert.False(Snapshot.At(account, "properties", "allowBlobPublicAccess")!.Value.GetBoolean());
            Assert.True(Snapshot.At(account, "properties", "supportsHttpsTrafficOnly")!.Value.GetBoolean());
            Assert.Equal("TLS1_2", Text(account, "properties", "minimumTlsVersion"));
            Assert.Equal(isPrivate ? "Disabled" : "Enabled", Text(account, "properties", "publicNetworkAccess"));
        }

        foreach (JsonElement insights in snapshot.Of("Microsoft.Insights/components"))
            Assert.True(Snapshot.At(insights, "properties", "DisableLocalAuth")!.Value.GetBoolean());
        foreach (JsonElement workspace in snapshot.Of("Microsoft.OperationalInsights/workspaces"))
            Assert.True(Snapshot.At(workspace, "properties", "features", "disableLocalAuth")!.Value.GetBoolean());
        JsonElement vault = Assert.Single(snapshot.Of("Microsoft.KeyVault/vaults"));
        Assert.True(Snapshot.At(vault, "properties", "enableRbacAuthorization")!.Value.GetBoolean());
        Assert.Equal(isPrivate ? "Disabled" : "Enabled", Text(vault, "properties", "publicNetworkAccess"));
        Assert.All(snapshot.Of("Microsoft.Cdn/profiles/afdEndpoints/routes"), route =>
        {
            Assert.Equal("HttpsOnly", Text(route, "properties", "forwardingProtocol"));
            Assert.Equal("Enabled", Text(route, "properties", "httpsRedirect"));
            Assert.Null(Snapshot.At(route, "properties", "cacheConfiguration"));
        });
    }

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void Every_role_is_a_known_one_at_its_own_scope(string name)
    {
        foreach (JsonElement assignment in Snapshot.Read(name).Of("Microsoft.Authorization/roleAssignments"))
        {
            string id = Snapshot.Text(assignment, "id");
            string role = Text(assignment, "properties", "roleDefinitionId").Split('/')[^1];
            Assert.True(Roles.TryGetValue(role, out (string Role, string Scope) known), $"{id} gives the role {role}, which is not listed.");
            string scope = ScopeOf().Match(id).Groups[1].Value;
            Assert.Matches(known.Scope, scope);
        }
    }

    /// <summary>A region reaches into another one only where its budgets are leased or configuration is published.</summary>
    [Theory]
    [InlineData("three-plain", 3)]
    [InlineData("ten-full", 10)]
    public void Regions_reach_into_each_other_by_single_tables_and_containers_only(string name, int regions)
    {
        using JsonDocument places = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "infra-bicep", "storage.json")));
        int leased = places.RootElement.GetProperty("tablesThatRegionsUseAtHome").GetArrayLength();
        int published = places.RootElement.GetProperty("tablesThatHomePublishes").GetArrayLength();
        List<string> scopes = [.. Snapshot.Read(name).Of("Microsoft.Authorization/roleAssignments").Select(a => ScopeOf().Match(Snapshot.Text(a, "id")).Groups[1].Value)];
        Assert.Equal((regions - 1) * (leased + published), scopes.Count(s => s.Contains("/tables/", StringComparison.Ordinal)));
        int containers = ((string[])["containersThatRegionsUseAtHome", "containersThatHomePublishes"]).Sum(member => places.RootElement.GetProperty(member).GetArrayLength());
        Assert.Equal((regions - 1) * containers, scopes.Count(s => s.Contains("/containers/", StringComparison.Ordinal)));
        Assert.Equal(2 * regions, scopes.Count(s => s.Contains("/storageAccounts/", StringComparison.Ordinal) && !s.Contains("/tables/", StringComparison.Ordinal) && !s.Contains("/containers/", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("one-full", 1)]
    [InlineData("three-full", 3)]
    [InlineData("ten-full", 10)]
    public void Behind_Front_Door_an_app_answers_nobody_else(string name, int regions)
    {
        Snapshot snapshot = Snapshot.Read(name);
        Assert.Equal(regions, snapshot.Of("Microsoft.Web/sites").Count());
        foreach (JsonElement site in snapshot.Of("Microsoft.Web/sites"))
        {
            JsonElement config = Snapshot.At(site, "properties", "siteConfig")!.Value;
            Assert.Equal("Deny", Snapshot.Text(config, "ipSecurityRestrictionsDefaultAction"));
            JsonElement first = config.GetProperty("ipSecurityRestrictions")[0];
            Assert.Equal(("ServiceTag", "AzureFrontDoor.Backend"), (Snapshot.Text(first, "tag"), Snapshot.Text(first, "ipAddress")));
            Assert.Contains("frontDoorId", first.GetProperty("headers").GetProperty("x-azure-fdid")[0].GetString(), StringComparison.Ordinal);
        }

        Assert.Equal(regions + 1, snapshot.Of("Microsoft.Cdn/profiles/afdEndpoints").Count());
        foreach (JsonElement group in snapshot.Of("Microsoft.Cdn/profiles/originGroups"))
            Assert.Equal(0, Snapshot.At(group, "properties", "loadBalancingSettings", "additionalLatencyInMilliseconds")!.Value.GetInt32());
        Assert.Equal(regions == 1 ? 0 : 1, snapshot.Of("Microsoft.Cdn/profiles/originGroups")
            .Count(group => Snapshot.At(group, "properties", "healthProbeSettings")?.ValueKind == JsonValueKind.Object));
    }

    [Fact]
    public void Without_Front_Door_anybody_may_call_and_no_profile_is_made()
    {
        Snapshot snapshot = Snapshot.Read("three-plain");
        Assert.All(snapshot.Of("Microsoft.Web/sites"), site => Assert.Equal("Allow", Text(site, "properties", "siteConfig", "ipSecurityRestrictionsDefaultAction")));
        Assert.Empty(snapshot.Of("Microsoft.Cdn/profiles"));
        Assert.Empty(snapshot.Of("Microsoft.Network/virtualNetworks"));
    }

    [Fact]
    public void No_output_carries_a_secret()
    {
        string main = File.ReadAllText(Path.Combine(Repository.Root, "infra-bicep", "main.bicep"));
        foreach (Match output in OutputLine().Matches(main))
            Assert.DoesNotMatch("(?i)connectionString|password|secrets?\\[|token\\b", output.Value);
    }

    private static string Text(JsonElement element, params ReadOnlySpan<string> path) => Snapshot.At(element, path)!.Value.GetString()!;

    [GeneratedRegex("(?i)(_KEY|_TOKEN|SECRET|PASSWORD)$")]
    private static partial Regex SecretName();

    [GeneratedRegex(@"^\[?(?:extensionResourceId\(')?(.*?)(?:/providers/Microsoft\.Authorization/|', 'Microsoft\.Authorization/)")]
    private static partial Regex ScopeOf();

    [GeneratedRegex(@"^output [^\n]*(\n  [^\n]*)*", RegexOptions.Multiline)]
    private static partial Regex OutputLine();
}

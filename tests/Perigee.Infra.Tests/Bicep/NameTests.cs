using System.Text.Json;
using System.Text.RegularExpressions;

namespace Perigee.Infra.Tests.Bicep;

/// <summary>Names stay within Azure's limits for the longest inputs, and what has to be unique is.</summary>
public sealed class NameTests
{
    /// <summary>By type: the longest name, and what it is made of (Azure's naming rules).</summary>
    private static readonly Dictionary<string, (int Most, string Pattern)> Rules = new()
    {
        ["Microsoft.Cdn/profiles"] = (260, "^[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]$"),
        ["Microsoft.Cdn/profiles/afdEndpoints"] = (46, "^[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]$"),
        ["Microsoft.Cdn/profiles/originGroups"] = (90, "^[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]$"),
        ["Microsoft.Cdn/profiles/originGroups/origins"] = (90, "^[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]$"),
        ["Microsoft.Insights/components"] = (260, "^[A-Za-z0-9-]+$"),
        ["Microsoft.KeyVault/vaults"] = (24, "^[a-z](?!.*--)[a-z0-9-]+[a-z0-9]$"),
        ["Microsoft.ManagedIdentity/userAssignedIdentities"] = (128, "^[A-Za-z0-9][A-Za-z0-9_-]{2,}$"),
        ["Microsoft.Network/privateEndpoints"] = (80, "^[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9_]$"),
        ["Microsoft.Network/virtualNetworks"] = (64, "^[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9_]$"),
        ["Microsoft.Network/virtualNetworks/virtualNetworkPeerings"] = (80, "^[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9_]$"),
        ["Microsoft.OperationalInsights/workspaces"] = (63, "^[A-Za-z0-9][A-Za-z0-9-]+[A-Za-z0-9]$"),
        ["Microsoft.Resources/resourceGroups"] = (90, @"^[A-Za-z0-9._()-]*[A-Za-z0-9_()-]$"),
        ["Microsoft.Storage/storageAccounts"] = (24, "^[a-z0-9]{3,}$"),
        ["Microsoft.Storage/storageAccounts/blobServices/containers"] = (63, "^[a-z0-9](?!.*--)[a-z0-9-]{2,}$"),
        ["Microsoft.Storage/storageAccounts/tableServices/tables"] = (63, "^[A-Za-z][A-Za-z0-9]{2,}$"),
        ["Microsoft.Web/serverfarms"] = (60, "^[A-Za-z0-9-]+$"),
        ["Microsoft.Web/sites"] = (60, "^[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]$"),
    };

    public static TheoryData<string> Snapshots() => [.. Snapshot.Names];

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void Names_are_within_their_limits(string name)
    {
        HashSet<string> seen = [];
        foreach (JsonElement resource in Snapshot.Read(name).Resources)
        {
            Assert.True(seen.Add(Snapshot.Text(resource, "id")), $"{Snapshot.Text(resource, "id")} is there twice.");
            if (!Rules.TryGetValue(Snapshot.Type(resource), out (int Most, string Pattern) rule))
                continue;
            string own = Snapshot.Text(resource, "name").Split('/')[^1];
            Assert.True(own.Length <= rule.Most, $"{Snapshot.Type(resource)} {own} has {own.Length} characters; {rule.Most} are allowed.");
            Assert.Matches(rule.Pattern, own);
        }

        Assert.Empty(Rules.Keys.Except(Snapshot.Read("three-full").Resources.Select(Snapshot.Type)));
    }

    /// <summary>The Functions host tells apps that share an account apart by 32 characters, and names on the internet are everybody's.</summary>
    [Fact]
    public void The_first_32_characters_of_apps_differ_and_so_do_those_of_other_environments()
    {
        string[] apps = [.. Snapshot.Names.SelectMany(name => Snapshot.Read(name).Of("Microsoft.Web/sites").Select(site => Snapshot.Text(site, "name")[..18]))];
        int expected = Snapshot.Names.Select(name => name.Split('-')[0] == "ten" ? name : name.Split('-')[0]).Distinct()
            .Sum(environment => environment.StartsWith("ten", StringComparison.Ordinal) ? 10 : environment == "three" ? 3 : 1);
        Assert.Equal(expected, apps.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void Exactly_the_home_app_bears_azds_service_name_and_everything_its_environment(string name)
    {
        Snapshot snapshot = Snapshot.Read(name);
        JsonElement service = Assert.Single(snapshot.Resources, r => Snapshot.At(r, "tags", "azd-service-name") is not null);
        Assert.Equal(("Microsoft.Web/sites", "gateway"), (Snapshot.Type(service), Snapshot.At(service, "tags", "azd-service-name")!.Value.GetString()));
        Assert.Equal(Snapshot.Text(snapshot.Of("Microsoft.Resources/resourceGroups").Single(), "location"), Snapshot.Text(service, "location"));
        string[] tagged = ["Microsoft.Web/sites", "Microsoft.Web/serverfarms", "Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults",
            "Microsoft.Insights/components", "Microsoft.OperationalInsights/workspaces", "Microsoft.ManagedIdentity/userAssignedIdentities",
            "Microsoft.Resources/resourceGroups", "Microsoft.Cdn/profiles", "Microsoft.Network/virtualNetworks", "Microsoft.Network/privateEndpoints"];
        foreach (JsonElement resource in snapshot.Resources.Where(r => tagged.Contains(Snapshot.Type(r))))
            Assert.True(Snapshot.At(resource, "tags", "azd-env-name") is not null, Snapshot.Text(resource, "id"));
    }

    [Fact]
    public void Abbreviations_of_the_sources_are_known()
    {
        using JsonDocument abbreviations = JsonDocument.Parse(File.ReadAllText(Path.Combine(Testing.Repository.Root, "infra-bicep", "abbreviations.json")));
        string main = File.ReadAllText(Path.Combine(Testing.Repository.Root, "infra-bicep", "main.bicep"));
        HashSet<string> used = [.. Regex.Matches(main, @"abbreviations\.(?!json)(\w+)").Select(m => m.Groups[1].Value)];
        Assert.Equal(abbreviations.RootElement.EnumerateObject().Select(m => m.Name).Order(), used.Order());
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;

namespace Perigee.Infra.Tests.Bicep;

/// <summary>Every predicted resource is what Azure's published types say.</summary>
public sealed class TypeTests
{
    /// <summary>What the platform takes and its published types lack; LIVE-RUN.md has the command that confirms each.</summary>
    private static readonly string[] Unpublished = ["Microsoft.Web/sites/extensions.properties: there is no such property."];

    private static readonly TypeChecker Checker = new();

    public static TheoryData<string> Snapshots() => [.. Snapshot.Names];

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void Resources_have_known_properties_and_values(string name)
    {
        IEnumerable<string> faults = Snapshot.Read(name).Resources.SelectMany(Checker.Check).Distinct().Except(Unpublished);
        Assert.Empty(faults);
    }

    /// <summary>The compiler lets all of these pass.</summary>
    [Theory]
    [InlineData("Microsoft.Storage/storageAccounts", "sku.name", "Standard_XYZ")]
    [InlineData("Microsoft.Storage/storageAccounts", "kind", "StorageV9")]
    [InlineData("Microsoft.Storage/storageAccounts", "properties.minimumTlsVersion", "TLS1_9")]
    [InlineData("Microsoft.Storage/storageAccounts", "properties.allowSharedKeyAcces", "false")]
    [InlineData("Microsoft.Web/sites", "properties.functionAppConfig.runtime.name", "dotnet-isolatedd")]
    [InlineData("Microsoft.Web/sites", "properties.siteConfig.minTlsVersion", "1.9")]
    [InlineData("Microsoft.Web/sites", "properties.siteConfig.ipSecurityRestrictionsDefaultAction", "Maybe")]
    [InlineData("Microsoft.Cdn/profiles", "sku.name", "Standard_AFD")]
    [InlineData("Microsoft.KeyVault/vaults", "properties.publicNetworkAccss", "Enabled")]
    public void Checker_sees_what_the_compiler_does_not(string type, string path, string value)
    {
        JsonElement resource = Snapshot.Read("three-full").Of(type).First();
        JsonObject changed = JsonNode.Parse(resource.GetRawText())!.AsObject();
        string[] members = path.Split('.');
        JsonObject holder = changed;
        foreach (string member in members[..^1])
            holder = holder[member]!.AsObject();
        holder[members[^1]] = value;
        Assert.Single(Checker.Check(JsonSerializer.SerializeToElement(changed)));
    }
}

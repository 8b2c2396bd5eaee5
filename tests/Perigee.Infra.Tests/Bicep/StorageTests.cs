using System.Text.Json;
using System.Text.RegularExpressions;
using Perigee.Testing;

namespace Perigee.Infra.Tests.Bicep;

/// <summary>Every table and container that the code uses is there in each region, or is made by the app itself, and the map knows them all.</summary>
public sealed partial class StorageTests
{
    /// <summary>Names that time makes: the app makes and drops these tables, as its role lets it.</summary>
    private static readonly string[] MadeByTheApp = ["cache<hours>h<n>", "cachenear..."];

    /// <summary>Used by the platform: the package of the app.</summary>
    private static readonly string[] OfThePlatform = ["deployments"];

    private static readonly Lazy<(string[] Tables, string[] Containers)> Places = new(() =>
    {
        using JsonDocument places = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "infra-bicep", "storage.json")));
        string[] Names(string member) => [.. places.RootElement.GetProperty(member).EnumerateArray().Select(e => e.GetString()!)];
        return (Names("tables"), Names("containers"));
    });

    public static TheoryData<string> Snapshots() => [.. Snapshot.Names];

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void Every_account_has_them(string name)
    {
        Snapshot snapshot = Snapshot.Read(name);
        foreach (JsonElement account in snapshot.Of("Microsoft.Storage/storageAccounts"))
        {
            string prefix = Snapshot.Text(account, "name") + "/default/";
            string[] Under(string type) => [.. snapshot.Of(type).Select(r => Snapshot.Text(r, "name"))
                .Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Select(n => n[prefix.Length..]).Order(StringComparer.Ordinal)];
            Assert.Equal(Places.Value.Tables.Order(StringComparer.Ordinal), Under("Microsoft.Storage/storageAccounts/tableServices/tables"));
            Assert.Equal(Places.Value.Containers.Order(StringComparer.Ordinal), Under("Microsoft.Storage/storageAccounts/blobServices/containers"));
        }
    }

    [Fact]
    public void Map_and_template_name_the_same()
    {
        string map = File.ReadAllText(Path.Combine(Repository.Root, "shared", "README.md"));
        string[] rows = [.. map[map.IndexOf("## Tables and containers", StringComparison.Ordinal)..].Split('\n').Where(l => l.StartsWith("| table", StringComparison.Ordinal) || l.StartsWith("| container", StringComparison.Ordinal))];
        string[] Named(Regex kind) => [.. rows.Select(r => r.Split('|')[1]).SelectMany(cell => kind.Matches(cell)).Select(m => m.Groups[1].Value).Distinct()];
        Assert.Equal(Places.Value.Tables.Concat(MadeByTheApp).Order(StringComparer.Ordinal), Named(TableName()).Order(StringComparer.Ordinal));
        Assert.Equal(Places.Value.Containers.Except(OfThePlatform).Order(StringComparer.Ordinal), Named(ContainerName()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_name_in_the_sources_is_there()
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "shared", "Perigee"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))];
        Dictionary<string, string> constants = [];
        foreach (string file in files)
        {
            foreach (Match constant in Constant().Matches(File.ReadAllText(file)))
                constants[$"{Path.GetFileNameWithoutExtension(file)}.{constant.Groups[1].Value}"] = constant.Groups[2].Value;
        }

        List<string> seen = [];
        foreach (string file in files)
        {
            foreach (Match use in Use().Matches(File.ReadAllText(file)))
            {
                string argument = use.Groups[2].Value;
                string? name = argument.StartsWith('"') ? argument.Trim('"')
                    : constants.GetValueOrDefault(argument) ?? constants.GetValueOrDefault($"{Path.GetFileNameWithoutExtension(file)}.{argument}");
                // What is left are tables of time: their names are variables.
                if (name is null)
                {
                    Assert.Contains(argument, new[] { "bucket.Name", "table", "name" });
                    continue;
                }

                seen.Add(name);
                Assert.Contains(name, use.Groups[1].Value == "Table" ? Places.Value.Tables : Places.Value.Containers);
            }
        }

        Assert.True(seen.Count >= 12, string.Join(' ', seen));
    }

    /// <summary>What is not there yet is made at the first write: a table of time, and any table after somebody dropped it.</summary>
    [Fact]
    public void The_app_makes_what_is_missing()
    {
        string folder = Path.Combine(Repository.Root, "shared", "Perigee.Azure");
        Assert.Contains("CreateIfNotExistsAsync", File.ReadAllText(Path.Combine(folder, "AzureTable.cs")), StringComparison.Ordinal);
        Assert.Contains("CreateIfNotExistsAsync", File.ReadAllText(Path.Combine(folder, "AzureBlobs.cs")), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void Log_records_end_by_rule_and_immutability_is_as_asked(string name)
    {
        Snapshot snapshot = Snapshot.Read(name);
        int accounts = snapshot.Of("Microsoft.Storage/storageAccounts").Count();
        JsonElement[] policies = [.. snapshot.Of("Microsoft.Storage/storageAccounts/managementPolicies")];
        Assert.Equal(accounts, policies.Length);
        foreach (JsonElement policy in policies)
        {
            JsonElement rule = Assert.Single(Snapshot.At(policy, "properties", "policy", "rules")!.Value.EnumerateArray());
            JsonElement definition = rule.GetProperty("definition");
            Assert.Equal("logs/", Snapshot.At(definition, "filters", "prefixMatch")!.Value[0].GetString());
            Assert.True(Snapshot.At(definition, "actions", "baseBlob", "delete", "daysAfterModificationGreaterThan")!.Value.GetInt32() >= 1);
        }

        int immutable = snapshot.Of("Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies").Count();
        Assert.Equal(name.EndsWith("-full", StringComparison.Ordinal) ? accounts : 0, immutable);
    }

    [GeneratedRegex(@"const string (\w+) = ""([a-z]+)""")]
    private static partial Regex Constant();

    [GeneratedRegex(@"torage\.(Table|Blobs)\(([^()]+)\)")]
    private static partial Regex Use();

    [GeneratedRegex(@"tables? `([^`]+)`")]
    private static partial Regex TableName();

    [GeneratedRegex(@"container `([^`]+)`")]
    private static partial Regex ContainerName();
}

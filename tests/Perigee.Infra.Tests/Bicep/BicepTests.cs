using System.Text.Json;
using Perigee.Testing;

namespace Perigee.Infra.Tests.Bicep;

/// <summary>The Bicep CLI finds nothing: build, lint with every warning an error, format, and the predicted resources are the committed ones.</summary>
public sealed class BicepTests
{
    private static readonly string Infra = Path.Combine(Repository.Root, "infra-bicep");

    public static TheoryData<string> Snapshots() => [.. Snapshot.Names];

    public static TheoryData<string> Sources() => [.. Directory.GetFiles(Infra, "*.bicep", SearchOption.AllDirectories)
        .Concat(Directory.GetFiles(Snapshot.Folder, "*.bicepparam")).Select(path => Path.GetRelativePath(Repository.Root, path))];

    [Fact]
    public async Task Template_builds_without_a_word()
    {
        (int exit, string output, string errors) = await Programs.RunAsync(Programs.Bicep, ["build", Path.Combine(Infra, "main.bicep"), "--stdout"]);
        Assert.Equal("", errors);
        Assert.Equal(0, exit);
        using JsonDocument template = JsonDocument.Parse(output);
        Assert.Contains("subscriptionDeploymentTemplate", template.RootElement.GetProperty("$schema").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Linter_finds_nothing() => Assert.Empty(await LintAsync(Path.Combine(Infra, "main.bicep")));

    [Fact]
    public async Task Linter_sees_what_the_tests_rely_on()
    {
        string folder = Directory.CreateTempSubdirectory("perigee-lint").FullName;
        File.Copy(Path.Combine(Infra, "bicepconfig.json"), Path.Combine(folder, "bicepconfig.json"));
        string file = Path.Combine(folder, "bad.bicep");
        await File.WriteAllTextAsync(file, """
            param unused string
            resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
              name: 'st0'
              location: 'westeurope'
              kind: 'StorageV2'
              sku: { name: 'Standard_LRS' }
              properties: { allowSharedKeyAcces: false }
            }
            output key string = account.listKeys().keys[0].value
            """);
        try
        {
            List<string> found = await LintAsync(file);
            foreach (string rule in new[] { "no-unused-params", "no-hardcoded-location", "outputs-should-not-contain-secrets", "BCP089" })
                Assert.Contains(found, fault => fault.StartsWith(rule, StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public async Task Source_is_formatted(string source)
    {
        string path = Path.Combine(Repository.Root, source);
        (int exit, string output, string errors) = await Programs.RunAsync(Programs.Bicep, ["format", path, "--stdout"]);
        Assert.Equal((0, ""), (exit, errors));
        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), output.ReplaceLineEndings("\n"));
    }

    /// <summary>To take a change over: <c>bicep snapshot FILE --mode overwrite</c> with the same subscription and location, and read the diff.</summary>
    [Theory]
    [MemberData(nameof(Snapshots))]
    public async Task Predicted_resources_are_the_committed_ones(string name)
    {
        string file = Path.Combine(Snapshot.Folder, name + ".bicepparam");
        (int exit, string output, string errors) = await Programs.RunAsync(
            Programs.Bicep, ["snapshot", file, "--mode", "validate", "--subscription-id", Snapshot.Subscription, "--location", "westeurope"]);
        Assert.True(exit == 0, output + errors);
    }

    [Theory]
    [InlineData("param frontDoor = 'standard'\nparam regions = ['eastus', 'eastus2', 'westus', 'westus2', 'westus3', 'uksouth', 'ukwest', 'japaneast', 'koreacentral']",
        "at most 10 endpoints")]
    [InlineData("param zoneRedundant = true\nparam alwaysReady = 1", "alwaysReady of at least 2")]
    public async Task What_cannot_work_is_refused_before_anything_is_deployed(string parameters, string says)
    {
        (int exit, string output) = await TryAsync(parameters);
        Assert.NotEqual(0, exit);
        Assert.Contains(says, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("param settings = {\n  PERIGEE_CASHE: 'on'\n}", "PERIGEE_CASHE")]
    [InlineData("param regions = ['westeuropa']", "westeuropa")]
    [InlineData("param instanceMemoryMB = 1024", "1024")]
    [InlineData("param maximumInstanceCount = 10", "40")]
    public async Task Wrong_parameters_are_faults_of_the_compiler(string parameters, string says)
    {
        (int exit, string output) = await TryAsync(parameters);
        Assert.NotEqual(0, exit);
        Assert.Contains(says, output, StringComparison.Ordinal);
    }

    private static async Task<(int Exit, string Output)> TryAsync(string parameters)
    {
        string file = Path.Combine(Snapshot.Folder, $"try-{Guid.NewGuid():N}.bicepparam");
        await File.WriteAllTextAsync(file, $"using '../../../infra-bicep/main.bicep'\nparam environmentName = 'try'\nparam location = 'westeurope'\n{parameters}\n");
        try
        {
            (int exit, string output, string errors) = await Programs.RunAsync(
                Programs.Bicep, ["snapshot", file, "--mode", "overwrite", "--subscription-id", Snapshot.Subscription, "--location", "westeurope"]);
            string snapshot = Path.ChangeExtension(file, ".snapshot.json");
            string diagnostics = File.Exists(snapshot) ? await File.ReadAllTextAsync(snapshot) : "";
            File.Delete(snapshot);
            return (exit, output + errors + (exit == 0 ? diagnostics : ""));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<List<string>> LintAsync(string file)
    {
        (_, string output, string errors) = await Programs.RunAsync(Programs.Bicep, ["lint", file, "--diagnostics-format", "sarif"]);
        string text = output.Length > 0 ? output : errors;
        using JsonDocument sarif = JsonDocument.Parse(text);
        return [.. sarif.RootElement.GetProperty("runs").EnumerateArray().SelectMany(run => run.GetProperty("results").EnumerateArray())
            .Select(result => $"{result.GetProperty("ruleId").GetString()}: {result.GetProperty("message").GetProperty("text").GetString()}")];
    }
}

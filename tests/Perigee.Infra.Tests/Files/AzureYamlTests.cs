using System.Text.Json;
using System.Text.RegularExpressions;
using Json.Schema;
using Perigee.Testing;

namespace Perigee.Infra.Tests.Files;

/// <summary>azure.yaml and the parameters are what azd takes, and name what is there.</summary>
public sealed partial class AzureYamlTests
{
    private static readonly Lazy<JsonSchema> Schema = new(() => JsonSchema.FromText(File.ReadAllText(
        Path.Combine(Repository.Root, "tests", "Perigee.Infra.Tests", "Files", "azure.yaml.schema.json"))));

    [Fact]
    public void Keeps_to_azds_schema()
    {
        EvaluationResults results = Schema.Value.Evaluate(Yaml.Read("azure.yaml"), new EvaluationOptions { OutputFormat = OutputFormat.List });
        Assert.True(results.IsValid, string.Join('\n', (results.Details ?? []).Where(d => d.Errors is not null).Select(d => $"{d.InstanceLocation}: {string.Join(", ", d.Errors!.Values)}")));
    }

    [Theory]
    [InlineData("name: perigee\nservice: {}\n")]
    [InlineData("services: { gateway: { project: a, language: dotnet, host: function } }\n")]
    [InlineData("name: perigee\nservices: { gateway: { project: a, host: function } }\n")]
    [InlineData("name: perigee\nservices: { gateway: { project: a, language: dotnet, host: functions } }\n")]
    [InlineData("name: perigee\nhooks: { postdeploi: { shell: sh, run: a } }\n")]
    [InlineData("name: perigee\nhooks: { postdeploy: { shell: bash, run: a } }\n")]
    [InlineData("name: perigee\nhooks: { postdeploy: { shell: sh } }\n")]
    [InlineData("name: perigee\ninfra: { path: a, layers: [] }\n")]
    public void Schema_refuses(string yaml) => Assert.False(Schema.Value.Evaluate(Yaml.Parse(new StringReader(yaml))).IsValid);

    [Fact]
    public void Every_hook_is_there_in_both_languages()
    {
        JsonElement root = Yaml.Read("azure.yaml");
        int hooks = 0;
        foreach (JsonProperty hook in root.GetProperty("hooks").EnumerateObject())
        {
            foreach ((string system, string shell, string ending) in new[] { ("posix", "sh", ".sh"), ("windows", "pwsh", ".ps1") })
            {
                JsonElement one = hook.Value.GetProperty(system);
                Assert.Equal(shell, one.GetProperty("shell").GetString());
                string file = one.GetProperty("run").GetString()!;
                Assert.EndsWith($"{hook.Name}{ending}", file, StringComparison.Ordinal);
                Assert.True(File.Exists(Path.Combine(Repository.Root, file)), file);
                if (system == "posix" && !OperatingSystem.IsWindows())
                    Assert.True(File.GetUnixFileMode(Path.Combine(Repository.Root, file)).HasFlag(UnixFileMode.UserExecute), file);
                hooks++;
            }
        }

        Assert.Equal(10, hooks);
    }

    [Fact]
    public void Paths_lead_somewhere()
    {
        JsonElement root = Yaml.Read("azure.yaml");
        JsonElement infra = root.GetProperty("infra");
        Assert.True(File.Exists(Path.Combine(Repository.Root, infra.GetProperty("path").GetString()!, infra.GetProperty("module").GetString() + ".bicep")));
        JsonElement service = Assert.Single(root.GetProperty("services").EnumerateObject()).Value;
        Assert.Single(Directory.GetFiles(Path.Combine(Repository.Root, service.GetProperty("project").GetString()!), "*.csproj"));
        Assert.Contains($"'{root.GetProperty("services").EnumerateObject().Single().Name}'", File.ReadAllText(Path.Combine(Repository.Root, "infra-bicep", "main.bicep")), StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_are_those_of_the_template_with_its_defaults()
    {
        string main = File.ReadAllText(Path.Combine(Repository.Root, "infra-bicep", "main.bicep"));
        Dictionary<string, string> declared = Param().Matches(main).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        using JsonDocument file = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "infra-bicep", "main.parameters.json")));
        List<string> seen = [];
        foreach (JsonProperty parameter in file.RootElement.GetProperty("parameters").EnumerateObject())
        {
            seen.Add(parameter.Name);
            Match value = Variable().Match(parameter.Value.GetProperty("value").GetString()!);
            Assert.True(value.Success, parameter.Name);
            string fallback = declared[parameter.Name].Trim('\'');
            // azd leaves out a parameter whose variable is not set: the template's own default holds.
            if (value.Groups[2].Success)
                Assert.Equal(fallback, value.Groups[2].Value);
            else
                Assert.Contains(fallback, new[] { "", "[]", "{}" });
        }

        // Whoever deploys is asked of Azure.
        Assert.Equal(declared.Keys.Except(["principalId"]).Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Pipelines_get_every_variable_of_the_parameters()
    {
        HashSet<string> variables = [.. Variable().Matches(File.ReadAllText(Path.Combine(Repository.Root, "infra-bicep", "main.parameters.json"))).Select(m => m.Groups[1].Value)];
        variables.Remove("GATEWAY_PACKAGE_URI");
        string[] handed = [.. Yaml.Read("azure.yaml").GetProperty("pipeline").GetProperty("variables").EnumerateArray().Select(v => v.GetString()!)];
        Assert.Equal(variables.Where(v => v.StartsWith("GATEWAY_", StringComparison.Ordinal)).Order(StringComparer.Ordinal), handed.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"^param (\w+) [^\n=]+(?:= ([^\n]+))?", RegexOptions.Multiline)]
    private static partial Regex Param();

    [GeneratedRegex(@"\$\{([A-Z_]+)(?:=([^}]*))?\}")]
    private static partial Regex Variable();
}

using System.Text.Json;
using System.Text.RegularExpressions;
using Perigee.Testing;

namespace Perigee.Infra.Tests.Files;

/// <summary>Pipelines: least permissions, no secret in a file, pinned versions, and nothing deployed that was not tested.</summary>
public sealed partial class WorkflowTests
{
    public static TheoryData<string> Workflows() => ["ci", "azure-dev", "release"];

    [Theory]
    [MemberData(nameof(Workflows))]
    public void Actions_are_pinned_and_see_no_more_than_they_need(string name)
    {
        JsonElement workflow = Workflow(name);
        Assert.Equal("{\"contents\":\"read\"}", workflow.GetProperty("permissions").GetRawText());
        foreach (JsonProperty job in workflow.GetProperty("jobs").EnumerateObject())
        {
            if (job.Value.TryGetProperty("permissions", out JsonElement permissions))
            {
                string[] allowed = name == "release" ? ["contents:write", "id-token:write", "attestations:write"] : ["contents:read", "id-token:write"];
                Assert.Empty(permissions.EnumerateObject().Select(p => $"{p.Name}:{p.Value.GetString()}").Except(allowed));
            }

            Assert.True(job.Value.TryGetProperty("timeout-minutes", out _), job.Name);
            foreach (JsonElement step in job.Value.GetProperty("steps").EnumerateArray())
            {
                if (!step.TryGetProperty("uses", out JsonElement uses))
                    continue;
                Assert.Matches(@"^[\w-]+/[\w-]+@[0-9a-f]{40}$", uses.GetString());
                if (uses.GetString()!.StartsWith("actions/checkout@", StringComparison.Ordinal))
                    Assert.False(step.GetProperty("with").GetProperty("persist-credentials").GetBoolean());
            }
        }
    }

    [Theory]
    [InlineData(".github/workflows/ci.yml")]
    [InlineData(".github/workflows/azure-dev.yml")]
    [InlineData(".github/workflows/release.yml")]
    [InlineData(".azdo/pipelines/azure-dev.yml")]
    public void No_secret_stands_in_the_file_and_none_in_a_command(string file)
    {
        string text = File.ReadAllText(Path.Combine(Repository.Root, file));
        Assert.DoesNotMatch(@"(?i)(client_secret|client-secret|password|AZURE_CREDENTIALS|--admin-key)", text);
        Assert.DoesNotMatch(@"sk-[A-Za-z0-9]{8}|pk-[A-Za-z0-9]{8}|[A-Za-z0-9+/]{60,}", text);
        // A run line with ${{ }} would let a name of a branch or a secret be a command.
        foreach (Match run in RunLine().Matches(text))
            Assert.DoesNotContain("${{", run.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Deployment_signs_in_by_federation_after_tests_and_a_preview()
    {
        JsonElement jobs = Workflow("azure-dev").GetProperty("jobs");
        Assert.Equal("package", jobs.GetProperty("what-if").GetProperty("needs").GetString());
        Assert.Equal("what-if", jobs.GetProperty("deploy").GetProperty("needs").GetString());
        Assert.Equal("azure", jobs.GetProperty("deploy").GetProperty("environment").GetString());
        InOrder(jobs.GetProperty("package"), "dotnet test --project tests/Perigee.Infra.Tests", ".ci/run", "-p:FunctionsWorker=microsoft");
        InOrder(jobs.GetProperty("what-if"), "--federated-credential-provider github", "azd provision --preview");
        InOrder(jobs.GetProperty("deploy"), "--federated-credential-provider github", "azd provision --no-prompt", "azd deploy gateway --from-package", "smoke.sh");
        foreach (string job in new[] { "what-if", "deploy" })
            Assert.Equal("write", jobs.GetProperty(job).GetProperty("permissions").GetProperty("id-token").GetString());
        Assert.DoesNotContain("id-token", jobs.GetProperty("package").GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Deployment_hands_on_every_variable_that_azd_sets()
    {
        string[] variables = [.. Yaml.Read("azure.yaml").GetProperty("pipeline").GetProperty("variables").EnumerateArray().Select(v => v.GetString()!)];
        JsonElement environment = Workflow("azure-dev").GetProperty("env");
        foreach (string variable in variables)
            Assert.Equal($"${{{{ vars.{variable} }}}}", environment.GetProperty(variable).GetString());
    }

    [Fact]
    public void A_release_is_tested_and_comes_with_its_materials_and_checksums()
    {
        JsonElement job = Workflow("release").GetProperty("jobs").GetProperty("release");
        InOrder(job, ".ci/run", "-p:FunctionsWorker=microsoft", "sbom-tool generate", "sha256sum", "attest-build-provenance", "gh release create");
        Assert.Equal("[\"v*\"]", Workflow("release").GetProperty("on").GetProperty("push").GetProperty("tags").GetRawText());
    }

    [Fact]
    public void Continuous_integration_covers_tests_Microsofts_worker_and_the_template()
    {
        string ci = Workflow("ci").GetRawText();
        foreach (string command in new[] { "bash .ci/run", "dotnet build functions -c Release -p:FunctionsWorker=microsoft", "shellcheck", "tests/Perigee.Infra.Tests" })
            Assert.Contains(command, ci, StringComparison.Ordinal);
    }

    [Fact]
    public void Azure_Pipelines_do_the_same_in_the_same_order()
    {
        JsonElement root = Yaml.Read(".azdo", "pipelines", "azure-dev.yml");
        string all = root.GetRawText();
        int at = 0;
        foreach (string step in new[] { "tests/Perigee.Infra.Tests", ".ci/run", "-p:FunctionsWorker=microsoft", "azd provision --preview", "azd provision --no-prompt", "azd deploy gateway --from-package", "smoke.sh" })
        {
            int next = all.IndexOf(step, at, StringComparison.Ordinal);
            Assert.True(next >= at, step);
            at = next;
        }

        string[] stages = [.. root.GetProperty("stages").EnumerateArray().Select(s => s.GetProperty("stage").GetString()!)];
        Assert.Equal(["package", "preview", "deploy"], stages);
        Assert.Equal("preview", root.GetProperty("stages")[2].GetProperty("dependsOn").GetString());
    }

    /// <summary>Variables that are no secrets are in the environment by themselves; listed, an unset one would be its own reference.</summary>
    [Fact]
    public void Azure_Pipelines_list_no_variable_that_may_be_unset()
    {
        string text = File.ReadAllText(Path.Combine(Repository.Root, ".azdo", "pipelines", "azure-dev.yml"));
        string[] listed = [.. ListedVariable().Matches(text).Select(static match => match.Groups[1].Value)];
        Assert.Equal(["OPENAI_API_KEY"], listed);
        Assert.All(listed, name => Assert.Contains($"case \"${name}\" in '$('*) unset {name} ;; esac", text, StringComparison.Ordinal));
    }

    private static JsonElement Workflow(string name) => Yaml.Read(".github", "workflows", name + ".yml");

    private static void InOrder(JsonElement job, params string[] pieces)
    {
        string[] steps = [.. job.GetProperty("steps").EnumerateArray().Select(step => JsonSerializer.Serialize(step, Plain))];
        int at = -1;
        foreach (string piece in pieces)
        {
            int next = Array.FindIndex(steps, at + 1, step => step.Contains(piece, StringComparison.Ordinal));
            Assert.True(next > at, $"{piece} does not follow in its place.");
            at = next;
        }
    }

    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [GeneratedRegex(@"^ +\w+: \$\((\w+)\)$", RegexOptions.Multiline)]
    private static partial Regex ListedVariable();

    [GeneratedRegex(@"^\s*(- )?(run|script|inlineScript): (\|\n(?:\s{10,}[^\n]*\n)+|[^\n]*)", RegexOptions.Multiline)]
    private static partial Regex RunLine();
}

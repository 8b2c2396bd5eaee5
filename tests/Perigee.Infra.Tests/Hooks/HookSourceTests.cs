using System.Text.RegularExpressions;
using Perigee.Testing;

namespace Perigee.Infra.Tests.Hooks;

/// <summary>Both languages do the same, and shellcheck finds nothing.</summary>
public sealed partial class HookSourceTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "infra-bicep", "hooks");

    public static TheoryData<string> Hooks() => [.. Directory.GetFiles(Folder, "*.sh").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task Shellcheck_finds_nothing()
    {
        string? shellcheck = Programs.Find("shellcheck");
        Assert.SkipWhen(shellcheck is null, "shellcheck is not installed (apt-get install shellcheck).");
        (int exit, string output, string errors) = await Programs.RunAsync(shellcheck, ["--color=never", .. Directory.GetFiles(Folder, "*.sh"), "../smoke.sh"], folder: Folder);
        Assert.Equal((0, "", ""), (exit, output, errors));
    }

    [Fact]
    public async Task PowerShell_can_parse_every_hook()
    {
        string script = string.Join(";", Directory.GetFiles(Folder, "*.ps1").Select(f =>
            $"$e=$null; [void][Management.Automation.Language.Parser]::ParseFile('{f}', [ref]$null, [ref]$e); $e | ForEach-Object {{ \"{Path.GetFileName(f)}: $_\" }}"));
        (int exit, string output, _) = await Programs.RunAsync("dotnet", [Programs.PowerShell, "-NoProfile", "-Command", script]);
        Assert.Equal((0, ""), (exit, output));
    }

    [Theory]
    [MemberData(nameof(Hooks))]
    public void Both_languages_know_the_same_variables_and_paths(string hook)
    {
        string sh = File.ReadAllText(Path.Combine(Folder, hook + ".sh"));
        string ps1 = File.ReadAllText(Path.Combine(Folder, hook + ".ps1"));
        Assert.Equal(Set(Variable(), sh), Set(Variable(), ps1));
        Assert.Equal(Set(ApiVersion(), sh), Set(ApiVersion(), ps1));
        Assert.Equal(Set(Provider(), sh), Set(Provider(), ps1));
    }

    [Theory]
    [MemberData(nameof(Hooks))]
    public void Secrets_are_no_arguments(string hook)
    {
        string sh = File.ReadAllText(Path.Combine(Folder, hook + ".sh"));
        // curl would show them to everybody who lists processes.
        Assert.DoesNotMatch(@"(?i)--header ""Authorization|Bearer \$\{(?!sign_token|PERIGEE_ADMIN_KEY)|--user |-u \$", sh);
        Assert.DoesNotMatch(@"azd env set \w*(_KEY|_TOKEN|SECRET) ", sh);
    }

    [Fact]
    public void Every_variable_that_the_hooks_need_is_an_output_or_azds_own()
    {
        string main = File.ReadAllText(Path.Combine(Repository.Root, "infra-bicep", "main.bicep"));
        HashSet<string> outputs = [.. Output().Matches(main).Select(m => m.Groups[1].Value), "AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_SUBSCRIPTION_ID"];
        foreach (string file in Directory.GetFiles(Folder, "*.sh"))
        {
            IEnumerable<string> needed = Needed().Matches(File.ReadAllText(file)).Select(m => m.Groups[1].Value);
            Assert.Empty(needed.Except(outputs));
        }
    }

    private static string[] Set(Regex pattern, string text) => [.. pattern.Matches(text).Select(m => m.Groups[1].Value).Distinct().Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"\b((?:GATEWAY|AZURE|PERIGEE)_[A-Z_]+)\b")]
    private static partial Regex Variable();

    [GeneratedRegex(@"api-version=([0-9.-]+)")]
    private static partial Regex ApiVersion();

    [GeneratedRegex(@"(providers/Microsoft\.\w+/\w+)")]
    private static partial Regex Provider();

    [GeneratedRegex(@"^output (\w+) ", RegexOptions.Multiline)]
    private static partial Regex Output();

    [GeneratedRegex(@"^need ([A-Z_]+) ", RegexOptions.Multiline)]
    private static partial Regex Needed();
}

using Perigee.Testing;

namespace Perigee.Infra.Tests.Hooks;

/// <summary>Runs a hook in one of its two languages, with a fake azd before it on PATH.</summary>
internal sealed class HookRun : IDisposable
{
    public const string Subscription = "00000000-0000-0000-0000-000000000001";
    public const string Group = "rg-test";

    private static readonly string Folder = Path.Combine(Repository.Root, "infra-bicep", "hooks");

    private readonly string _temporary = Directory.CreateTempSubdirectory("perigee-hook").FullName;

    public HookRun(FakeAzure azure, params string[] regions)
    {
        string bin = Path.Combine(_temporary, "bin");
        Directory.CreateDirectory(bin);
        string azd = Path.Combine(bin, "azd");
        File.WriteAllText(azd, $$"""
            #!/bin/sh
            case "$1 $2" in
              "auth token") printf '{\n  "token": "{{FakeAzure.Token}}",\n  "expiresOn": "2030-01-01T00:00:00Z"\n}\n' ;;
              "env set") printf '%s=%s\n' "$3" "$4" >>'{{EnvironmentFile}}' ;;
              *) exit 2 ;;
            esac

            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(azd, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Package = Path.Combine(_temporary, "gateway.zip");
        File.WriteAllBytes(Package, [0x50, 0x4B, 0, 0xFF, 10, 13, 0x22, .. new byte[5000]]);
        Environment = new Dictionary<string, string>
        {
            ["PATH"] = bin + Path.PathSeparator + System.Environment.GetEnvironmentVariable("PATH"),
            ["NO_PROXY"] = "127.0.0.1",
            ["no_proxy"] = "127.0.0.1",
            ["CI"] = "true",
            ["AZURE_ENV_NAME"] = "test",
            ["AZURE_LOCATION"] = regions.Length > 0 ? regions[0] : "westeurope",
            ["AZURE_SUBSCRIPTION_ID"] = Subscription,
            ["AZURE_RESOURCE_GROUP"] = Group,
            ["AZURE_RESOURCE_MANAGER_URL"] = azure.Url + "/arm",
            ["GATEWAY_KEY_VAULT"] = "kv-test",
            ["GATEWAY_KEY_VAULT_URI"] = azure.Url + "/vault/",
            ["GATEWAY_FRONT_DOOR"] = "off",
            ["GATEWAY_PACKAGE"] = Package,
            ["GATEWAY_HOOK_PAUSE_SECONDS"] = "0",
            ["GATEWAY_POLL_SECONDS"] = "0",
            ["GATEWAY_READY_SECONDS"] = "60",
            ["GATEWAY_APPS"] = Json(regions, r => $$"""{"name":"func-{{r}}","publishUrl":"{{azure.Url}}/scm/{{r}}","region":"{{r}}"}"""),
            ["GATEWAY_ENDPOINTS"] = Json(regions, r => $$"""{"region":"{{r}}","url":"{{azure.Url}}/app/{{r}}"}"""),
        };
    }

    public Dictionary<string, string> Environment { get; }

    /// <summary>What is posted to the regions.</summary>
    public string Package { get; }

    /// <summary>What the hook told azd to keep, by name.</summary>
    public Dictionary<string, string> Kept { get; } = [];

    private string EnvironmentFile => Path.Combine(_temporary, "kept");

    public async Task<(int Exit, string Output, string Errors)> RunAsync(string language, string hook)
    {
        string file = Path.Combine(Folder, $"{hook}.{(language == "sh" ? "sh" : "ps1")}");
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The fake azd is a shell script.");
        (int exit, string output, string errors) = language == "sh"
            ? await Programs.RunAsync("sh", [file], Environment)
            : await Programs.RunAsync("dotnet", [Programs.PowerShell, "-NoProfile", "-File", file], Environment);
        await ReadKeptAsync();
        foreach (string secret in new[] { FakeAzure.Token, FakeAzure.AdminKey, FakeAzure.CallerKey })
            Assert.DoesNotContain(secret, output + errors + string.Join(' ', Kept.Values), StringComparison.Ordinal);
        return (exit, output, errors);
    }

    /// <summary>Runs a shell hook on a terminal, and somebody who answers.</summary>
    public async Task<(int Exit, string Screen)> AnswerAsync(string hook, params string[] answers)
    {
        string? script = Programs.Find("script");
        Assert.SkipWhen(script is null, "There is no program `script` to make a terminal with.");
        Environment.Remove("CI");
        (int exit, string screen, _) = await Programs.RunAsync(
            script, ["-qec", $"sh '{Path.Combine(Folder, hook + ".sh")}'", "/dev/null"], Environment, input: string.Concat(answers.Select(a => a + "\n")));
        await ReadKeptAsync();
        return (exit, screen);
    }

    public void Dispose() => Directory.Delete(_temporary, recursive: true);

    private async Task ReadKeptAsync()
    {
        if (File.Exists(EnvironmentFile))
        {
            foreach (string line in await File.ReadAllLinesAsync(EnvironmentFile))
                Kept[line.Split('=')[0]] = line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..];
        }
    }

    private static string Json(string[] regions, Func<string, string> one) => $"[{string.Join(",", regions.Select(one))}]";
}

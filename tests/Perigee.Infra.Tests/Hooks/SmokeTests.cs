using Perigee.Testing;

namespace Perigee.Infra.Tests.Hooks;

/// <summary>The pipelines' last step: every endpoint is ready, and closed to callers without a key.</summary>
public sealed class SmokeTests
{
    private static readonly string Script = Path.Combine(Repository.Root, "infra-bicep", "smoke.sh");

    [Fact]
    public async Task Endpoints_that_serve_and_are_closed_pass()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A shell script.");
        await using FakeAzure azure = await FakeAzure.StartAsync();
        azure.When("GET /app/westeurope/health", _ => new FakeAnswer(200)).When("GET /app/eastus2/health", n => new FakeAnswer(n == 1 ? 503 : 200));

        (int exit, string output, _) = await RunAsync($$"""[{"region":"westeurope","url":"{{azure.Url}}/app/westeurope"},{"url":"{{azure.Url}}/app/eastus2","region":"eastus2"}]""");

        Assert.Equal(0, exit);
        Assert.Equal(8, output.Split('\n').Count(line => line.StartsWith("ok ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_open_gateway_fails()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A shell script.");
        await using FakeAzure azure = await FakeAzure.StartAsync();
        azure.When("GET /app/", _ => new FakeAnswer(200));

        (int exit, string output, _) = await RunAsync($$"""[{"region":"westeurope","url":"{{azure.Url}}/app/westeurope"}]""");

        Assert.Equal(1, exit);
        Assert.Contains("FAILED  200", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    public async Task Nothing_to_ask_is_a_failure(string endpoints)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A shell script.");
        Assert.Equal(1, (await RunAsync(endpoints)).Exit);
    }

    private static Task<(int Exit, string Output, string Errors)> RunAsync(string endpoints) => Programs.RunAsync(
        "sh", [Script, endpoints], new Dictionary<string, string> { ["GATEWAY_HOOK_PAUSE_SECONDS"] = "0", ["GATEWAY_HOOK_TRIES"] = "3", ["NO_PROXY"] = "127.0.0.1" });
}

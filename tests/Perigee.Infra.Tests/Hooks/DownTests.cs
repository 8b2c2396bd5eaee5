namespace Perigee.Infra.Tests.Hooks;

/// <summary>A tear-down leaves nothing.</summary>
public sealed class DownTests
{
    private const string Sub = "/arm/subscriptions/" + HookRun.Subscription;
    private const string Group = Sub + "/resourceGroups/" + HookRun.Group;
    private const string Deployments = Sub + "/providers/Microsoft.Resources/deployments/";
    private const string DeletedVault = Sub + "/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-test";

    public static TheoryData<string> Languages() => ["sh", "pwsh"];

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Policies_are_taken_off_and_workspaces_deleted_for_good(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "westeurope");
        hook.Environment["GATEWAY_IMMUTABLE"] = "true";
        hook.Environment["GATEWAY_STORAGE_ACCOUNTS"] = """["st1","st2"]""";
        hook.Environment["GATEWAY_WORKSPACES"] = """["log-1","log-2"]""";
        string policies = $"{Group}/providers/Microsoft.Storage/storageAccounts/";
        azure.When($"GET {policies}st1", _ => new FakeAnswer(200, """{"etag":"\"8d59f830cb130e5\"","properties":{"state":"Unlocked"}}"""));
        azure.When($"DELETE {policies}", _ => new FakeAnswer(200));
        azure.When($"DELETE {Group}/providers/Microsoft.OperationalInsights/", n => n == 1 ? new FakeAnswer(202) : null);

        (int exit, string output, string errors) = await hook.RunAsync(language, "predown");

        Assert.Equal((0, ""), (exit, errors));
        FakeRequest taken = Assert.Single(azure.Of($"DELETE {policies}"));
        Assert.Equal("\"8d59f830cb130e5\"", taken.IfMatch);
        Assert.Contains("/storageAccounts/st1/blobServices/default/containers/logs/immutabilityPolicies/default", taken.Line, StringComparison.Ordinal);
        Assert.Contains("st1: immutability policy taken off.", output, StringComparison.Ordinal);
        Assert.All(azure.Of($"DELETE {Group}/providers/Microsoft.OperationalInsights/"), r => Assert.Contains("force=true", r.Query, StringComparison.Ordinal));
        Assert.Equal(("kv-test", HookRun.Group), (hook.Kept["GATEWAY_DOWN_VAULT"], hook.Kept["GATEWAY_DOWN_GROUP"]));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_locked_policy_stops_the_tear_down_before_anything_is_gone(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "westeurope");
        hook.Environment["GATEWAY_IMMUTABLE"] = "true";
        hook.Environment["GATEWAY_STORAGE_ACCOUNTS"] = """["st1"]""";
        azure.When($"GET {Group}/providers/Microsoft.Storage/", _ => new FakeAnswer(200, """{"etag":"\"1\"","properties":{"state":"Locked"}}"""));

        (int exit, _, string errors) = await hook.RunAsync(language, "predown");

        Assert.Equal(1, exit);
        Assert.Contains("is locked", errors, StringComparison.Ordinal);
        Assert.DoesNotContain(azure.Requests, r => r.Line.StartsWith("DELETE", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Vault_is_purged_and_only_own_records_of_deployments_go(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = Torn(azure);
        bool purged = false;
        azure.When($"GET {DeletedVault}", n => purged && n > 2 ? null : new FakeAnswer(200, "{}"));
        azure.When($"POST {DeletedVault}/purge", _ =>
        {
            purged = true;
            return new FakeAnswer(202);
        });
        string prefix = $"/subscriptions/{HookRun.Subscription}/providers/Microsoft.Resources/deployments/";
        azure.When($"GET {Deployments}", _ => new FakeAnswer(200, $$"""
            {"value":[{"id":"{{prefix}}test-1796000000","name":"test-1796000000"},{"id":"{{prefix}}test-1796000999","name":"test-1796000999"},
            {"id":"{{prefix}}test-other-1796000000"},{"id":"{{prefix}}mytest-1796000000"},{"id":"{{prefix}}test-blue"}]}
            """));
        azure.When($"DELETE {Deployments}", _ => new FakeAnswer(202));

        (int exit, string output, string errors) = await hook.RunAsync(language, "postdown");

        Assert.Equal((0, ""), (exit, errors));
        Assert.Contains("Nothing is left.", output, StringComparison.Ordinal);
        Assert.True(purged);
        Assert.Equal(["test-1796000000", "test-1796000999"], azure.Of($"DELETE {Deployments}").Select(r => r.Line.Split('/')[^1]).Order(StringComparer.Ordinal));
        Assert.Equal("", hook.Kept["GATEWAY_DOWN_VAULT"]);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task What_is_left_is_named(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = Torn(azure);
        hook.Environment["GATEWAY_DOWN_PROTECTED"] = "true";
        azure.When($"GET {DeletedVault}", _ => new FakeAnswer(200, "{}"));
        azure.When($"GET {Group}", _ => new FakeAnswer(200, "{}"));

        (int exit, _, string errors) = await hook.RunAsync(language, "postdown");

        Assert.Equal(1, exit);
        Assert.Contains($"resource group {HookRun.Group} (200)", errors, StringComparison.Ordinal);
        Assert.Contains("vault kv-test (purge protection", errors, StringComparison.Ordinal);
        Assert.Empty(azure.Of($"POST {DeletedVault}/purge"));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Where_nothing_was_provisioned_nothing_is_done(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "westeurope");
        hook.Environment.Remove("AZURE_RESOURCE_GROUP");

        Assert.Equal(0, (await hook.RunAsync(language, "predown")).Exit);
        Assert.Equal(0, (await hook.RunAsync(language, "postdown")).Exit);
        Assert.Empty(azure.Requests);
    }

    // azd has forgotten the outputs.
    private static HookRun Torn(FakeAzure azure)
    {
        HookRun hook = new(azure, "westeurope");
        foreach (string output in hook.Environment.Keys.Where(k => k.StartsWith("GATEWAY_KEY", StringComparison.Ordinal) || k is "GATEWAY_APPS" or "AZURE_RESOURCE_GROUP").ToArray())
            hook.Environment.Remove(output);
        (hook.Environment["GATEWAY_DOWN_GROUP"], hook.Environment["GATEWAY_DOWN_VAULT"]) = (HookRun.Group, "kv-test");
        return hook;
    }
}

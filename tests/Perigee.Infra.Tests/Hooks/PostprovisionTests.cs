namespace Perigee.Infra.Tests.Hooks;

/// <summary>Secrets go from the environment into the vault, and nowhere else.</summary>
public sealed class PostprovisionTests
{
    private const string Vault = "/arm/subscriptions/" + HookRun.Subscription + "/resourceGroups/" + HookRun.Group + "/providers/Microsoft.KeyVault/vaults/kv-test/secrets/";

    public static TheoryData<string> Languages() => ["sh", "pwsh"];

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task First_admin_key_is_made_and_shown_to_nobody(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "westeurope", "eastus2");

        (int exit, string output, string errors) = await hook.RunAsync(language, "postprovision");

        Assert.Equal((0, ""), (exit, errors));
        string key = azure.Secrets["PERIGEE-ADMIN-KEY"];
        Assert.Matches("^[A-Za-z0-9_-]{43}$", key);
        Assert.DoesNotContain(key, output, StringComparison.Ordinal);
        Assert.Equal(2, azure.Requests.Count(r => r.Line.EndsWith("/config/configreferences/appsettings/refresh", StringComparison.Ordinal)));

        (exit, output, _) = await hook.RunAsync(language, "postprovision");
        Assert.Equal(0, exit);
        Assert.Equal(key, azure.Secrets["PERIGEE-ADMIN-KEY"]);
        Assert.Contains("the vault has one", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Keys_come_from_the_environment_to_the_byte(string language)
    {
        const string Odd = """sk-"quoted"\back$dollar`tick%s/+= &'""";
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "westeurope");
        hook.Environment["GATEWAY_PROVIDER_KEYS"] = """["OPENAI_API_KEY","ANTHROPIC_API_KEY"]""";
        hook.Environment["OPENAI_API_KEY"] = Odd;
        hook.Environment["PERIGEE_ADMIN_KEY"] = "an-admin-key-of-my-own";
        azure.Secrets["ANTHROPIC-API-KEY"] = "there already";

        (int exit, string output, string errors) = await hook.RunAsync(language, "postprovision");

        Assert.Equal((0, ""), (exit, errors));
        Assert.Equal(Odd, azure.Secrets["OPENAI-API-KEY"]);
        Assert.Equal("there already", azure.Secrets["ANTHROPIC-API-KEY"]);
        Assert.Equal("an-admin-key-of-my-own", azure.Secrets["PERIGEE-ADMIN-KEY"]);
        Assert.DoesNotContain("quoted", output, StringComparison.Ordinal);
        Assert.DoesNotContain("an-admin-key-of-my-own", output, StringComparison.Ordinal);
        Assert.Empty(hook.Kept);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task All_missing_keys_are_named_at_once(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "westeurope");
        hook.Environment["GATEWAY_PROVIDER_KEYS"] = """["OPENAI_API_KEY","GROQ_API_KEY","ANTHROPIC_API_KEY"]""";
        hook.Environment["GROQ_API_KEY"] = "gsk";

        (int exit, _, string errors) = await hook.RunAsync(language, "postprovision");

        Assert.Equal(1, exit);
        Assert.Contains("No value for: OPENAI_API_KEY ANTHROPIC_API_KEY.", errors, StringComparison.Ordinal);
        Assert.Equal("gsk", azure.Secrets["GROQ-API-KEY"]);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_variable_that_a_pipeline_does_not_know_is_no_secret(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "westeurope");
        hook.Environment["GATEWAY_PROVIDER_KEYS"] = "OPENAI_API_KEY";
        hook.Environment["OPENAI_API_KEY"] = "$(OPENAI_API_KEY)";
        hook.Environment["PERIGEE_ADMIN_KEY"] = "$(PERIGEE_ADMIN_KEY)";

        (int exit, _, string errors) = await hook.RunAsync(language, "postprovision");

        Assert.Equal(1, exit);
        Assert.Contains("No value for: OPENAI_API_KEY.", errors, StringComparison.Ordinal);
        Assert.Equal(43, azure.Secrets["PERIGEE-ADMIN-KEY"].Length);
        Assert.Single(azure.Secrets);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_role_that_is_not_known_yet_is_waited_for(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "westeurope");
        azure.When("PUT " + Vault, n => n < 3 ? new FakeAnswer(403) : null);

        (int exit, _, string errors) = await hook.RunAsync(language, "postprovision");

        Assert.Equal((0, ""), (exit, errors));
        Assert.Equal(3, azure.Of("PUT " + Vault).Length);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_vault_that_refuses_is_said_without_the_secret(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "westeurope");
        hook.Environment["PERIGEE_ADMIN_KEY"] = "an-admin-key-of-my-own";
        azure.When("PUT " + Vault, _ => new FakeAnswer(400, """{"error":{"code":"BadParameter","message":"an-admin-key-of-my-own is bad"}}"""));

        (int exit, string output, string errors) = await hook.RunAsync(language, "postprovision");

        Assert.Equal(1, exit);
        Assert.Contains("PERIGEE_ADMIN_KEY with 400 (BadParameter)", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("an-admin-key-of-my-own", output + errors, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_short_admin_key_is_refused(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "westeurope");
        hook.Environment["PERIGEE_ADMIN_KEY"] = "short";

        (int exit, _, string errors) = await hook.RunAsync(language, "postprovision");

        Assert.Equal(1, exit);
        Assert.Contains("fewer than 16 characters", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sh", "GATEWAY_KEY_VAULT")]
    [InlineData("pwsh", "GATEWAY_KEY_VAULT")]
    [InlineData("sh", "AZURE_SUBSCRIPTION_ID")]
    [InlineData("pwsh", "AZURE_SUBSCRIPTION_ID")]
    public async Task A_missing_variable_is_named(string language, string variable)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "westeurope");
        hook.Environment.Remove(variable);

        (int exit, _, string errors) = await hook.RunAsync(language, "postprovision");

        Assert.Equal(1, exit);
        Assert.Contains($"error: {variable} is not set", errors, StringComparison.Ordinal);
    }
}

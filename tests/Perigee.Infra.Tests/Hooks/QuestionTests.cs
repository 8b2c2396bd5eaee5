namespace Perigee.Infra.Tests.Hooks;

/// <summary>The first run, with somebody in front of it.</summary>
public sealed class QuestionTests
{
    [Fact]
    public async Task Regions_and_providers_are_asked_for()
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure);
        hook.Environment.Remove("AZURE_LOCATION");
        hook.Environment["GROQ_API_KEY"] = "gsk-found";

        (int exit, string screen) = await hook.AnswerAsync("preprovision", "uksouth westeurope", "OPENAI_API_KEY");

        Assert.True(exit == 0, screen);
        Assert.Equal(("uksouth", """["uksouth","westeurope"]"""), (hook.Kept["AZURE_LOCATION"], hook.Kept["GATEWAY_REGIONS"]));
        Assert.Equal("""["GROQ_API_KEY","OPENAI_API_KEY"]""", hook.Kept["GATEWAY_PROVIDER_KEYS"]);
        Assert.Contains("Found in the environment: GROQ_API_KEY", screen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enter_takes_the_defaults()
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "swedencentral");

        (int exit, string screen) = await hook.AnswerAsync("preprovision", "", "");

        Assert.True(exit == 0, screen);
        Assert.Equal("""["swedencentral"]""", hook.Kept["GATEWAY_REGIONS"]);
        Assert.Equal("[]", hook.Kept["GATEWAY_PROVIDER_KEYS"]);
    }

    [Fact]
    public async Task What_was_named_before_is_not_asked_again()
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "westeurope");
        (hook.Environment["GATEWAY_REGIONS"], hook.Environment["GATEWAY_PROVIDER_KEYS"]) = ("""["westeurope","japaneast"]""", """["OPENAI_API_KEY"]""");

        (int exit, string screen) = await hook.AnswerAsync("preprovision");

        Assert.True(exit == 0, screen);
        Assert.DoesNotContain("?", screen, StringComparison.Ordinal);
        Assert.Equal("""["westeurope","japaneast"]""", hook.Kept["GATEWAY_REGIONS"]);
    }

    [Fact]
    public async Task Keys_are_asked_for_and_not_shown_by_the_hook()
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "westeurope");
        hook.Environment["GATEWAY_PROVIDER_KEYS"] = """["OPENAI_API_KEY","GROQ_API_KEY"]""";

        (int exit, string screen) = await hook.AnswerAsync("postprovision", "sk-typed", "");

        Assert.Equal("sk-typed", azure.Secrets["OPENAI-API-KEY"]);
        Assert.Contains("OPENAI_API_KEY (hidden; nothing to leave it out):", screen, StringComparison.Ordinal);
        Assert.Equal(1, exit);
        Assert.Contains("No value for: GROQ_API_KEY.", screen, StringComparison.Ordinal);
    }
}

namespace Perigee.Infra.Tests.Hooks;

/// <summary>Regions and names of keys, from the environment; never a value into azd's file.</summary>
public sealed class PreprovisionTests
{
    [Theory]
    [InlineData("sh", """["westeurope","eastus2"]""")]
    [InlineData("pwsh", """["westeurope","eastus2"]""")]
    [InlineData("sh", "westeurope, eastus2")]
    [InlineData("pwsh", "westeurope, eastus2")]
    [InlineData("sh", "eastus2")]
    [InlineData("pwsh", "eastus2")]
    public async Task Regions_may_be_written_as_people_write_them_and_home_is_the_first(string language, string regions)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "westeurope");
        hook.Environment["GATEWAY_REGIONS"] = regions;

        (int exit, _, string errors) = await hook.RunAsync(language, "preprovision");

        Assert.Equal((0, ""), (exit, errors));
        Assert.Equal("""["westeurope","eastus2"]""", hook.Kept["GATEWAY_REGIONS"]);
        Assert.Equal("westeurope", hook.Kept["AZURE_LOCATION"]);
        Assert.Equal("[]", hook.Kept["GATEWAY_PROVIDER_KEYS"]);
    }

    [Theory]
    [InlineData("sh")]
    [InlineData("pwsh")]
    public async Task Keys_that_are_in_the_environment_are_named_and_not_kept(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure);
        hook.Environment.Remove("AZURE_LOCATION");
        hook.Environment["GATEWAY_REGIONS"] = "japaneast";
        (hook.Environment["OPENAI_API_KEY"], hook.Environment["HF_TOKEN"]) = ("sk-secret-1", "hf-secret-2");

        (int exit, string output, string errors) = await hook.RunAsync(language, "preprovision");

        Assert.Equal((0, ""), (exit, errors));
        Assert.Equal("japaneast", hook.Kept["AZURE_LOCATION"]);
        Assert.Equal("""["OPENAI_API_KEY","HF_TOKEN"]""", hook.Kept["GATEWAY_PROVIDER_KEYS"]);
        Assert.DoesNotContain("secret", output + string.Join(' ', hook.Kept.Values), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sh", "GATEWAY_REGIONS", "westeuropa", "which is no region with Flex Consumption. Known: australiaeast")]
    [InlineData("pwsh", "GATEWAY_REGIONS", "westeuropa", "which is no region with Flex Consumption. Known: australiaeast")]
    [InlineData("sh", "GATEWAY_PROVIDER_KEYS", "sk-12345", "which is no variable's name")]
    [InlineData("pwsh", "GATEWAY_PROVIDER_KEYS", "sk-12345", "which is no variable's name")]
    public async Task What_is_wrong_is_named_and_nothing_is_kept(string language, string variable, string value, string says)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, "westeurope");
        hook.Environment[variable] = value;

        (int exit, _, string errors) = await hook.RunAsync(language, "preprovision");

        Assert.Equal(1, exit);
        Assert.Contains($"{variable} names '{value}', {says}", errors, StringComparison.Ordinal);
        Assert.Empty(hook.Kept);
    }

    [Theory]
    [InlineData("sh")]
    [InlineData("pwsh")]
    public async Task Without_a_region_and_nobody_to_ask_it_says_how_to_name_one(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure);
        hook.Environment.Remove("AZURE_LOCATION");

        (int exit, _, string errors) = await hook.RunAsync(language, "preprovision");

        Assert.Equal(1, exit);
        Assert.Contains("AZURE_LOCATION is not set", errors, StringComparison.Ordinal);
        Assert.Contains("azd env set GATEWAY_REGIONS '[\"westeurope\",\"eastus2\"]'", errors, StringComparison.Ordinal);
    }
}

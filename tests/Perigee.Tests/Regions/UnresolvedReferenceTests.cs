using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Callers;

namespace Perigee.Tests.Regions;

/// <summary>A reference to a vault that the platform did not resolve opens nothing and goes to nobody.</summary>
public sealed class UnresolvedReferenceTests
{
    private const string Reference = "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/PERIGEE-ADMIN-KEY)";

    [Theory]
    [InlineData(Reference)]
    [InlineData("  @microsoft.keyvault(VaultName=kv;SecretName=x)")]
    public void It_is_no_admin_key_and_does_not_open_the_gateway(string value)
    {
        CallerPolicy policy = new(Settings(("PERIGEE_ADMIN_KEY", value)), new GatewayHost { Mode = "functions" });
        Assert.False(policy.HasAdminKey);
        Assert.False(policy.IsOpen);
        Assert.False(policy.IsAdminKey(value));
    }

    [Fact]
    public void It_turns_no_provider_on()
    {
        ServiceCollection services = new();
        services.AddLogging();
        services.AddSingleton(new GatewayHost { Mode = "functions" });
        services.AddPerigee(Settings(("OPENAI_API_KEY", Reference), ("GROQ_API_KEY", "gsk_real")));
        using ServiceProvider provider = services.BuildServiceProvider();
        GatewayOptions options = provider.GetRequiredService<IGatewayOptions>().Current;
        Assert.False(options.Providers.ContainsKey("openai"));
        Assert.True(options.Providers.ContainsKey("groq"));
    }

    private static IConfiguration Settings(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(static one => new KeyValuePair<string, string?>(one.Name, one.Value))).Build();
}

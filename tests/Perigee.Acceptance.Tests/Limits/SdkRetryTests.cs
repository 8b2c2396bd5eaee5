using System.Text.Json;
using Perigee.Acceptance.Tests.Running;
using Perigee.Acceptance.Tests.Sdk;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Limits;

/// <summary>An SDK that hits a key's limit waits as long as the gateway says and then goes through.</summary>
public sealed class SdkRetryTests(Rig rig)
{
    [Fact]
    public async Task The_npm_sdk_retries_by_itself_after_a_limit_of_the_key()
    {
        // Both hosts at once: each has to sit out the rest of the same minute.
        await Task.WhenAll(RunAsync(HostKind.Local), RunAsync(HostKind.Isolated));
    }

    private async Task RunAsync(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        string key = await gateway.NewKeyAsync(requestsPerMinute: 2);
        await Minute.WithAtLeastAsync(gateway, 10);
        JsonElement seen = await NodeClient.RunAsync("limited", gateway, key, new { model = "demo/echo", prompt = Prompts.New("Hello"), limit = 2 });
        JsonElement refused = seen.GetProperty("refused");
        Assert.Equal("RateLimitError", refused.GetProperty("type").GetString());
        Assert.Equal("rate_limit_exceeded", refused.GetProperty("code").GetString());
        Assert.Contains("2 requests a minute", refused.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("Hello", seen.GetProperty("text").GetString(), StringComparison.Ordinal);
        // By itself the SDK would have come back after half a second, and been refused until its retries were used up.
        Assert.InRange(seen.GetProperty("waited").GetInt32(), 1000, 70_000);
    }
}

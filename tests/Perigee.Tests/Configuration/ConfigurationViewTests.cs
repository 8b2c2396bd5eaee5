using System.Text.Json;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Configuration;

/// <summary>What <c>/manage/v1/config</c> shows of the places that things are sent to.</summary>
public sealed class ConfigurationViewTests
{
    private static readonly JsonSerializerOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Fact]
    public async Task Telemetry_content_and_webhooks_are_shown_without_secrets()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync("""
            {"content": "on", "telemetry": {"otlp": {"endpoint": "http://127.0.0.1:1/otlp/canary-path?key=canary-query", "protocol": "http/protobuf", "logs": false}, "sampleRatio": 0.5, "azureMonitor": false},
             "webhooks": [{"url": "https://hooks.example.com/services/canary-path/x?token=canary-query", "secretVariable": "HOOK_SECRET", "events": ["breaker.opened", "key.expiring"], "expiringDays": [3, 14]},
                          {"url": "https://hooks.example.com/a-canary-path-that-is-long", "secretVariable": "HOOK_SECRET"}]}
            """, ("HOOK_SECRET", Secret));
        string text = await rig.Http.GetStringAsync("/manage/v1/config", TestContext.Current.CancellationToken);
        JsonElement shown = JsonDocument.Parse(text).RootElement;

        Assert.Equal("on", shown.GetProperty("content").GetString());
        Assert.Equal(
            """{"traceContext":true,"sampleRatio":0.5,"otlp":{"endpoint":"http://127.0.0.1:1/otlp/...","protocol":"http/protobuf","traces":true,"metrics":true,"logs":false},"azureMonitor":false,"azureMonitorIdentity":false,"prometheus":false}""",
            Compact(shown.GetProperty("telemetry")));
        Assert.Equal(
            """[{"url":"https://hooks.example.com/services/...","events":["key.expiring","breaker.opened"],"expiringDays":[14,3],"network":"public"},{"url":"https://hooks.example.com/...","events":["budget.threshold","key.expiring","breaker.opened","breaker.closed","storage.down","storage.up","logs.dropped"],"expiringDays":[7,1],"network":"public"}]""",
            Compact(shown.GetProperty("webhooks")));
        Assert.DoesNotContain("canary", text, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret[6..], text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_configured_is_shown_as_it_is()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync("{}");
        JsonElement shown = JsonDocument.Parse(await rig.Http.GetStringAsync("/manage/v1/config", TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal("off", shown.GetProperty("content").GetString());
        Assert.Equal(JsonValueKind.Null, shown.GetProperty("telemetry").GetProperty("otlp").ValueKind);
        Assert.Equal(0, shown.GetProperty("webhooks").GetArrayLength());
    }

    [Theory]
    [InlineData("https://user:word@h.example:8443/a/b/c?d=e#f", "https://h.example:8443/a/...")]
    [InlineData("https://h.example", "https://h.example/")]
    [InlineData("https://h.example/v1", "https://h.example/v1")]
    public void Of_an_address_no_user_no_query_and_one_segment_are_shown(string address, string shown) => Assert.Equal(shown, ConfigurationView.Shown(new Uri(address)));

    private static string Compact(JsonElement element) => JsonSerializer.Serialize(element, Options);
}

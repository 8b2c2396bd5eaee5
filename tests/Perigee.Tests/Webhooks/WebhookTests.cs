using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Perigee.Tests.Configuration;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Webhooks;

public sealed class WebhookTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Fact]
    public async Task A_breaker_that_opens_is_told_signed_and_again_until_it_is_taken()
    {
        await using FaultyUpstream receiver = await FaultyUpstream.StartAsync();
        ConcurrentQueue<(string Id, string Time, string Signature, string Body)> got = Listen(receiver, refuse: 1);
        await using Scene scene = await SceneAsync(receiver, "", "");
        scene.Fails("a", 500);
        for (int i = 0; i < 5; i++)
            Assert.Equal(500, (await scene.AskAsync("a/secret-model")).Status);

        await UntilAsync(() => got.Count >= 2);
        (string id, string time, string signature, string body) = got.First();
        Assert.All(got, one => Assert.Equal((id, body), (one.Id, one.Body)));
        Assert.StartsWith("msg_", id, StringComparison.Ordinal);
        byte[] key = Convert.FromBase64String(Secret["whsec_".Length..]);
        Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{id}.{time}.{body}"))), signature);
        Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(time, System.Globalization.CultureInfo.InvariantCulture), 0, 60);
        JsonElement message = JsonDocument.Parse(body).RootElement;
        Assert.Equal(("breaker.opened", "a", "500"), (message.GetProperty("type").GetString(), message.GetProperty("data").GetProperty("provider").GetString(), message.GetProperty("data").GetProperty("why").GetString()));
        Assert.DoesNotContain("secret-model", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_budget_tells_each_threshold_once()
    {
        await using FaultyUpstream receiver = await FaultyUpstream.StartAsync();
        ConcurrentQueue<(string Id, string Time, string Signature, string Body)> got = Listen(receiver, refuse: 0);
        await using Scene scene = await SceneAsync(receiver, """ "events": ["budget.threshold"], """,
            """ , "models": {"a/m": {"price": {"input": 100000, "output": 100000}}}, "limits": {"rules": [{"meter": "money", "amount": 1.7, "per": "month"}]} """);
        scene.Works("a");

        // Each answer has 3 + 4 tokens and so costs 0.7 dollars.
        for (int i = 0; i < 6; i++)
            await scene.PostAsync("/v1/chat/completions", Tongue.OpenAi.Question("a/m", false, "\"max_tokens\":4,"));

        await UntilAsync(() => got.Any(static one => one.Body.Contains("\"percent\":100", StringComparison.Ordinal)));
        int[] told = [.. got.Select(static one => JsonDocument.Parse(one.Body).RootElement.GetProperty("data").GetProperty("percent").GetInt32()).Order()];
        Assert.Equal(told.Distinct(), told);
        Assert.All(told, static percent => Assert.Contains(percent, (int[])[50, 80, 95, 100]));
        Assert.Equal(100, told[^1]);
        JsonElement data = JsonDocument.Parse(got.First().Body).RootElement.GetProperty("data");
        Assert.Equal(("gateway", 1.7m), (data.GetProperty("owner").GetString(), data.GetProperty("amount").GetDecimal()));
    }

    [Fact]
    public async Task An_address_of_this_machine_is_not_dialled_unless_the_operator_says_so()
    {
        await using FaultyUpstream receiver = await FaultyUpstream.StartAsync();
        ConcurrentQueue<(string Id, string Time, string Signature, string Body)> got = Listen(receiver, refuse: 0);
        await using Scene scene = await SceneAsync(receiver, "", "", network: "private");
        scene.Fails("a", 500);
        for (int i = 0; i < 5; i++)
            await scene.AskAsync("a/m");
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.Empty(got);
        Assert.Equal(0, receiver.Calls("hook"));
    }

    [Theory]
    [InlineData("""{"url":"http://example.com","secretVariable":"GOOD"}""", "webhooks[0].url")]
    [InlineData("""{"url":"https://u:p@example.com","secretVariable":"GOOD"}""", "webhooks[0].url")]
    [InlineData("""{"url":"https://example.com"}""", "webhooks[0].secretVariable")]
    [InlineData("""{"url":"https://example.com","secretVariable":"NONE"}""", "webhooks[0].secretVariable")]
    [InlineData("""{"url":"https://example.com","secretVariable":"SHORT"}""", "webhooks[0].secretVariable")]
    [InlineData("""{"url":"https://example.com","secretVariable":"GOOD","events":["weather"]}""", "webhooks[0].events")]
    public void What_cannot_be_used_is_said_with_its_place(string hook, string path) =>
        Assert.StartsWith(path + ":", Assert.Single(Settings.Faults($$"""{"webhooks":[{{hook}}]}""", ("GOOD", Secret), ("SHORT", "whsec_AAAA"))), StringComparison.Ordinal);

    [Fact]
    public void A_secret_is_in_no_fault()
    {
        string faults = string.Join('\n', Settings.Faults("""{"webhooks":[{"url":"ftp://example.com","secretVariable":"BAD"}]}""", ("BAD", "canary-secret")));
        Assert.DoesNotContain("canary", faults, StringComparison.Ordinal);
    }

    private static Task<Scene> SceneAsync(FaultyUpstream receiver, string members, string more, string network = "loopback") => Scene.StartAsync("a", "", $$"""
        "retries": {"max": 0}, "webhooks": [{ {{members}} "url": "{{receiver.Url}}/hook/here", "secretVariable": "HOOK_SECRET", "network": "{{network}}" }]{{more}}
        """, ("HOOK_SECRET", Secret));

    private static ConcurrentQueue<(string Id, string Time, string Signature, string Body)> Listen(FaultyUpstream receiver, int refuse)
    {
        ConcurrentQueue<(string, string, string, string)> got = new();
        receiver.On("hook", async http =>
        {
            using StreamReader reader = new(http.Request.Body);
            got.Enqueue((http.Request.Headers["webhook-id"].ToString(), http.Request.Headers["webhook-timestamp"].ToString(), http.Request.Headers["webhook-signature"].ToString(), await reader.ReadToEndAsync()));
            http.Response.StatusCode = got.Count <= refuse ? 503 : 204;
        });
        return got;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (int i = 0; i < 1000 && !condition(); i++)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.True(condition());
    }
}

using System.Net;
using System.Text.Json;
using Perigee.Acceptance.Tests.Refusals;
using Perigee.Acceptance.Tests.Running;
using Perigee.Acceptance.Tests.Sdk;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Cache;

/// <summary>The same question again is answered without the provider; another caller's never is.</summary>
public sealed class CacheTests(Rig rig)
{
    private const string Model = "openai/gpt-4o-mini";

    [Theory, BothHosts(false), BothHosts(true)]
    public async Task The_same_question_again_is_a_hit_byte_for_byte(HostKind kind, bool stream)
    {
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        string prompt = Prompts.New("Say hello");
        Answer first = await AskAsync(client, prompt, "miss", stream: stream);
        Answer second = await AskAsync(client, prompt, "hit", stream: stream);
        Assert.Equal(first.Body, second.Body);
        Assert.Equal(first.Response.Content.Headers.ContentType, second.Response.Content.Headers.ContentType);
        Assert.NotEqual(first.Response.Headers.GetValues("x-request-id"), second.Response.Headers.GetValues("x-request-id"));
        await AskAsync(client, prompt, "hit", stream: !stream);
        Assert.Single(await (await rig.AimockAsync()).SeenAsync(prompt));
    }

    [Theory, BothHosts]
    public async Task An_sdk_reads_a_replayed_stream(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        string key = await gateway.NewKeyAsync();
        object question = new { model = Model, prompt = Prompts.New("Say hello"), usage = true };
        JsonElement first = await NodeClient.RunAsync("stream", gateway, key, question);
        JsonElement second = await NodeClient.RunAsync("stream", gateway, key, question);
        Assert.Equal("miss", first.GetProperty("cache").GetString());
        Assert.Equal("hit", second.GetProperty("cache").GetString());
        Assert.Equal(first.GetProperty("text").GetString(), second.GetProperty("text").GetString());
        Assert.Equal(first.GetProperty("usage").GetRawText(), second.GetProperty("usage").GetRawText());
    }

    [Theory, BothHosts]
    public async Task Tenants_never_share(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        string prompt = Prompts.New("Say hello");
        string tenant = "t-" + Guid.NewGuid().ToString("N");
        using HttpClient one = await gateway.NewClientAsync();
        using HttpClient other = await gateway.NewClientAsync();
        using HttpClient team = await gateway.NewClientAsync(tenant: tenant);
        using HttpClient sameTeam = await gateway.NewClientAsync(tenant: tenant);
        await AskAsync(one, prompt, "miss");
        await AskAsync(other, prompt, "miss");
        await AskAsync(team, prompt, "miss");
        await AskAsync(sameTeam, prompt, "hit");
    }

    [Theory, BothHosts]
    public async Task A_caller_says_off_refresh_or_only(HostKind kind)
    {
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        string prompt = Prompts.New("Say hello");
        Answer none = await AskAsync(client, prompt, "miss", wish: "only", HttpStatusCode.NotFound);
        none.IsRefusal(HttpStatusCode.NotFound);
        await AskAsync(client, prompt, "bypass", wish: "off");
        await AskAsync(client, prompt, "miss");
        Answer kept = await AskAsync(client, prompt, "hit", wish: "only");
        Answer fresh = await AskAsync(client, prompt, "refresh", wish: "refresh");
        Assert.NotEqual(kept.Body, fresh.Body);
        Assert.Equal(fresh.Body, (await AskAsync(client, prompt, "hit")).Body);
        Assert.Equal(3, (await (await rig.AimockAsync()).SeenAsync(prompt)).Count);
        await AskAsync(client, prompt, null, wish: "perhaps", HttpStatusCode.BadRequest);
    }

    [Theory, BothHosts]
    public async Task A_cut_stream_and_an_error_are_not_kept(HostKind kind)
    {
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        string cut = (await rig.OwnAsync()).On(async (http, _) =>
        {
            Say.Stream(http);
            await Say.PieceAsync(http, "Half");
        });
        string faulty = (await rig.OwnAsync()).On((http, _) => Say.JsonAsync(http, 500, """{"error":{"message":"No.","type":"server_error"}}"""));
        foreach ((string model, bool stream) in ((string, bool)[])[(cut, true), (faulty, false)])
        {
            for (int i = 0; i < 2; i++)
            {
                Answer answer = await Answer.ChatAsync(client, model, stream: stream);
                Assert.Equal("miss", Assert.Single(answer.Response.Headers.GetValues("x-perigee-cache")));
            }
        }
    }

    [Theory]
    [InlineData(HostKind.Local, false)]
    [InlineData(HostKind.Isolated, false)]
    [InlineData(HostKind.Local, true)]
    [InlineData(HostKind.Isolated, true)]
    public async Task A_hit_survives_a_restart_and_is_shared_by_two_processes(HostKind kind, bool azurite)
    {
        await using Shared storage = await Shared.MakeAsync(rig, azurite);
        string prompt = Prompts.New("Say hello");
        string key;
        await using (Gateway first = await storage.StartAsync(kind))
        {
            key = await first.NewKeyAsync();
            using HttpClient client = first.Client(key);
            await AskAsync(client, prompt, "miss");
            // What waits to be written is written when it stops.
            AppStop stop = await first.App.StopAsync();
            Assert.False(stop.Killed, first.App.Output);
        }

        await using Gateway second = await storage.StartAsync(kind);
        await using Gateway third = await storage.StartAsync(kind);
        using HttpClient ofSecond = second.Client(key);
        using HttpClient ofThird = third.Client(key);
        await AskAsync(ofSecond, prompt, "hit");
        await AskAsync(ofThird, prompt, "hit");

        // And what one process keeps, the other finds: written behind the answer, so a moment later.
        string another = Prompts.New("Say hello");
        await AskAsync(ofSecond, another, "miss");
        await Patience.UntilAsync(
            async () => (await AskAsync(ofThird, another, null, "only", null)).Status == HttpStatusCode.OK, "the other process finds the answer");
        Assert.Single(await (await rig.AimockAsync()).SeenAsync(another));
    }

    private static async Task<Answer> AskAsync(
        HttpClient client, string prompt, string? outcome, string? wish = null, HttpStatusCode? status = HttpStatusCode.OK, bool stream = false)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(
                JsonSerializer.Serialize(new { model = Model, stream, messages = new[] { new { role = "user", content = prompt } } }), null, "application/json"),
        };
        if (wish is not null)
            request.Headers.Add("x-perigee-cache", wish);
        Answer answer = await Answer.SendAsync(client, request);
        Assert.True(status is null || answer.Status == status, answer.Body);
        if (outcome is not null)
            Assert.Equal(outcome, Assert.Single(answer.Response.Headers.GetValues("x-perigee-cache")));
        return answer;
    }
}

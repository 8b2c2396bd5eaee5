using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Perigee.Acceptance.Tests.Running;
using Perigee.Acceptance.Tests.Streams;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Refusals;

/// <summary>What a client is told when the provider fails: the truth, in its own dialect, with the status that it deserves.</summary>
public sealed class ProviderFaultTests(Rig rig)
{
    private static readonly string[] s_inward =
        ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "192.0.2.0/24", "::1/128", "fc00::/7", "fe80::/10"];

    [Theory, BothHosts]
    public async Task A_stream_that_is_cut_after_content_is_an_error_to_the_sdk(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        string model = (await rig.OwnAsync()).On(async (http, _) =>
        {
            Say.Stream(http);
            await Say.PieceAsync(http, "Half of ");
            // A clean end of the response, without [DONE].
        });
        JsonElement seen = await NodeClient.RunAsync("failsInStream", gateway, await gateway.NewKeyAsync(), new { model, prompt = "Hello" });
        Assert.Equal("Half of ", seen.GetProperty("text").GetString());
        Assert.Contains("before it was complete", seen.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory, BothHosts]
    public async Task A_connection_that_breaks_in_mid_stream_is_an_error_event(HostKind kind)
    {
        TaskCompletionSource seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        string model = (await rig.OwnAsync()).On(async (http, _) =>
        {
            Say.Stream(http);
            await Say.PieceAsync(http, "Half of ");
            // A reset overtakes bytes that the gateway has not read yet.
            await seen.Task;
            http.Abort();
        });
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        await using ChatStream stream = await ChatStream.OpenAsync(client, model);
        Assert.Contains("Half of ", await stream.NextAsync(), StringComparison.Ordinal);
        seen.SetResult();
        Assert.StartsWith("data: {\"error\":", await stream.NextAsync(), StringComparison.Ordinal);
        // The closing mark follows the error: some clients read up to it whatever comes.
        Assert.Equal("data: [DONE]", await stream.NextAsync());
        Assert.Null(await stream.NextAsync());
    }

    [Theory, BothHosts(false), BothHosts(true)]
    public async Task An_error_of_the_provider_keeps_its_status_and_words(HostKind kind, bool stream)
    {
        string model = (await rig.OwnAsync()).On((http, _) => Say.JsonAsync(http, 422,
            $$$"""{"error":{"message":"No such voice. Your key {{{Gateway.Canary}}}-own is fine.","type":"invalid_request_error","param":"voice","code":"bad_voice"}}"""));
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        Answer answer = (await Answer.ChatAsync(client, model, stream: stream)).IsRefusal((HttpStatusCode)422);
        Assert.StartsWith("No such voice.", answer.Message, StringComparison.Ordinal);
        Assert.Equal("bad_voice", answer.Error.GetProperty("code").GetString());
    }

    [Theory, BothHosts]
    public async Task An_error_before_the_first_content_of_a_stream_keeps_a_real_status(HostKind kind)
    {
        string model = (await rig.OwnAsync()).On(async (http, _) =>
        {
            Say.Stream(http);
            await Say.EventAsync(http, """{"error":{"message":"Overloaded.","type":"server_error","code":503}}""");
        });
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        Answer answer = await Answer.ChatAsync(client, model, stream: true);
        Assert.True((int)answer.Status >= 500, answer.Body);
        answer.IsRefusal(answer.Status);
        Assert.Contains("Overloaded.", answer.Message, StringComparison.Ordinal);
    }

    [Theory]
    [BothHosts("""{"error":{"message":"Quota used up.","type":"insufficient_quota","code":429}}""")]
    [BothHosts("""{"id":"x","object":"chat.completion","choices":null}""")]
    public async Task A_200_with_an_error_in_it_is_an_error(HostKind kind, string body)
    {
        string model = (await rig.OwnAsync()).On((http, _) => Say.JsonAsync(http, 200, body));
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        Answer answer = await Answer.ChatAsync(client, model);
        Assert.True((int)answer.Status >= 400, answer.Body);
        answer.IsRefusal(answer.Status);
    }

    [Theory, BothHosts(false), BothHosts(true)]
    public async Task A_silent_provider_is_504(HostKind kind, bool stream)
    {
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        string model = (await rig.OwnAsync()).On(async (http, _) =>
        {
            http.RequestAborted.Register(cancelled.SetResult);
            await cancelled.Task;
        });
        using HttpClient client = await (await rig.GatewayAsync(kind, Profile.Tight)).NewClientAsync();
        Answer answer = (await Answer.ChatAsync(client, model, stream: stream)).IsRefusal(HttpStatusCode.GatewayTimeout);
        Assert.Contains("silent for 1 s", answer.Message, StringComparison.Ordinal);
        await cancelled.Task.WithinAsync("the call to the provider is cancelled");
    }

    [Theory, BothHosts]
    public async Task A_provider_that_falls_silent_in_mid_stream_ends_in_an_error_event(HostKind kind)
    {
        string model = (await rig.OwnAsync()).On(async (http, _) =>
        {
            Say.Stream(http);
            await Say.PieceAsync(http, "And then");
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        using HttpClient client = await (await rig.GatewayAsync(kind, Profile.Tight)).NewClientAsync();
        Answer answer = await Answer.ChatAsync(client, model, stream: true);
        Assert.Contains("And then", answer.Body, StringComparison.Ordinal);
        Assert.Contains("silent for 1 s", answer.Body, StringComparison.Ordinal);
    }

    [Theory, BothHosts]
    public async Task A_provider_that_nobody_listens_at_is_502(HostKind kind)
    {
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        Answer answer = (await Answer.ChatAsync(client, "nobody/any")).IsRefusal(HttpStatusCode.BadGateway);
        Assert.Contains("'nobody' could not be reached", answer.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", answer.Message, StringComparison.Ordinal);
    }

    [Theory, BothHosts]
    public async Task A_public_provider_whose_name_leads_inward_is_502(HostKind kind)
    {
        Assert.SkipUnless(await OwnNameLeadsInwardAsync(), "This machine's own name resolves to a public address, or to none.");
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        Answer answer = (await Answer.ChatAsync(client, "inward/any")).IsRefusal(HttpStatusCode.BadGateway);
        Assert.Contains("outside its network 'public'", answer.Message, StringComparison.Ordinal);
        Assert.Contains("providers.inward.baseUrl", answer.Message, StringComparison.Ordinal);
    }

    [Theory, BothHosts]
    public async Task A_redirect_is_not_followed(HostKind kind)
    {
        string model = (await rig.OwnAsync()).On((http, _) =>
        {
            http.Response.Redirect("http://169.254.169.254/latest/meta-data");
            return Task.CompletedTask;
        });
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        Answer answer = (await Answer.ChatAsync(client, model)).IsRefusal(HttpStatusCode.BadGateway);
        Assert.DoesNotContain("169.254", answer.Message, StringComparison.Ordinal);
    }

    private static async Task<bool> OwnNameLeadsInwardAsync()
    {
        IPNetwork[] inward = [.. s_inward.Select(IPNetwork.Parse)];
        try
        {
            return (await Dns.GetHostAddressesAsync(Dns.GetHostName())).All(address => inward.Any(network => network.Contains(address)));
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Streams;

/// <summary>A stream reaches the client piece by piece. The upstream waits for the test in between: there is no clock in it.</summary>
public sealed class FirstByteTests(Rig rig)
{
    [Theory, BothHosts]
    public async Task Each_piece_arrives_before_the_next_one_is_made(HostKind kind)
    {
        SemaphoreSlim next = new(0);
        string model = (await rig.OwnAsync()).On(async (http, _) =>
        {
            Say.Stream(http);
            for (int i = 1; i <= 5; i++)
            {
                await Say.PieceAsync(http, $"piece {i}");
                await next.WaitAsync(http.RequestAborted);
            }

            await Say.EndAsync(http);
        });
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        await using ChatStream stream = await ChatStream.OpenAsync(client, model);
        for (int i = 1; i <= 5; i++)
        {
            string? line = await stream.NextAsync();
            Assert.Contains($"piece {i}", line, StringComparison.Ordinal);
            next.Release();
        }

        Assert.Contains("\"stop\"", await stream.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("data: [DONE]", await stream.NextAsync());
        Assert.Null(await stream.NextAsync());
    }

    [Theory, BothHosts]
    public async Task The_bytes_of_a_stream_are_the_providers_own(HostKind kind)
    {
        // Comments, odd spacing, unknown fields, big numbers, escapes: nothing is parsed and written anew.
        const string Raw = ": comment\r\n\r\ndata:{\"id\":\"a\",\"n\":12345678901234567890.10,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\u00e4 \\ud83d\\ude00\"}}],\"x\" : {}}\r\n\r\n"
            + "id: 7\nevent: message\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
        string model = (await rig.OwnAsync()).On(async (http, _) =>
        {
            Say.Stream(http);
            await http.Response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(Raw), http.RequestAborted);
        });
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        Refusals.Answer answer = await Refusals.Answer.ChatAsync(client, model, stream: true);
        Assert.Equal(Raw, answer.Body);
        Assert.Equal("text/event-stream", answer.Response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("no-cache", answer.Response.Headers.CacheControl!.ToString());
    }

    [Theory, BothHosts]
    public async Task The_bytes_of_a_question_are_the_clients_own_but_for_the_model(HostKind kind)
    {
        string? seen = null;
        OwnUpstream own = await rig.OwnAsync();
        string model = own.On(async (http, question) =>
        {
            seen = question.GetRawText();
            await Say.AnswerAsync(http, "ok");
        });
        string name = model["own/".Length..];
        const string Rest = "\"seed\": 12345678901234567890, \"x_unknown\":{\"b\":1,\"a\":[1.0,1e3]},\n \"messages\":[{\"role\":\"user\",\"content\":\"\\u00e4\"}]}";
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        Refusals.Answer answer = await Refusals.Answer.SendAsync(client, HttpMethod.Post, "/v1/chat/completions", $$"""{ "model" : "{{model}}", {{Rest}}""");
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.Status);
        Assert.Equal($$"""{ "model" : "{{name}}", {{Rest}}""", seen);
    }
}

using System.Net;
using Perigee.Acceptance.Tests.Refusals;
using Perigee.Acceptance.Tests.Running;
using Perigee.Acceptance.Tests.Sdk;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Dialects;

/// <summary>The exact cache for questions in Anthropic's and Gemini's dialect, wherever they are answered.</summary>
public sealed class DialectCacheTests(Rig rig)
{
    [Theory]
    [BothHosts(Vendors.Anthropic, Vendors.Anthropic), BothHosts(Vendors.Anthropic, Vendors.OpenAi), BothHosts(Vendors.Anthropic, Vendors.Google)]
    [BothHosts(Vendors.Google, Vendors.Google), BothHosts(Vendors.Google, Vendors.OpenAi), BothHosts(Vendors.OpenAi, Vendors.Anthropic)]
    public async Task The_same_question_again_is_a_hit_byte_for_byte(HostKind kind, string client, string provider)
    {
        int calls = 0;
        string model = Vendors.Own(provider, (await rig.OwnAsync()).Add((http, body) =>
        {
            Interlocked.Increment(ref calls);
            return Recorded.SendAsync(http, body, Recorded.Picture(provider));
        }));
        using HttpClient http = await (await rig.GatewayAsync(kind)).NewClientAsync();
        string prompt = Prompts.New("Hello");
        foreach (bool stream in (bool[])[false, true])
        {
            // What was kept whole is given as a stream, too.
            Answer first = await AskAsync(stream ? "hit" : "miss", stream);
            Answer second = await AskAsync("hit", stream);
            Assert.Equal(first.Body, second.Body);
            Assert.Equal(first.Response.Content.Headers.ContentType, second.Response.Content.Headers.ContentType);
            if (client == Vendors.Anthropic)
                Assert.Equal(second.Response.Headers.GetValues("x-request-id"), second.Response.Headers.GetValues("request-id"));
        }

        Assert.Equal(1, calls);
        if (client == Vendors.Anthropic)
        {
            await AskAsync("miss", false, ("anthropic-beta", "context-1m-2025-08-07"));
            await AskAsync("hit", false, ("anthropic-beta", "context-1m-2025-08-07"));
        }

        if (client == Vendors.Google)
        {
            Answer array = await PostArrayAsync("hit");
            Assert.StartsWith("[", array.Body, StringComparison.Ordinal);
            Assert.Equal(array.Body, (await PostArrayAsync("hit")).Body);
            await AskAsync("hit", true);
        }

        async Task<Answer> AskAsync(string outcome, bool stream, params (string, string)[] headers) =>
            Check(outcome, await Vendors.AskAsync(http, client, model, "", stream, prompt, headers));

        async Task<Answer> PostArrayAsync(string outcome) => Check(outcome, await Vendors.PostAsync(
            http, $"/v1beta/models/{model}:streamGenerateContent", $$"""{"contents":[{"role":"user","parts":[{"text":"{{prompt}}"}]}]}"""));
    }

    private static Answer Check(string outcome, Answer answer)
    {
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        Assert.Equal(outcome, Assert.Single(answer.Response.Headers.GetValues("x-perigee-cache")));
        return answer;
    }
}

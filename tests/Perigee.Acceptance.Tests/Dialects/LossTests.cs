using System.Net;
using Perigee.Acceptance.Tests.Refusals;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Dialects;

/// <summary>What one dialect says and another has no word for: refused by its name where the answer would be another, else dropped and named.</summary>
public sealed class LossTests(Rig rig)
{
    [Theory]
    [BothHosts(Vendors.OpenAi, Vendors.Anthropic, """,n:2""", "n")]
    [BothHosts(Vendors.OpenAi, Vendors.Anthropic, """,logprobs:true""", "logprobs")]
    [BothHosts(Vendors.OpenAi, Vendors.Anthropic, """,modalities:["text","audio"],audio:{voice:"alloy",format:"wav"}""", "audio|modalities")]
    [BothHosts(Vendors.OpenAi, Vendors.Anthropic, """,messages:[{role:"user",content:[{type:"file",file:{file_id:"file-1"}}]}]""", @"messages\[0\]\.content\[0\]")]
    [BothHosts(Vendors.OpenAi, Vendors.Google, """,messages:[{role:"user",content:[{type:"file",file:{file_id:"file-1"}}]}]""", @"messages\[0\]\.content\[0\]")]
    [BothHosts(Vendors.OpenAi, Vendors.Google, """,messages:"Hello" """, "messages")]
    [BothHosts(Vendors.Anthropic, Vendors.OpenAi, """,messages:[{role:"user",content:[{type:"image",source:{type:"file",file_id:"file_1"}}]}]""", @"messages\[0\]\.content\[0\]")]
    [BothHosts(Vendors.Anthropic, Vendors.Google, """,tools:[{type:"bash_20250124",name:"bash"}]""", @"tools")]
    [BothHosts(Vendors.Anthropic, Vendors.Google, """,mcp_servers:[{type:"url",url:"https://example.com/sse",name:"x"}]""", "mcp_servers")]
    [BothHosts(Vendors.Google, Vendors.OpenAi, """,cachedContent:"cachedContents/1" """, "cachedContent")]
    [BothHosts(Vendors.Google, Vendors.Anthropic, """,cachedContent:"cachedContents/1" """, "cachedContent")]
    [BothHosts(Vendors.Google, Vendors.Anthropic, """,generationConfig:{candidateCount:2}""", "candidateCount")]
    [BothHosts(Vendors.Google, Vendors.Anthropic, """,generationConfig:{responseModalities:["IMAGE"]}""", "responseModalities")]
    [BothHosts(Vendors.Google, Vendors.OpenAi, """,tools:[{codeExecution:{}}]""", "codeExecution|tools")]
    [BothHosts(Vendors.Google, Vendors.OpenAi, """,contents:[{role:"user",parts:[{fileData:{mimeType:"application/pdf",fileUri:"https://generativelanguage.googleapis.com/v1beta/files/1"}}]}]""", @"contents\[0\]\.parts\[0\]")]
    public async Task What_would_change_the_answer_is_a_400_that_names_the_field(HostKind kind, string client, string provider, string loose, string field)
    {
        int calls = 0;
        string model = Vendors.Own(provider, (await rig.OwnAsync()).Add((http, body) =>
        {
            Interlocked.Increment(ref calls);
            return Recorded.SendAsync(http, body, Recorded.Picture(provider));
        }));
        using HttpClient http = await (await rig.GatewayAsync(kind)).NewClientAsync();
        foreach (bool stream in (bool[])[false, true])
        {
            Answer answer = await AskAsync(http, client, model, Strict(loose), stream);
            string message = answer.IsErrorOf(client, HttpStatusCode.BadRequest);
            Assert.Matches(field, client == Vendors.OpenAi ? answer.Error.GetProperty("param").GetString()! : message);
            Assert.True(message.Length > 20, message);
        }

        Assert.Equal(0, calls);
    }

    [Theory]
    [BothHosts(Vendors.OpenAi, Vendors.Anthropic, """,seed:1,logit_bias:{"1":2},temperature:0.5""", "logit_bias,seed")]
    [BothHosts(Vendors.OpenAi, Vendors.Google, """,logit_bias:{"1":2},verbosity:"low",seed:1""", "logit_bias,verbosity")]
    [BothHosts(Vendors.Anthropic, Vendors.OpenAi, """,top_k:5,temperature:0.5""", "top_k")]
    [BothHosts(Vendors.Anthropic, Vendors.Google, """,top_k:5,service_tier:"standard_only",inference_geo:"eu" """, "inference_geo,service_tier")]
    [BothHosts(Vendors.Google, Vendors.Anthropic, """,generationConfig:{seed:1,topK:5},safetySettings:[{category:"HARM_CATEGORY_HARASSMENT",threshold:"BLOCK_NONE"}]""", "generationConfig.seed,safetySettings")]
    [BothHosts(Vendors.Google, Vendors.OpenAi, """,generationConfig:{seed:1,topK:5}""", "generationConfig.topK")]
    public async Task Hints_are_dropped_and_named_or_refused_if_so_asked(HostKind kind, string client, string provider, string loose, string dropped)
    {
        List<string> bodies = [];
        string model = Vendors.Own(provider, (await rig.OwnAsync()).Add((http, body) =>
        {
            lock (bodies)
                bodies.Add(System.Text.Encoding.UTF8.GetString(body));
            return Recorded.SendAsync(http, body, Recorded.Picture(provider));
        }));
        using HttpClient http = await (await rig.GatewayAsync(kind)).NewClientAsync();
        string more = Strict(loose);
        foreach (bool stream in (bool[])[false, true])
        {
            Answer answer = await AskAsync(http, client, model, more, stream, ("x-perigee-cache", "refresh"));
            Named(answer);
            foreach (string field in dropped.Split(','))
                Assert.DoesNotContain($"\"{field[(field.LastIndexOf('.') + 1)..]}\"", bodies[^1], StringComparison.Ordinal);
        }

        // A replay says it, too.
        Named(await AskAsync(http, client, model, more, false));
        Answer refused = await AskAsync(http, client, model, more, false, ("x-perigee-strict", "true"));
        string message = refused.IsErrorOf(client, HttpStatusCode.BadRequest);
        Assert.Contains(dropped.Split(','), field => message.Contains(field, StringComparison.Ordinal));
        Assert.Equal(2, bodies.Count);

        Answer odd = await AskAsync(http, client, model, "", false, ("x-perigee-strict", "perhaps"));
        Assert.Contains("x-perigee-strict", odd.IsErrorOf(client, HttpStatusCode.BadRequest), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(http, client, model, "", false, ("x-perigee-strict", "true"))).Status);

        void Named(Answer answer)
        {
            Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
            Assert.True(answer.Response.Headers.TryGetValues("x-perigee-dropped-params", out IEnumerable<string>? named), bodies[^1]);
            Assert.Equal(dropped, string.Join(',', string.Join(',', named).Split(',', StringSplitOptions.TrimEntries).Order(StringComparer.Ordinal)));
        }
    }

    private static Task<Answer> AskAsync(HttpClient http, string vendor, string model, string more, bool stream, params (string, string)[] headers)
    {
        // A row with messages of its own replaces those of the question: of two members of one name the gateway would refuse the body.
        string own = more.StartsWith(",\"messages\"", StringComparison.Ordinal) ? "messages" : more.StartsWith(",\"contents\"", StringComparison.Ordinal) ? "contents" : "";
        if (own.Length == 0)
            return Vendors.AskAsync(http, vendor, model, more, stream, headers: headers);
        return own == "contents"
            ? Vendors.PostAsync(http, $"/v1beta/models/{model}:{(stream ? "streamGenerateContent?alt=sse" : "generateContent")}", "{" + more[1..] + "}", headers)
            : Vendors.PostAsync(http, vendor == Vendors.Anthropic ? "/v1/messages" : "/v1/chat/completions",
                $"{{\"model\":\"{model}\",\"max_tokens\":100{(stream ? ",\"stream\":true" : "")}{more}}}", headers);
    }

    /// <summary>The rows spell names without quotes, to be readable in test names.</summary>
    private static string Strict(string loose) => System.Text.RegularExpressions.Regex.Replace(loose.TrimEnd(), @"([,{\[])([a-zA-Z_]+):", "$1\"$2\":");
}

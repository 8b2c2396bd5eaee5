using System.Net;
using System.Text.Json;
using Perigee.Acceptance.Tests.Refusals;
using Perigee.Acceptance.Tests.Running;
using Perigee.Acceptance.Tests.Sdk;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Dialects;

/// <summary>What is asked besides conversations: tokens counted, texts as vectors, models listed.</summary>
public sealed class CountTests(Rig rig)
{
    [Theory]
    [BothHosts(Vendors.Anthropic, Vendors.OpenAi), BothHosts(Vendors.Anthropic, Vendors.Anthropic), BothHosts(Vendors.Anthropic, Vendors.Google)]
    [BothHosts(Vendors.Google, Vendors.OpenAi), BothHosts(Vendors.Google, Vendors.Anthropic), BothHosts(Vendors.Google, Vendors.Google)]
    public async Task Tokens_are_counted_by_whoever_can(HostKind kind, string sdk, string provider)
    {
        List<string> paths = [];
        List<JsonElement> bodies = [];
        string model = Vendors.Own(provider, (await rig.OwnAsync()).Add((http, body) =>
        {
            paths.Add(http.Request.Path.Value!);
            bodies.Add(JsonDocument.Parse(body).RootElement);
            return Say.JsonAsync(http, 200, provider == Vendors.Anthropic ? """{"input_tokens":42}""" : """{"totalTokens":42,"promptTokensDetails":[{"modality":"TEXT","tokenCount":42}]}""");
        }));
        Gateway gateway = await rig.GatewayAsync(kind);
        JsonElement[] seen = await NodeClient.RunAsync(sdk, gateway, await gateway.NewKeyAsync(), ("count", new { model, prompt = "How many tokens are these words?" }));
        int tokens = seen[0].Answered().GetProperty("tokens").GetInt32();
        if (provider == Vendors.OpenAi)
        {
            // Nobody there counts: the gateway estimates, and says so.
            Assert.Empty(paths);
            Assert.InRange(tokens, 7, 25);
        }
        else
        {
            Assert.Equal(42, tokens);
            Assert.EndsWith(provider == Vendors.Anthropic ? "/v1/messages/count_tokens" : ":countTokens", Assert.Single(paths), StringComparison.Ordinal);
            Assert.Contains("How many tokens", bodies[0].GetRawText(), StringComparison.Ordinal);
            Assert.False(bodies[0].TryGetProperty("max_tokens", out _), bodies[0].GetRawText());
        }

        using HttpClient client = gateway.Client(await gateway.NewKeyAsync());
        Answer raw = sdk == Vendors.Google
            ? await Vendors.PostAsync(client, $"/v1beta/models/{model}:countTokens", """{"generateContentRequest":{"contents":[{"role":"user","parts":[{"text":"Hello"}]}],"systemInstruction":{"parts":[{"text":"Be terse."}]},"tools":[{"functionDeclarations":[{"name":"f","description":"A tool."}]}]}}""")
            : await Vendors.PostAsync(client, "/v1/messages/count_tokens?beta=true", $$$$"""{"model":"{{{{model}}}}","system":[{"type":"text","text":"Be terse.","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"Hello"}],"tools":[{"name":"f","description":"A tool.","input_schema":{"type":"object","properties":{}}}]}""");
        Assert.True(raw.Status == HttpStatusCode.OK, raw.Body);
        Assert.Equal(provider == Vendors.OpenAi, raw.Response.Headers.Contains("x-perigee-estimated"));
        if (provider != Vendors.OpenAi)
        {
            Assert.Contains("Be terse.", bodies[1].GetRawText(), StringComparison.Ordinal);
            Assert.Contains("A tool.", bodies[1].GetRawText(), StringComparison.Ordinal);
        }
    }

    [Theory, BothHosts(Vendors.Google), BothHosts(Vendors.OpenAi)]
    public async Task Texts_become_vectors(HostKind kind, string provider)
    {
        List<string> calls = [];
        string name = (await rig.OwnAsync()).Add((http, body) =>
        {
            string path = http.Request.Path.Value!;
            calls.Add(path);
            JsonElement asked = JsonDocument.Parse(body).RootElement;
            if (path.EndsWith("/embeddings", StringComparison.Ordinal))
            {
                string[] texts = asked.GetProperty("input") is { ValueKind: JsonValueKind.Array } array ? [.. array.EnumerateArray().Select(t => t.GetString()!)] : [asked.GetProperty("input").GetString()!];
                return Say.JsonAsync(http, 200, JsonSerializer.Serialize(new
                {
                    @object = "list",
                    data = texts.Select((text, index) => new { @object = "embedding", index, embedding = Vector(text) }),
                    model = "embedder",
                    usage = new { prompt_tokens = 4, total_tokens = 4 },
                }));
            }

            return Say.JsonAsync(http, 200, path.EndsWith(":embedContent", StringComparison.Ordinal)
                ? JsonSerializer.Serialize(new { embedding = new { values = Vector(Text(asked)) } })
                : JsonSerializer.Serialize(new { embeddings = asked.GetProperty("requests").EnumerateArray().Select(one => new { values = Vector(Text(one)) }) }));
        });
        string model = Vendors.Own(provider, name);
        Gateway gateway = await rig.GatewayAsync(kind);
        string key = await gateway.NewKeyAsync();
        JsonElement[] google = await NodeClient.RunAsync(Vendors.Google, gateway, key, ("embed", new { model, texts = new[] { "one", "three" } }));
        Assert.Equal("[[3,0.5,-0.25],[5,0.5,-0.25]]", google[0].Answered().GetProperty("vectors").GetRawText());
        JsonElement[] openai = await NodeClient.RunAsync(Vendors.OpenAi, gateway, key, ("embed", new { model, texts = new[] { "one", "three" } }));
        Assert.Equal("[[3,0.5,-0.25],[5,0.5,-0.25]]", openai[0].Answered().GetProperty("vectors").GetRawText());

        using HttpClient client = gateway.Client(key);
        Answer single = await Vendors.PostAsync(client, $"/v1beta/models/{model}:embedContent", """{"content":{"parts":[{"text":"seven"}]}}""");
        Assert.True(single.Status == HttpStatusCode.OK, single.Body);
        Assert.Equal("[5,0.5,-0.25]", JsonDocument.Parse(single.Body).RootElement.GetProperty("embedding").GetProperty("values").GetRawText());
        Assert.Equal(provider == Vendors.Google
            ? [$"/v1beta/models/{name}:batchEmbedContents", "/v1beta/openai/embeddings", $"/v1beta/models/{name}:embedContent"]
            : ["/v1/embeddings", "/v1/embeddings", "/v1/embeddings"], calls);

        static double[] Vector(string text) => [text.Length, 0.5, -0.25];
        static string Text(JsonElement request) => request.GetProperty("content").GetProperty("parts")[0].GetProperty("text").GetString()!;
    }

    [Theory, BothHosts(Vendors.OpenAi), BothHosts(Vendors.Anthropic), BothHosts(Vendors.Google)]
    public async Task The_sdk_lists_models(HostKind kind, string sdk)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        JsonElement[] seen = await NodeClient.RunAsync(sdk, gateway, await gateway.NewKeyAsync(), ("models", null));
        string[] ids = [.. seen[0].Answered().GetProperty("ids").EnumerateArray().Select(id => id.GetString()!)];
        string before = sdk == Vendors.Google ? "models/" : "";
        foreach (string id in (string[])["demo/echo", "fast", "brisk-claude", "own-anthropic/verbatim-anthropic", "own-gemini/verbatim-gemini"])
            Assert.Contains(before + id, ids);
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Theory, BothHosts(Vendors.Anthropic), BothHosts(Vendors.Google)]
    public async Task A_listed_model_can_be_asked(HostKind kind, string sdk)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        JsonElement[] seen = await NodeClient.RunAsync(sdk, gateway, await gateway.NewKeyAsync(),
            ("say", new { model = sdk == Vendors.Google ? "models/demo/echo" : "demo/echo", prompt = Prompts.New("Hello") }),
            ("say", new { model = sdk == Vendors.Google ? "models/fast" : "fast", prompt = Prompts.New("Say hello"), stream = true }));
        Assert.NotEqual("", seen[0].Text("text"));
        Assert.Equal("Hello! How can I help you today?", seen[1].Text("text"));
    }
}

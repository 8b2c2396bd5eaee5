using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Dialects;

/// <summary>A client and a provider of one dialect: the gateway hands on bytes, whatever they are.</summary>
public sealed partial class ByteTests(Rig rig)
{
    private const string AnthropicWhole =
        "{ \"usage\":{\"input_tokens\":1.0e1,\"output_tokens\":2,\"odd\":12345678901234567890.10},\"zeta\":null,\"type\":\"message\",\"id\":\"msg_\\u0041\\/\",\"role\":\"assistant\",\n"
        + "\t\"model\":\"claude-x\",\"content\":[{\"type\":\"text\",\"text\":\"caf\\u00e9 é \\ud83d\\ude00\",\"citations\":null},{\"type\":\"hologram\",\"x\":[1,1.0,-0.0]}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null}\n\n";

    private const string GeminiWhole =
        "{\r\n  \"candidates\": [\r\n    {\"content\":{\"parts\":[{\"text\":\"caf\\u00e9 \\/\"},{\"hologram\":{\"x\":1.0}}],\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}\r\n  ],\r\n"
        + "  \"usageMetadata\":{\"promptTokenCount\":4,\"candidatesTokenCount\":1.0e0,\"totalTokenCount\":5}, \"zeta\":{\"b\":1,\"a\":2}\r\n}\r\n";

    private static readonly string[] s_anthropicStream =
    [
        ": a comment\n\n",
        "event: message_start\r\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-x\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}   }\r\n\r\n",
        "event: content_block_start\ndata:{\"index\":0,\"type\":\"content_block_start\",\"content_block\":{\"type\":\"text\",\"text\":\"\"}        }\n\n",
        "event: ping\ndata: {\"type\": \"ping\"}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"te",
        "xt\":\"caf\\u00e9 é\"}    }\n\nevent: hologram\nid: 7\nretry: 100\ndata: {\"type\":\"hologram\",\ndata: \"x\":1.0}\n",
        "\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0             }\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"odd\":1},\"usage\":{\"output_tokens\":15}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    ];

    private static readonly string[] s_geminiStream =
    [
        "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"caf\\u00e9\"}],\"role\": \"model\"},\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 4,\"totalTokenCount\": 4},\"zeta\":[1.0]}\r\n\r",
        "\ndata: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"\"}],\"role\": \"model\"},\"finishReason\": \"STOP\",\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 4,\"candidatesTokenCount\": 1,\"totalTokenCount\": 5}}\r\n\r\n",
    ];

    private static readonly string[] s_geminiArray =
    [
        "[{\n  \"candidates\": [{\"content\": {\"parts\": [{\"text\": \"caf\\u00e9 ] } \\\" [\"}],\"role\": \"model\"},\"index\": 0}],\n  \"usageMetadata\": {\"promptTokenCount\": 4,\"totalTokenCount\": 4}, \"zeta\": 1.0\n}\n",
        ",\r\n{\n  \"candidates\": [{\"content\": {\"parts\": [{\"text\": \" end\"}],\"role\": \"model\"},\"finishReason\": \"STOP\",\"index\": 0}],\n  \"usageMetadata\": {\"promptTokenCount\": 4,\"candidatesTokenCount\": 1,\"totalTokenCount\": 5}\n}\n",
        "]",
    ];

    private static readonly ConcurrentDictionary<string, (string Path, string Beta, string Version, byte[] Body)> s_calls = new();

    [Theory, BothHosts(false), BothHosts(true)]
    public async Task Anthropic_to_anthropic(HostKind kind, bool stream)
    {
        OwnUpstream own = await rig.OwnAsync();
        own.Set("verbatim-anthropic", ServeAnthropicAsync);
        own.Set("claude-by-alias", ServeAnthropicAsync);
        foreach ((string asked, string served) in ((string, string)[])[("verbatim-anthropic", "verbatim-anthropic"), ("brisk-claude", "claude-by-alias"), ("own-anthropic/verbatim-anthropic", "verbatim-anthropic")])
        {
            string mark = Guid.NewGuid().ToString("N");
            string Body(string model) =>
                "{ \"zeta\" : {\"b\":1,\"a\":[1.0,1.50,-0,12345678901234567890]}, \"messages\":[{\"content\":\"caf\\u00e9 é \\/ " + mark + "\",\"role\":\"user\"}],\r\n\t\"model\"  :  \"" + model
                + "\" ,\"max_tokens\":1.0e2,\"thinking\":{\"type\":\"of tomorrow\"},\"stream\":" + (stream ? "true" : "false") + " }\n";
            (HttpStatusCode status, string? type, byte[] answer) = await PostAsync(kind, "/v1/messages?beta=true", Body(asked));
            Assert.True(status == HttpStatusCode.OK, Encoding.UTF8.GetString(answer));
            (string path, string beta, string version, byte[] body) = s_calls[mark];
            Assert.Equal("/v1/messages?beta=true", path);
            Assert.Equal("context-1m-2025-08-07,interleaved-thinking-2025-05-14", beta);
            Assert.Equal("2099-01-01", version);
            Assert.Equal(Body(served), Encoding.UTF8.GetString(body));
            Assert.Equal(stream ? string.Concat(s_anthropicStream) : AnthropicWhole, Encoding.UTF8.GetString(answer));
            Assert.Equal(stream ? "text/event-stream; charset=utf-8" : "application/json", type);
        }
    }

    [Theory, BothHosts("generateContent"), BothHosts("streamGenerateContent?alt=sse"), BothHosts("streamGenerateContent")]
    public async Task Gemini_to_gemini(HostKind kind, string call)
    {
        OwnUpstream own = await rig.OwnAsync();
        own.Set("verbatim-gemini", ServeGeminiAsync);
        own.Set("gemini-by-alias", ServeGeminiAsync);
        foreach ((string asked, string served) in ((string, string)[])
            [("verbatim-gemini", "verbatim-gemini"), ("brisk-gemini", "gemini-by-alias"), ("own-gemini/verbatim-gemini", "verbatim-gemini"), ("own-gemini%2Fverbatim-gemini", "verbatim-gemini")])
        {
            string mark = Guid.NewGuid().ToString("N");
            string body = "{ \"zeta\" : {\"b\":1,\"a\":[1.0,1.50,-0]}, \"contents\":[{\"parts\":[{\"text\":\"caf\\u00e9 \\/ " + mark + "\",\"hologram\":1e3}],\"role\":\"user\"}],\r\n\t\"generation_config\":{\"maxOutputTokens\":1.0e2} }\n";
            string query = call.Contains('?', StringComparison.Ordinal) ? "&" : "?";
            (HttpStatusCode status, string? type, byte[] answer) = await PostAsync(kind, $"/v1beta/models/{asked}:{call}{query}%24fields=a%2Cb", body);
            Assert.True(status == HttpStatusCode.OK, Encoding.UTF8.GetString(answer));
            Assert.Equal($"/v1beta/models/{served}:{call}{query}%24fields=a%2Cb", s_calls[mark].Path);
            Assert.Equal(body, Encoding.UTF8.GetString(s_calls[mark].Body));
            (string expected, string expectedType) = call switch
            {
                "generateContent" => (GeminiWhole, "application/json; charset=UTF-8"),
                "streamGenerateContent" => (string.Concat(s_geminiArray), "application/json; charset=UTF-8"),
                _ => (string.Concat(s_geminiStream), "text/event-stream"),
            };
            Assert.Equal(expected, Encoding.UTF8.GetString(answer));
            Assert.Equal(expectedType, type);
        }
    }

    [Theory, BothHosts]
    public async Task An_array_goes_on_as_it_comes(HostKind kind)
    {
        TaskCompletionSource seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        string model = (await rig.OwnAsync()).Add(async (http, _) =>
        {
            http.Response.ContentType = "application/json; charset=UTF-8";
            await WriteAsync(http, s_geminiArray[0]);
            await seen.Task;
            await WriteAsync(http, s_geminiArray[1]);
            await WriteAsync(http, s_geminiArray[2]);
        });
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        using HttpRequestMessage request = new(HttpMethod.Post, $"/v1beta/models/own-gemini/{model}:streamGenerateContent")
        {
            Content = new StringContent("""{"contents":[{"parts":[{"text":"Hello"}]}]}""", Encoding.UTF8, "application/json"),
        };
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken).WithinAsync("the headers");
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        char[] begun = new char[20];
        await reader.ReadBlockAsync(begun, TestContext.Current.CancellationToken).AsTask().WithinAsync("the first element, while the second is still to come");
        Assert.Equal(s_geminiArray[0][..20], new string(begun));
        seen.SetResult();
        Assert.Equal(string.Concat(s_geminiArray)[20..], await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    private static async Task ServeAnthropicAsync(HttpContext http, byte[] body)
    {
        Note(http, body);
        bool stream = Vendors.WantsStream(http, body);
        http.Response.ContentType = stream ? "text/event-stream; charset=utf-8" : "application/json";
        foreach (string piece in stream ? s_anthropicStream : [AnthropicWhole])
            await WriteAsync(http, piece);
    }

    private static async Task ServeGeminiAsync(HttpContext http, byte[] body)
    {
        Note(http, body);
        bool events = http.Request.Query["alt"] == "sse";
        http.Response.ContentType = events ? "text/event-stream" : "application/json; charset=UTF-8";
        foreach (string piece in events ? s_geminiStream : Vendors.WantsStream(http, body) ? s_geminiArray : [GeminiWhole])
            await WriteAsync(http, piece);
    }

    private static void Note(HttpContext http, byte[] body) => s_calls[Mark().Match(Encoding.UTF8.GetString(body)).Value] =
        (http.Request.Path + http.Request.QueryString.Value, http.Request.Headers["anthropic-beta"].ToString(), http.Request.Headers["anthropic-version"].ToString(), body);

    private static async Task WriteAsync(HttpContext http, string text)
    {
        await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }

    private async Task<(HttpStatusCode Status, string? Type, byte[] Body)> PostAsync(HostKind kind, string path, string body)
    {
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Headers.TryAddWithoutValidation("anthropic-version", "2099-01-01");
        request.Headers.TryAddWithoutValidation("anthropic-beta", "context-1m-2025-08-07,interleaved-thinking-2025-05-14");
        using HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type) ? type.ToString() : null,
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [GeneratedRegex("[0-9a-f]{32}")]
    private static partial Regex Mark();
}

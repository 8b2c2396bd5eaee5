using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Logs;

/// <summary>Two hundred secrets and personal values in every place that a request or a provider's answer can carry them: none is written anywhere.</summary>
public sealed class CanaryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_planted_is_found_nowhere()
    {
        Assert.True(Planted.Values.Count >= 200);
        await using FaultyUpstream upstream = await FaultyUpstream.StartAsync();
        string value = "";
        upstream.On("refusing", async http =>
        {
            http.Response.StatusCode = 401;
            http.Response.ContentType = "application/json";
            if (Ascii.IsValid(value))
                http.Response.Headers["x-request-id"] = http.Response.Headers["x-echo"] = value;
            await http.Response.WriteAsync(JsonSerializer.Serialize(new { error = new { message = $"Incorrect: {value} was sent.", type = value, code = value } }));
        });
        upstream.On("garbled", async http =>
        {
            http.Response.ContentType = "text/html";
            await http.Response.WriteAsync($"<html>proxy says {value}</html>");
        });
        upstream.On("talking", http => TalkAsync(http, value));
        using CanarySinks sinks = new();
        string provider = string.Join(',', ((string[])["refusing", "garbled", "talking"]).Select(name =>
            $$"""
            "{{name}}":{"kind":"custom","baseUrl":"{{upstream.Url}}/{{name}}/v1","network":"loopback","models":["m"]}
            """));
        await using GatewayRig rig = await GatewayRig.StartAsync(
            $$"""{"providers":{ {{provider}} },"cache":{"enabled":false},"retries":{"max":0},"content":"on","logs":{"bodies":100,"headers":["x-planted"],"flushSeconds":1} }""",
            sinks.Attach);
        foreach ((string _, string planted, string _) in Planted.Values)
        {
            value = planted;
            foreach (string model in (string[])["refusing/m", "garbled/m", "talking/m", "talking/" + planted, planted])
                await AskAsync(rig, model, planted, stream: model == "talking/m");
            using HttpResponseMessage gemini = await rig.Http.PostAsync(
                $"/v1beta/models/{Uri.EscapeDataString(planted)}:generateContent?key={Uri.EscapeDataString(planted)}",
                new StringContent($$"""{"contents":[{"parts":[{"text":{{JsonSerializer.Serialize(planted)}} }]}]}""", Encoding.UTF8, "application/json"), Cancel);
            using HttpResponseMessage nowhere = await rig.Http.GetAsync($"/v1/{Uri.EscapeDataString(planted)}?q={Uri.EscapeDataString(planted)}", Cancel);
        }

        List<JsonElement> lines = await rig.StopAsync();
        Assert.Equal(Planted.Values.Count * 6, lines.Count(line => line.GetProperty("kind").GetString() == "exchange"));
        Assert.True(lines.Count(line => line.GetProperty("kind").GetString() == "body") > Planted.Values.Count * 8);
        string blobs = string.Join('\n', lines.Select(line => line.GetRawText()));
        Assert.True(sinks.Spans >= Planted.Values.Count * 6, $"{sinks.Spans} spans");
        foreach (string mark in (string[])["[redacted]", "[email]", "[phone]", "[card]", "[iban]", "[ip]"])
            Assert.Contains(mark, blobs, StringComparison.Ordinal);
        List<string> leaks = sinks.Leaks(rig, lines);
        Assert.True(leaks.Count == 0, string.Join('\n', leaks));
    }

    private static async Task AskAsync(GatewayRig rig, string model, string planted, bool stream)
    {
        string text = JsonSerializer.Serialize(planted), arguments = JsonSerializer.Serialize(JsonSerializer.Serialize(new { to = planted, note = $"say {planted}, please" }));
        string body =
            $$"""
            {"model":{{JsonSerializer.Serialize(model)}},"stream":{{(stream ? "true" : "false")}},"user":{{text}},"metadata":{"who":{{text}} },
            "messages":[{"role":"system","content":{{JsonSerializer.Serialize("Remember " + planted + ".")}} },{"role":"user","content":[{"type":"text","text":{{text}} }]},
            {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"send","arguments":{{arguments}} } }]},{"role":"tool","tool_call_id":"c1","content":{{text}} }]}
            """;
        using HttpRequestMessage request = new(HttpMethod.Post, $"/v1/chat/completions?api_key={Uri.EscapeDataString(planted)}") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach (string header in (string[])["User-Agent", "x-planted", "x-perigee-user", "x-other", "Cookie", "Referer", "x-perigee-session", "OpenAI-Organization"])
        {
            if (Ascii.IsValid(planted))
                request.Headers.TryAddWithoutValidation(header, planted);
        }

        request.Headers.TryAddWithoutValidation("x-perigee-metadata", JsonSerializer.Serialize(new Dictionary<string, string> { ["who"] = planted }));
        using HttpResponseMessage answer = await rig.Http.SendAsync(request, Cancel);
        _ = await answer.Content.ReadAsStringAsync(Cancel);
    }

    // The value comes in pieces: split anew with every call, so that all places are met.
    private static int _split;

    private static async Task TalkAsync(HttpContext http, string value)
    {
        using StreamReader reader = new(http.Request.Body);
        bool stream = (await reader.ReadToEndAsync()).Contains("\"stream\":true", StringComparison.Ordinal);
        if (!stream)
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(JsonSerializer.Serialize(new
            {
                id = value, @object = "chat.completion", model = value, system_fingerprint = value,
                choices = new[] { new { index = 0, finish_reason = "tool_calls", message = new { role = "assistant", content = $"As you said: {value}", tool_calls = new[] { new { id = "c", type = "function", function = new { name = "f", arguments = JsonSerializer.Serialize(new { value }) } } } } } },
                usage = new { prompt_tokens = 3, completion_tokens = 4, total_tokens = 7 },
            }));
            return;
        }

        http.Response.ContentType = "text/event-stream";
        byte[] events = Encoding.UTF8.GetBytes(
            $"data: {{\"id\":\"1\",\"model\":{JsonSerializer.Serialize(value)},\"choices\":[{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\"content\":{JsonSerializer.Serialize("Hear: " + value)}}}}}]}}\n\n"
            + $"data: {{\"id\":\"1\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{JsonSerializer.Serialize(" and " + value)}}},\"finish_reason\":\"stop\"}}]}}\n\ndata: [DONE]\n\n");
        int first = 1 + (Interlocked.Increment(ref _split) * 7 % (events.Length - 2));
        await http.Response.Body.WriteAsync(events.AsMemory(0, first));
        await http.Response.Body.FlushAsync();
        await http.Response.Body.WriteAsync(events.AsMemory(first));
    }
}

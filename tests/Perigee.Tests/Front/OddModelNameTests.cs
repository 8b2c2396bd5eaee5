using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Front;

/// <summary>Names as vendors and operators make them up: what a client writes in a body or a path is what the provider is asked for, and what it can look up.</summary>
public sealed class OddModelNameTests
{
    private static readonly string[] Names =
    [
        "llama3:8b", "org/name", "a/b/c:d", "@cf/meta/llama-3", "ft:gpt-4o:acme::id", "name with spaces", "ünï/日本😀", "100%", "a%2Fb", "a%25b", "a+b", "a?b#c", "a&b=c", "..", "a/../b", ".", "a//b", "model:generateContent", "a\\b", "a\"b", "a'b", "<b>", "a;b", "a,b", "a|b", "{model}", "a*", "~", "models/gemini-x", "a\tb", new('x', 250), new('ü', 250),
    ];

    [Fact]
    public async Task Reach_the_provider_as_they_are()
    {
        await using FaultyUpstream upstream = await FaultyUpstream.StartAsync();
        ConcurrentQueue<(string Path, string Body)> asked = new();
        foreach ((string name, Tongue tongue) in new[] { ("o", Tongue.OpenAi), ("a", Tongue.Anthropic), ("g", Tongue.Gemini) })
        {
            upstream.On(name, async http =>
            {
                using StreamReader reader = new(http.Request.Body);
                string raw = http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
                asked.Enqueue((raw, await reader.ReadToEndAsync()));
                await new Talk(http, tongue, http.Request.Path.Value!.Contains(":stream", StringComparison.Ordinal), name).AnswerAsync();
            });
        }

        ConcurrentQueue<string> log = new();
        string aliases = string.Join(",", Names.Where(IsPlain).Select(static name => $"{JsonSerializer.Serialize("alias:" + name)}: {JsonSerializer.Serialize("o/" + name)}"));
        await using GatewayRig gateway = await GatewayRig.StartAsync(
            $$"""
            {
              "providers": {
                "o": {"kind": "custom", "network": "loopback", "baseUrl": "{{upstream.Url}}/o/v1"},
                "a": {"kind": "custom", "dialect": "anthropic", "network": "loopback", "baseUrl": "{{upstream.Url}}/a{{Tongue.Anthropic.BasePath}}"},
                "g": {"kind": "custom", "dialect": "gemini", "network": "loopback", "baseUrl": "{{upstream.Url}}/g{{Tongue.Gemini.BasePath}}"},
              },
              "aliases": { {{aliases}} }
            }
            """,
            builder => builder.Services.AddSingleton<ILoggerProvider>(new OwnErrors(log)));
        List<string> faults = [];
        foreach (string name in Names)
        {
            foreach (string provider in (string[])["o", "a", "g"])
            {
                string full = $"{provider}/{name}";
                await CheckAsync("in the body", full, "/v1/chat/completions", Tongue.OpenAi.Question(full, false));
                await CheckAsync("in the body", full, "/v1/messages", Tongue.Anthropic.Question(full, false));

                // What an escaped slash and an escaped percent sign make together cannot be told apart once a server has read it.
                if (name.Contains('%', StringComparison.Ordinal))
                    continue;
                await CheckAsync("escaped in the path", full, $"/v1beta/models/{Uri.EscapeDataString(full)}:generateContent", Tongue.Gemini.Question(full, false));
                await CheckAsync("escaped in the path", full, $"/v1beta/models/{Uri.EscapeDataString(full)}:streamGenerateContent?alt=sse", Tongue.Gemini.Question(full, true));
            }

            if (!IsPlain(name))
                continue;
            await CheckAsync("as an alias", "o/" + name, "/v1/chat/completions", Tongue.OpenAi.Question("alias:" + name, false));
            await CheckAsync("as an alias in the path", "o/" + name, $"/v1beta/models/{Uri.EscapeDataString("alias:" + name)}:generateContent", Tongue.Gemini.Question(name, false));
            foreach (string path in (string[])["/v1/models/", "/v1beta/models/"])
            {
                string heard = await RawClient.SayAsync(gateway.Http.BaseAddress!, $"GET {path}{Uri.EscapeDataString("alias:" + name)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
                string body = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(RawClient.Body(heard)));
                string? id = RawClient.Status(heard) != 200 ? null : JsonDocument.Parse(body).RootElement.GetProperty(path == "/v1/models/" ? "id" : "name").GetString();
                if (id?.EndsWith("alias:" + name, StringComparison.Ordinal) != true)
                    faults.Add($"{path} of alias {name}: {heard}");
            }

            async Task CheckAsync(string what, string full, string path, string body)
            {
                asked.Clear();
                byte[] bytes = Encoding.UTF8.GetBytes(body);
                string heard = await RawClient.SayAsync(gateway.Http.BaseAddress!, $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nx-perigee-cache: off\r\nanthropic-version: 2023-06-01\r\nContent-Length: {bytes.Length}\r\nConnection: close\r\n\r\n{Encoding.Latin1.GetString(bytes)}");
                string? got = !asked.TryDequeue(out (string Path, string Body) call) ? null
                    : call.Path.StartsWith("/g/", StringComparison.Ordinal) ? OfPath(call.Path)
                    : JsonDocument.Parse(call.Body).RootElement.GetProperty("model").GetString();
                if (RawClient.Status(heard) != 200 || got != full[2..])
                    faults.Add($"{full} {what} ({path}): asked for '{got}' ({call.Path})\n{(heard.Length > 700 ? heard[..700] : heard)}");
            }
        }

        Assert.True(faults.Count == 0 && log.IsEmpty, $"{faults.Count} faults\n{string.Join("\n\n", faults.Take(15))}\n{string.Join("\n", log.Take(5))}");
    }

    /// <summary>What may be the name of an alias.</summary>
    private static bool IsPlain(string name) => name.All(static c => char.IsAsciiLetterOrDigit(c) || "._-:/@+~".Contains(c, StringComparison.Ordinal));

    private static string OfPath(string path)
    {
        string last = path[(path.IndexOf("/models/", StringComparison.Ordinal) + "/models/".Length)..];
        return Uri.UnescapeDataString(last[..last.LastIndexOf(':')]);
    }
}

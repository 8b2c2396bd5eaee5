using System.Text;
using Microsoft.AspNetCore.Http;
using Perigee.Tests.Wire.Proving;
using Perigee.Tests.Wire.Proving.Grammar;

namespace Perigee.Tests.Failover;

/// <summary>
/// Streams framed as the standard allows and hardly any provider does it, in packets of any size: in its own dialect a client gets the very bytes, in another the very
/// answer; and what comes before, between and behind the answer that is no part of it makes none.
/// </summary>
public sealed class OddStreamTests(ITestOutputHelper output)
{
    private const int Seed = 20261130;

    private static readonly string[] Words = ["one ", "zwei ü😀 ", "\r\n\r\n", "data: [DONE]\n\n", "\\\"}", "\u2028\u0085", "three"];

    private static readonly (string Name, Func<Tongue, List<string>, Random, string> Make)[] Framings =
    [
        ("plain", static (_, events, _) => string.Concat(events)),
        ("CRLF", static (_, events, _) => string.Concat(events).Replace("\n", "\r\n", StringComparison.Ordinal)),
        ("CR", static (_, events, _) => string.Concat(events).Replace("\n", "\r", StringComparison.Ordinal)),
        ("mixed ends", static (_, events, random) => string.Concat(string.Concat(events).Select(c => c != '\n' ? c.ToString() : new[] { "\n", "\r\n", "\r\n" }[random.Next(3)]))),
        ("BOM", static (_, events, _) => "\uFEFF" + string.Concat(events)),
        ("comments", static (_, events, random) => string.Concat(events.Select(one => new[] { ": ping\n\n", ":\n\n", ": a\n:b\n", "" }[random.Next(4)] + one)) + ": bye\n\n"),
        ("fields", static (_, events, random) => string.Concat(events.Select(one => new[] { "id: 7\n", "retry: 10\n", "x\n", "foo: data: {}\n", "id\n", "retry: soon\n" }[random.Next(6)] + one))),
        ("no space", static (_, events, _) => string.Concat(events).Replace("data: {", "data:{", StringComparison.Ordinal).Replace("event: ", "event:", StringComparison.Ordinal)),
        ("data before event", static (_, events, _) => string.Concat(events.Select(static one => one.StartsWith("event: ", StringComparison.Ordinal) ? one[(one.IndexOf('\n', StringComparison.Ordinal) + 1)..^1] + one[..(one.IndexOf('\n', StringComparison.Ordinal) + 1)] + "\n" : one))),
        ("several data lines", static (_, events, _) => string.Concat(events.Select(static one => one.Contains("data: {", StringComparison.Ordinal) ? one.Replace("data: {", "data: {\ndata: ", StringComparison.Ordinal) : one))),
        ("blank lines", static (_, events, _) => "\n\n" + string.Concat(events.Select(static one => one + "\n\n\n"))),
        ("no last blank line", static (_, events, _) => string.Concat(events).TrimEnd('\n')),
        ("empty data", static (_, events, _) => string.Concat(events.Select(static one => "data:\n\n" + one + "data: \n\n"))),
        ("closed twice", static (tongue, events, _) => string.Concat(events) + tongue.Closing),
        ("more behind the end", static (tongue, events, _) => string.Concat(events) + (tongue.Closing.Length > 0 ? tongue.Piece("never") : "")),
        ("a megabyte", static (tongue, events, _) => string.Concat(events.Select(one => one == tongue.Finish ? tongue.Piece(new string('m', 1 << 20)) + one : one))),
    ];

    [Fact]
    public async Task Reach_every_client_whole()
    {
        output.WriteLine($"seed {Seed}");
        await using FaultyUpstream upstream = await FaultyUpstream.StartAsync();
        await using GatewayRig gateway = await StartAsync(upstream);
        Random random = new(Seed);
        List<string> faults = [];
        Tongue[] providers = [Tongue.OpenAi, Tongue.Anthropic, Tongue.Gemini];
        Tongue[] clients = [Tongue.OpenAi, Tongue.Anthropic, Tongue.Gemini, Tongue.GeminiArray];
        foreach (Tongue provider in providers)
        {
            foreach ((string name, Func<Tongue, List<string>, Random, string> make) in Framings)
            {
                foreach (Tongue client in clients)
                {
                    bool same = client.Name.StartsWith(provider.Name, StringComparison.Ordinal);
                    string text = string.Concat(Words) + (name == "a megabyte" ? new string('m', 1 << 20) : "");
                    List<string> events = [provider.Opening, .. Words.Select(provider.Piece), provider.Finish, provider.Closing];
                    events.RemoveAll(static one => one.Length == 0);
                    byte[] sent = client == Tongue.GeminiArray && same
                        ? Encoding.UTF8.GetBytes("[" + string.Join(",\r\n", string.Concat(events).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(static one => one[6..])) + "]")
                        : Encoding.UTF8.GetBytes(make(provider, events, random));
                    int most = name == "a megabyte" ? 200_000 : new[] { 1, 7, 60, 100_000 }[random.Next(4)];
                    int cut = random.Next();
                    upstream.On(provider.Name, http => SayAsync(http, sent, client == Tongue.GeminiArray && same, most, new Random(cut)));
                    using HttpResponseMessage answer = await gateway.SendAsync(client.ClientPath($"{provider.Name}/m", stream: true), client.Question($"{provider.Name}/m", stream: true), TestContext.Current.CancellationToken);
                    byte[] heard = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
                    string? fault = (int)answer.StatusCode != 200 ? $"status {(int)answer.StatusCode}" : same ? SameBytes(sent, heard) : Fault(client, heard, text);
                    if (fault is not null)
                        faults.Add($"{provider.Name} to {client.Name}, {name}, packets up to {most}: {fault}\n{Short(heard)}");
                }
            }
        }

        Assert.True(faults.Count == 0, $"{faults.Count} faults\n{string.Join("\n\n", faults.Take(12))}");
    }

    [Fact]
    public async Task That_hold_no_answer_or_half_of_one_end_with_an_error()
    {
        await using FaultyUpstream upstream = await FaultyUpstream.StartAsync();
        await using GatewayRig gateway = await StartAsync(upstream);
        List<string> faults = [];
        foreach (Tongue provider in (Tongue[])[Tongue.OpenAi, Tongue.Anthropic, Tongue.Gemini])
        {
            string whole = provider.Opening + provider.Piece("one ") + provider.Piece("two");
            (string Name, string Sent)[] cases =
            [
                ("nothing", ""), ("a BOM", "\uFEFF"), ("comments alone", ": ping\n\n: ping\n\n"), ("empty data alone", "data:\n\ndata: \n\n"), ("fields alone", "id: 1\nretry: 2\n\nevent: ping\n\n"), ("no JSON", "data: hello\n\n"), ("an array", "data: []\n\n"), ("null", "data: null\n\n"),
                ("an opening alone", provider.Opening), ("no end", whole), ("half an event", whole + provider.Finish[..(provider.Finish.Length / 2)]), ("an end cut in its last event", whole + provider.Piece("three")[..^6]), ("a page", "<html><body>Busy</body></html>"), ("zeros", "\0\0\0\0\n\n"), ("very deep", "data: " + new string('[', 5000) + "\n\n"),
            ];
            foreach ((string name, string sent) in cases)
            {
                foreach (Tongue client in (Tongue[])[Tongue.OpenAi, Tongue.Anthropic, Tongue.Gemini, Tongue.GeminiArray])
                {
                    upstream.On(provider.Name, http => SayAsync(http, Encoding.UTF8.GetBytes(sent), false, 50, new Random(1)));
                    using HttpResponseMessage answer = await gateway.SendAsync(client.ClientPath($"{provider.Name}/m", stream: true), client.Question($"{provider.Name}/m", stream: true), TestContext.Current.CancellationToken);
                    Heard heard = await GatewayRig.HearAsync(client, answer);
                    if (heard.Cut || heard.Error is null || heard.Body.Contains("The gateway failed", StringComparison.Ordinal))
                        faults.Add($"{provider.Name} to {client.Name}, {name}: {heard.Status} {heard.Body}");
                }
            }
        }

        Assert.True(faults.Count == 0, $"{faults.Count} faults\n{string.Join("\n\n", faults.Take(12))}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100_000)]
    public async Task With_reasoning_and_calls_in_single_characters_under_odd_numbers_are_the_same_calls(int packet)
    {
        await using FaultyUpstream upstream = await FaultyUpstream.StartAsync();
        await using GatewayRig gateway = await StartAsync(upstream);
        static string Chunk(string delta, string finish = "null") => $"data: {{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}]}}\r\n\r\n";
        static string Call(int index, string members) => Chunk($"{{\"tool_calls\":[{{\"index\":{index},{members}}}]}}");
        StringBuilder said = new();
        said.Append(Chunk("""{"role":"assistant","content":null,"reasoning_content":"so"}""")).Append(Chunk("""{"reasoning_content":" it is"}""")).Append(Chunk("""{"content":"Let "}""")).Append(Chunk("""{"content":"me"}"""));
        said.Append(Call(7, "\"id\":\"call_a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}"));
        foreach (char c in """{"a":"x y","n":[1]}""")
            said.Append(Call(7, $"\"function\":{{\"arguments\":\"{(c == '"' ? "\\\"" : c)}\"}}"));
        said.Append(Call(3, "\"id\":\"call_b\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{\"}"));
        said.Append(Call(3, "\"id\":null,\"type\":null,\"function\":{\"name\":null,\"arguments\":\"}\"}"));
        said.Append(Chunk("""{"content":""}""", "\"tool_calls\"")).Append("data: [DONE]\n\n");
        byte[] sent = Encoding.UTF8.GetBytes(said.ToString());
        upstream.On("openai", http => SayAsync(http, sent, false, packet, new Random(1)));
        foreach (Tongue client in (Tongue[])[Tongue.Anthropic, Tongue.Gemini, Tongue.GeminiArray])
        {
            using HttpResponseMessage answer = await gateway.SendAsync(client.ClientPath("openai/m", stream: true), client.Question("openai/m", stream: true), TestContext.Current.CancellationToken);
            byte[] heard = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            Parsed parsed = StreamGrammar.Check(DialectOf(client), heard, usageAsked: false, asArray: client == Tongue.GeminiArray);
            parsed.AssertKept(client.Name);
            string folded = parsed.Folded.GetRawText();
            int text = folded.IndexOf("Let me", StringComparison.Ordinal), first = folded.IndexOf("\"x y\"", StringComparison.Ordinal), second = folded.IndexOf("\"g\"", StringComparison.Ordinal);
            Assert.True(text > 0 && text < first && first < second, folded);
        }
    }

    private static string? SameBytes(byte[] sent, byte[] heard) => heard.AsSpan().SequenceEqual(sent) ? null : $"other bytes: {heard.Length} of {sent.Length}";

    private static string? Fault(Tongue client, byte[] heard, string text)
    {
        Parsed parsed = StreamGrammar.Check(DialectOf(client), heard, usageAsked: false, asArray: client == Tongue.GeminiArray);
        if (parsed.Faults.Count > 0 || parsed.Failed)
            return parsed.Failed ? "failed" : string.Join("; ", parsed.Faults.Take(3));
        string? said = client.Text(parsed.Folded);
        return said == text ? null : $"says '{(said is { Length: > 300 } ? said[..300] : said)}'";
    }

    private static string DialectOf(Tongue client) => client == Tongue.OpenAi ? Dialects.OpenAi : client == Tongue.Anthropic ? Dialects.Anthropic : Dialects.Gemini;

    private static string Short(byte[] heard) => Encoding.UTF8.GetString(heard.AsSpan(0, Math.Min(heard.Length, 1500)));

    private static Task<GatewayRig> StartAsync(FaultyUpstream upstream) => GatewayRig.StartAsync(
        $$"""
        {
          "providers": {
            "openai": {"kind": "custom", "network": "loopback", "baseUrl": "{{upstream.Url}}/openai/v1"},
            "anthropic": {"kind": "custom", "dialect": "anthropic", "network": "loopback", "baseUrl": "{{upstream.Url}}/anthropic{{Tongue.Anthropic.BasePath}}"},
            "gemini": {"kind": "custom", "dialect": "gemini", "network": "loopback", "baseUrl": "{{upstream.Url}}/gemini{{Tongue.Gemini.BasePath}}"},
          },
          "retries": {"max": 0},
          "breaker": {"failures": 1000, "percent": 100},
        }
        """);

    private static async Task SayAsync(HttpContext http, byte[] bytes, bool array, int most, Random random)
    {
        http.Response.ContentType = array ? "application/json" : "text/event-stream";

        // No more packets than a slow machine can take: the first ones matter, and the last.
        int packets = 0;
        for (int at = 0, count; at < bytes.Length; at += count)
        {
            count = Math.Min(bytes.Length - at, ++packets > 150 && bytes.Length - at > 100 ? bytes.Length - at - 100 : random.Next(1, most + 1));
            await http.Response.Body.WriteAsync(bytes.AsMemory(at, count));
            await http.Response.Body.FlushAsync();
        }
    }
}

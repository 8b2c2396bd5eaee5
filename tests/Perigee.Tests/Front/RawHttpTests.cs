using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Front;

/// <summary>HTTP as hardly anybody writes it, byte by byte on a connection: the gateway answers all of it, never fails itself, and nothing of one request gets into another.</summary>
public sealed class RawHttpTests
{
    private const string Question = """{"model":"o/m","messages":[{"role":"user","content":"hi"}]}""";

    private static readonly string[] Paths =
    [
        "/", "/v1/chat/completions", "/v1/messages", "/v1/models", "/v1/models/demo/echo", "/v1beta/models/o/m:generateContent", "/v1/files", "/v1/files/file-1/content", "/v1/responses/r1", "/manage/v1/keys", "/manage/v1/health", "/metrics", "/manage/v1/openapi.json", "/health", "/nothing", "/v1", "/v1/",
    ];

    [Fact]
    public async Task Every_method_and_odd_target_is_answered()
    {
        await using FaultyUpstream upstream = await FaultyUpstream.StartAsync();
        ConcurrentQueue<string> seen = new();
        upstream.On("o", async http =>
        {
            seen.Enqueue(http.Request.Path.Value!);
            await new Talk(http, Tongue.OpenAi, false, "said").AnswerAsync();
        });
        ConcurrentQueue<string> log = new();
        await using GatewayRig gateway = await StartAsync(upstream, log);
        List<string> faults = [];
        List<string> targets =
        [
            "//v1/chat/completions", "/v1//chat/completions", "/v1/chat%2Fcompletions", "/v1/./chat/completions", "/v1/../v1/chat/completions", "/v1/%2e%2e/v1/chat/completions", "/v1/chat/completions/", "/V1/CHAT/Completions",
            "/v1/chat/completions?" + new string('q', 6000), "/v1/models/" + new string('m', 6000), "/v1beta/models/" + new string('m', 3000) + ":generateContent", "/v1/chat/completions?a=%00&b=%FF&=&&", "/v1/%00", "/v1/models/%FF%FE", "/v1/models/%", "/v1/models/%zz", "/v1/chat/completions#x", "/v1/chat/completions;a=b",
            "http://other.example/v1/chat/completions", "http://other.example", "*", "v1/chat/completions", "/v1/models/..%2f..%2fmanage", "/v1beta/models/:generateContent", "/v1beta/models/o/m:", "/v1beta/models/o/m%3AgenerateContent", "/v1beta/models/o/m%253AgenerateContent", "/v1beta/models/a%25b:generateContent", "/v1beta/models/%E0%A4%A:generateContent",
            "/v1/files/%252e%252e", "/v1/files/%252e%252e/content", "/v1/files/%2e%2e/content", "/v1/files/..%2f..%2fadmin", "/v1/files/%252e%252e%252fadmin", "/v1/files/a%3Fb%23c", "/v1/files/a%2520b", "/v1/responses/%252e%252e/cancel", "/v1/batches/%252e", "/v1/files/%C3%A4%20b",
        ];
        foreach (string method in (string[])["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND", "get"])
        {
            await Parallel.ForEachAsync(Paths.Concat(targets), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (target, _) =>
            {
                foreach (string version in (string[])["1.1", "1.0"])
                {
                    string body = method is "POST" or "PUT" or "PATCH" ? Question : "";
                    string said = $"{method} {target} HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\nx-perigee-provider: o\r\nx-perigee-cache: off\r\n{(body.Length > 0 ? $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n" : "")}\r\n{body}";
                    string heard = await RawClient.SayAsync(gateway.Http.BaseAddress!, said);
                    int status = RawClient.Status(heard);
                    string told = RawClient.Body(heard);
                    bool ofKestrel = status is 400 or 405 or 414 && heard.Contains("Content-Length: 0", StringComparison.Ordinal);
                    if (status is < 200 or 500 || (method == "HEAD" && told.Length > 0) || (status >= 400 && method is not "HEAD" && !ofKestrel && !told.Contains("\"message\"", StringComparison.Ordinal)))
                    {
                        lock (faults)
                            faults.Add($"{method} {(target.Length > 200 ? target[..200] : target)} {version}: {heard}");
                    }
                }
            });
        }

        Assert.True(faults.Count == 0 && log.IsEmpty, $"{faults.Count} faults\n{string.Join("\n\n", faults.Take(20))}\n{string.Join("\n\n", log.Take(5))}");

        // What a client writes into an id stays in its place of the provider's path.
        Assert.All(seen.Distinct(), static path => Assert.Matches("^/o/v1/(chat/completions$|files$|files/[^/]+(/content)?$|responses/[^/]+(/cancel)?$|batches/[^/]+$)", path));
    }

    [Fact]
    public async Task Odd_headers_and_questions_behind_one_another_are_answered_in_their_order()
    {
        await using FaultyUpstream upstream = await FaultyUpstream.StartAsync();
        upstream.On("o", static async http =>
        {
            using StreamReader reader = new(http.Request.Body);
            string question = await reader.ReadToEndAsync();
            await new Talk(http, Tongue.OpenAi, false, question.Contains("first", StringComparison.Ordinal) ? "first" : "second").AnswerAsync();
        });
        ConcurrentQueue<string> log = new();
        await using GatewayRig gateway = await StartAsync(upstream, log);
        string[] headers =
        [
            "Host: a\r\nHost: b\r\n", "", "Host: localhost\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n", "HOST: localhost\r\nX-PERIGEE-CACHE: OFF\r\nx-perigee-cache: on\r\n", "Host: localhost\r\n" + string.Concat(Enumerable.Range(0, 90).Select(static n => $"x-h{n}: {n}\r\n")),
            "Host: localhost\r\n" + string.Concat(Enumerable.Range(0, 120).Select(static n => $"x-h{n}: {n}\r\n")), "Host: localhost\r\nx-big: " + new string('x', 40_000) + "\r\n", "Host: localhost\r\nx-a: a\r\n b\r\n", "Host: localhost\r\nx a: b\r\n", "Host: localhost\r\n: b\r\n", "Host: localhost\r\nx-a:\u0001\r\n", "Host: localhost\r\nx-a: \u00FF\u00FE\r\n", "Host: \u00FF\r\n",
            "Host: localhost\r\nTransfer-Encoding: chunked\r\n", "Host: localhost\r\nContent-Length: 5\r\n", "Host: localhost\r\nTransfer-Encoding: gzip\r\n", "Host: localhost\r\nExpect: 100-continue\r\n", "Host: localhost\r\nExpect: something\r\n", "Host: localhost\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n",
            "Host: localhost\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n", "Host: localhost\r\nAccept: a/b;q=x,,;\r\nAccept-Encoding: *;q=0\r\nRange: bytes=0-1\r\nIf-None-Match: *\r\nIf-Match: *\r\nIf-Modified-Since: never\r\n", "Host: localhost\r\nCookie: a=b\r\nX-Forwarded-For: x\r\nForwarded: for=\"\r\nX-HTTP-Method-Override: DELETE\r\n",
            "Host: localhost\r\ntraceparent: a\r\ntraceparent: b\r\nx-perigee-metadata: {}\r\nx-perigee-metadata: {}\r\nx-perigee-tags: a\r\nx-perigee-tags: b\r\n", "Host: localhost\r\nUser-Agent: \u00C3\u00A4\r\nIdempotency-Key: \u00C3\u00A4\r\nx-client-request-id: \u00C3\u00A4\r\n", "Host: localhost\r\nContent-Type: application/json; charset=\u00C3\u00A4\r\n",
        ];
        List<string> faults = [];
        foreach (string header in headers)
        {
            string type = header.Contains("Content-Type", StringComparison.Ordinal) ? "" : "Content-Type: application/json\r\n";
            string heard = await RawClient.SayAsync(gateway.Http.BaseAddress!, $"POST /v1/chat/completions HTTP/1.1\r\n{header}{type}Cache-Control: no-cache\r\nContent-Length: {Question.Length}\r\nConnection: close\r\n\r\n{Question}");
            if (RawClient.Status(heard) is < 200 or >= 500 || (header.Contains('\u00C3', StringComparison.Ordinal) && RawClient.Status(heard) != 200))
                faults.Add($"{header}: {heard}");
        }

        Assert.True(faults.Count == 0, string.Join("\n\n", faults));

        // Pipelined, with refusals between: each answer belongs to its question, and a body that a refusal did not read is no request.
        string Ask(string text, string more = "") => $"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{more}Content-Length: {Question.Length + text.Length - 2}\r\n\r\n{Question.Replace("hi", text, StringComparison.Ordinal)}";
        string smuggled = "GET /manage/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
        string pipeline = Ask("first") + Ask("second")
            + $"POST /v1/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: {smuggled.Length}\r\n\r\n{smuggled}"
            + $"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: {smuggled.Length}\r\n\r\n{smuggled}"
            + $"GET /v1/models/demo/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {smuggled.Length}\r\n\r\n{smuggled}"
            + $"DELETE /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{smuggled.Length:x}\r\n{smuggled}\r\n0\r\n\r\n"
            + Ask("second") + Ask("first", "Connection: close\r\n");
        string all = await RawClient.SayAsync(gateway.Http.BaseAddress!, pipeline);
        string[] answers = all.Split("HTTP/1.1 ", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["200", "200", "404", "415", "200", "405", "200", "200"], answers.Select(static answer => answer[..3]));
        Assert.Equal(["first", "second", "second", "first"], answers.Where(static answer => answer.Contains("chat.completion", StringComparison.Ordinal)).Select(static answer => answer.Contains("first", StringComparison.Ordinal) ? "first" : "second"));
        Assert.Empty(log);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_goes_away_at_any_byte_leaves_nothing_behind(bool stream)
    {
        await using FaultyUpstream upstream = await FaultyUpstream.StartAsync();
        upstream.On("o", http => new Talk(http, Tongue.OpenAi, stream, "said").AnswerAsync());
        ConcurrentQueue<string> log = new();
        await using GatewayRig gateway = await StartAsync(upstream, log);
        string body = Question[..^1] + $",\"stream\":{(stream ? "true" : "false")}}}";
        string said = $"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nx-perigee-cache: off\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";
        string whole = await RawClient.SayAsync(gateway.Http.BaseAddress!, said);
        Assert.Equal(200, RawClient.Status(whole));

        // Half of them say that they have said all, and may still listen; half of them are gone.
        await Parallel.ForAsync(1, said.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (at, _) =>
        {
            string heard = await RawClient.SayAsync(gateway.Http.BaseAddress!, said[..at], halfClose: at % 2 == 0, leaveAfter: at % 2 == 0 ? null : 0);
            Assert.True(heard.Length == 0 || RawClient.Status(heard) is >= 400 and < 500, heard);
        });
        await Parallel.ForAsync(1, whole.Length / 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (at, _) =>
            await RawClient.SayAsync(gateway.Http.BaseAddress!, said, leaveAfter: at * 4));

        // A byte at a time is slow, but a request.
        using TcpClient slow = new();
        await slow.ConnectAsync(gateway.Http.BaseAddress!.Host, gateway.Http.BaseAddress.Port, TestContext.Current.CancellationToken);
        slow.NoDelay = true;
        foreach (byte one in Encoding.Latin1.GetBytes(said))
        {
            await slow.GetStream().WriteAsync(new[] { one }, TestContext.Current.CancellationToken);
            await Task.Yield();
        }

        using StreamReader reader = new(slow.GetStream());
        string last = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(200, RawClient.Status(last));
        string health = await gateway.Http.GetStringAsync("/manage/v1/health/targets", TestContext.Current.CancellationToken);
        Assert.DoesNotContain("\"open\"", health, StringComparison.Ordinal);

        // What Kestrel says of a connection that broke in the middle of a body is not the gateway's.
        Assert.DoesNotContain(log, static line => !line.Contains("automatic draining of the request body", StringComparison.Ordinal));
    }

    private static Task<GatewayRig> StartAsync(FaultyUpstream upstream, ConcurrentQueue<string> log) => GatewayRig.StartAsync(
        $$"""{"providers": {"o": {"kind": "custom", "network": "loopback", "baseUrl": "{{upstream.Url}}/o/v1"} } }""",
        builder => builder.Services.AddSingleton<ILoggerProvider>(new OwnErrors(log)));
}

using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Perigee.Tests.Failover;
using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Front;

/// <summary>
/// Odd questions of every operation through the whole gateway, with all that it does switched on, to providers that answer as oddly: it never fails itself, and what it says of a fault is an
/// error in the client's dialect.
/// </summary>
[Collection(nameof(Alone))]
public sealed class PipelineFuzzTests(ITestOutputHelper output)
{
    private const int Questions = 4_000;
    private const int Seed = 20261129;

    private static readonly (string Path, string Body)[] Starts =
    [
        ("/v1/chat/completions", """{"model":"r","stream":false,"max_tokens":20,"user":"u","metadata":{"a":"b"},"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"}},"anyOf":[{"required":["a"]}]}}}],"response_format":{"type":"json_object"},"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"What is 2 and 3?"}]},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":\"x\"}"}}]},{"role":"tool","tool_call_id":"c1","content":"y"}]}"""),
        ("/v1/chat/completions", """{"model":"g/m","stream":true,"stream_options":{"include_usage":true},"n":1,"temperature":0.5,"messages":[{"role":"user","content":"Hello"}]}"""),
        ("/v1/chat/completions", """{"model":"demo/echo","stream":true,"messages":[{"role":"user","content":"Hello"}]}"""),
        ("/v1/completions", """{"model":"o/m","prompt":"Once","max_tokens":5,"stream":false}"""),
        ("/v1/messages", """{"model":"r","max_tokens":20,"stream":true,"system":"s","metadata":{"user_id":"u"},"thinking":{"type":"enabled","budget_tokens":1024},"tools":[{"name":"f","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":[{"type":"text","text":"Hi","cache_control":{"type":"ephemeral"}}]}]}"""),
        ("/v1/messages", """{"model":"o/m","max_tokens":20,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{"a":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"y"}]}]}"""),
        ("/v1/messages/count_tokens", """{"model":"g/m","messages":[{"role":"user","content":"Hi"}]}"""),
        ("/v1beta/models/r:generateContent", """{"contents":[{"role":"user","parts":[{"text":"Hi"},{"inlineData":{"mimeType":"image/png","data":"aGk="}}]}],"generationConfig":{"maxOutputTokens":9,"stopSequences":["a"]},"tools":[{"functionDeclarations":[{"name":"f"}]}]}"""),
        ("/v1beta/models/a/m:streamGenerateContent?alt=sse", """{"contents":[{"parts":[{"text":"Hi"}]}]}"""),
        ("/v1beta/models/o/m:streamGenerateContent", """{"contents":[{"parts":[{"text":"Hi"}]}],"safetySettings":[]}"""),
        ("/v1beta/models/o/m:embedContent", """{"content":{"parts":[{"text":"Hi"}]},"outputDimensionality":3}"""),
        ("/v1beta/models/g/m:countTokens", """{"contents":[{"parts":[{"text":"Hi"}]}]}"""),
        ("/v1/responses", """{"model":"o/m","input":[{"role":"user","content":[{"type":"input_text","text":"Hi"}]}],"stream":true,"store":false,"max_output_tokens":20,"tools":[{"type":"function","name":"f","parameters":{}}],"previous_response_id":null}"""),
        ("/v1/embeddings", """{"model":"o/m","input":["a","b"],"dimensions":3,"encoding_format":"float"}"""),
        ("/v1/moderations", """{"model":"o/m","input":"a"}"""),
        ("/v1/rerank", """{"model":"o/m","query":"a","documents":["b","c"],"top_n":1}"""),
        ("/v1/images/generations", """{"model":"o/m","prompt":"a cat","n":1,"size":"1024x1024"}"""),
        ("/v1/audio/speech", """{"model":"o/m","input":"Hi","voice":"v"}"""),
        ("/v1/batches", """{"input_file_id":"file-1","endpoint":"/v1/chat/completions","completion_window":"24h"}"""),
    ];

    // What members of the gateway's own headers may hold.
    private static readonly (string Name, string[] Values)[] Headers =
    [
        ("x-perigee-cache", ["on", "off", "refresh", "semantic", "exact", "only", "?"]), ("x-perigee-cache-ttl", ["1", "-1", "99999999999999999999", "a"]),
        ("x-perigee-cache-namespace", ["n", "a|b", "é", " "]), ("x-perigee-metadata", ["{\"a\":\"b\"}", "{\"a\":\"\\ud800\"}", "[", "{}"]),
        ("x-perigee-tags", ["a,b", "{\"a\":1}", "{"]), ("x-perigee-user", ["u", "\u00FF"]), ("x-perigee-strict", ["true", "maybe"]),
        ("anthropic-beta", ["a,b", ","]), ("anthropic-version", ["2023-06-01", "x"]), ("traceparent", ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0"]),
        ("Idempotency-Key", ["k"]), ("x-perigee-max-cost", ["0.1", "NaN"]), ("x-perigee-cache-threshold", ["0.9", "2", "NaN"]), ("Accept", ["text/event-stream", "*/*", ";"]),
    ];

    private static readonly (string Name, string[] Values)[] OddHeaders =
    [
        ("retry-after", ["1", "-1", "99999999999999999999", "soon", "Fri, 31 Dec 9999 23:59:59 GMT"]), ("x-request-id", ["é", "a b", ""]), ("request-id", ["\u00FF"]), ("openai-processing-ms", ["é", "1"]),
        ("Content-Type", ["application/json; charset=é", "text/event-stream; charset=latin1", "é", "application/x-ndjson"]), ("x-ratelimit-remaining-requests", ["-5", "é", "1e99"]),
        ("x-ratelimit-reset-tokens", ["1h", "é", "99999999999h"]), ("anthropic-ratelimit-requests-reset", ["2026-13-45", "9999-12-31T23:59:59Z"]), ("Content-Encoding", ["gzip", "br", "zstd", "é"]),
        ("Transfer-Encoding", ["identity"]), ("Set-Cookie", ["a=é"]), ("Location", ["é"]), ("x-should-retry", ["maybe"]), ("ETag", ["é"]),
    ];

    private static readonly (string Method, string Path, string Body)[] Managed =
    [
        ("POST", "/manage/v1/organisations", """{"id":"org_a","name":"A","settings":{"allowedModels":["demo/*"],"limits":[{"meter":"money","amount":5,"per":"month","timeZone":"Europe/Vienna"}],"metadata":{"a":"b"}}}"""),
        ("POST", "/manage/v1/teams", """{"id":"team_a","organisation":"org_a","name":"T"}"""),
        ("POST", "/manage/v1/keys", """{"name":"k","team":"team_a","requestsPerMinute":60,"allowedIps":["10.0.0.0/8"],"expiresAt":"2031-01-01T00:00:00Z","allowedDialects":["gemini"],"cacheTtlSeconds":5,"userLimits":[{"meter":"requests","amount":3,"per":"day"}],"defaults":{"temperature":0.5}}"""),
        ("POST", "/manage/v1/admin-keys", """{"name":"ci","role":"viewer"}"""),
        ("PATCH", "/manage/v1/organisations/org_a", """{"name":"B","allowedModels":["a/*"],"limits":null,"disabled":false}"""),
        ("PATCH", "/manage/v1/teams/team_a", """{"metadata":{"a":null},"expiresAt":"2031-01-01","logBodiesPercent":5}"""),
        ("GET", "/manage/v1/keys?limit=3&after=a", ""), ("GET", "/manage/v1/organisations?limit=3", ""), ("GET", "/manage/v1/audit?from=2026-01-01&to=2030-01-01&limit=3&after=x", ""),
        ("GET", "/manage/v1/usage?from=2026-01-01&to=2026-01-02&bucket=hour&groupBy=key,model&status=200&limit=5&after=x&format=csv", ""),
        ("POST", "/manage/v1/usage:reconcile", """{"hour":"2026-01-01T12:00:00Z","apply":false}"""),
        ("GET", "/manage/v1/limits?owner=org_a", ""), ("GET", "/manage/v1/logs?from=2026-01-01&to=2026-01-02&limit=3&status=200&model=a&after=x", ""), ("GET", "/manage/v1/logs?id=01a22932-0000-7000-8000-000000000000", ""),
        ("GET", "/manage/v1/logs:verify?stream=requests&from=2026-01-01&to=2026-01-02", ""), ("GET", "/manage/v1/cache?tenant=a&namespace=b", ""),
        ("POST", "/manage/v1/cache:invalidate", """{"tenant":"a","namespace":"b","model":"c"}"""), ("DELETE", "/manage/v1/cache/abcdef?x=1", ""),
        ("GET", "/manage/v1/config", ""), ("GET", "/manage/v1/config/stored", ""), ("PUT", "/manage/v1/config/stored", """{"aliases":{"x":"demo/echo"},"cache":{"enabled":true,"ttlSeconds":60},"limits":{"rules":[{"meter":"requests","amount":900,"per":"minute"}]}}"""),
        ("DELETE", "/manage/v1/config/stored", ""), ("GET", "/manage/v1/regions", ""), ("GET", "/manage/v1/health/targets", ""), ("POST", "/manage/v1/health/targets/demo/echo:close", "{}"), ("GET", "/manage/v1/keys/key_x", ""),
        ("POST", "/manage/v1/keys/key_x:rotate", """{"overlapSeconds":3}"""), ("DELETE", "/manage/v1/keys/key_x", ""), ("GET", "/v1/models?limit=3&after_id=x&before_id=y", ""), ("GET", "/v1beta/models?pageSize=3&pageToken=x", ""), ("GET", "/v1/models/demo%2Fecho?x=1", ""),
        ("GET", "/v1/responses/resp_x?include=a", ""), ("GET", "/v1/files?limit=2", ""), ("GET", "/metrics?x=1", ""), ("GET", "/?x=1", ""), ("GET", "/manage/v1/openapi.json?x=1", ""),
    ];

    [Fact]
    public async Task The_gateway_never_fails_itself_and_always_answers()
    {
        output.WriteLine($"seed {Seed}");
        await using FaultyUpstream upstream = await FaultyUpstream.StartAsync();
        ConcurrentQueue<string> log = new();
        await using GatewayRig gateway = await GatewayRig.StartAsync(
            $$"""
            {
              "providers": {
                "o": {"kind": "custom", "network": "loopback", "baseUrl": "{{upstream.Url}}/o/v1"},
                "a": {"kind": "custom", "dialect": "anthropic", "network": "loopback", "baseUrl": "{{upstream.Url}}/a{{Tongue.Anthropic.BasePath}}"},
                "g": {"kind": "custom", "dialect": "gemini", "network": "loopback", "baseUrl": "{{upstream.Url}}/g{{Tongue.Gemini.BasePath}}"},
              },
              "routes": { "r": {"targets": ["a/m", "g/m", "o/m"], "policy": "weighted"} },
              "cache": {"mode": "semantic", "semantic": {"near": true} },
              "limits": {"rules": [{"meter": "tokens", "amount": 900000000, "per": "day"}, {"meter": "requests", "amount": 90000000, "per": "minute"}]},
              "content": "on", "logs": {"bodies": 100},
              "timeouts": {"firstTokenSeconds": 5, "idleSeconds": 5},
            }
            """,
            builder => builder.Services.AddSingleton<ILoggerProvider>(new OwnErrors(log)));
        Random dice = new(Seed);
        foreach ((string name, Tongue tongue) in new[] { ("o", Tongue.OpenAi), ("a", Tongue.Anthropic), ("g", Tongue.Gemini) })
            upstream.On(name, http => AnswerAsync(http, tongue, dice));

        using HttpClient client = new(new SocketsHttpHandler { RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8 })
        {
            BaseAddress = gateway.Http.BaseAddress, Timeout = TimeSpan.FromSeconds(60),
        };
        ConcurrentDictionary<int, int> statuses = new();
        ConcurrentQueue<string> faults = new();
        await Parallel.ForAsync(0, Questions, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, cancel) =>
        {
            Random random = new(Seed + number);
            (string path, string body) = Starts[random.Next(Starts.Length)];
            byte[] bytes = Encoding.UTF8.GetBytes(body);
            bytes = random.Next(6) switch
            {
                0 => bytes,
                1 => Mutator.Mutate(bytes, random),
                _ => Mutator.Change(bytes, random),
            };
            using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new ByteArrayContent(bytes) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            for (int more = random.Next(3); more > 0; more--)
            {
                (string name, string[] values) = Headers[random.Next(Headers.Length)];
                request.Headers.TryAddWithoutValidation(name, values[random.Next(values.Length)]);
            }

            string what = $"{number}: {path} {Encoding.UTF8.GetString(bytes)} {string.Join(", ", request.Headers.Select(header => $"{header.Key}: {string.Join(',', header.Value)}"))}";
            try
            {
                using HttpResponseMessage answer = await client.SendAsync(request, cancel);
                string text = await answer.Content.ReadAsStringAsync(cancel);
                statuses.AddOrUpdate((int)answer.StatusCode, 1, static (_, count) => count + 1);
                if (text.Contains("gateway_internal_error", StringComparison.Ordinal) || text.Contains("The gateway failed", StringComparison.Ordinal))
                    faults.Enqueue($"failed itself: {what}");
                else if ((int)answer.StatusCode >= 400 && !IsError(path, text))
                    faults.Enqueue($"{(int)answer.StatusCode} without an error: {what}\n{text}");
            }
            catch (HttpRequestException cut) when (cut.InnerException is IOException)
            {
                // A stream of the provider's that broke off is cut here, too.
                statuses.AddOrUpdate(0, 1, static (_, count) => count + 1);
            }
            catch (TaskCanceledException)
            {
                faults.Enqueue($"no answer: {what}");
            }
        });
        output.WriteLine(string.Join(", ", statuses.OrderBy(static one => one.Key).Select(static one => $"{one.Key}: {one.Value}")));
        Assert.True(faults.IsEmpty && log.IsEmpty, $"{faults.Count} faults\n{string.Join("\n\n", faults.Take(20))}\n{log.Count} errors in the log\n{string.Join("\n\n", log.Take(20))}");
        Assert.True(statuses.GetValueOrDefault(200) > Questions / 20, "Hardly any question got through.");
    }

    [Fact]
    public async Task Management_never_fails_itself()
    {
        output.WriteLine($"seed {Seed}");
        ConcurrentQueue<string> log = new();
        await using GatewayRig gateway = await GatewayRig.StartAsync(
            """{"routes": {"r": {"targets": ["demo/echo"]}}}""", builder => builder.Services.AddSingleton<ILoggerProvider>(new OwnErrors(log)));
        using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = gateway.Http.BaseAddress, Timeout = TimeSpan.FromSeconds(60) };
        foreach ((string method, string path, string body) in Managed.Take(4))
            await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(body, Encoding.UTF8, "application/json") }, TestContext.Current.CancellationToken);
        ConcurrentDictionary<int, int> statuses = new();
        ConcurrentQueue<string> faults = new();
        await Parallel.ForAsync(0, Questions, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, cancel) =>
        {
            Random random = new(Seed + number);
            (string method, string path, string body) = Managed[random.Next(Managed.Length)];
            if (random.Next(3) == 0 && path.Contains('='))
                path = OddQuery(path, random);
            byte[] bytes = Encoding.UTF8.GetBytes(body);
            if (bytes.Length > 0 && random.Next(4) > 0)
                bytes = random.Next(3) == 0 ? Mutator.Mutate(bytes, random) : Mutator.Change(bytes, random);
            using HttpRequestMessage request = new(new HttpMethod(method), path);
            if (bytes.Length > 0)
            {
                request.Content = new ByteArrayContent(bytes);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            }

            string what = $"{number}: {method} {path} {Encoding.UTF8.GetString(bytes)}";
            try
            {
                using HttpResponseMessage answer = await client.SendAsync(request, cancel);
                string text = await answer.Content.ReadAsStringAsync(cancel);
                statuses.AddOrUpdate((int)answer.StatusCode, 1, static (_, count) => count + 1);
                if ((int)answer.StatusCode >= 500)
                    faults.Enqueue($"{(int)answer.StatusCode}: {what} {text}");
                else if ((int)answer.StatusCode >= 400 && !IsError(path, text))
                    faults.Enqueue($"{(int)answer.StatusCode} without an error: {what}\n{text}");
            }
            catch (TaskCanceledException)
            {
                faults.Enqueue($"no answer: {what}");
            }
        });
        output.WriteLine(string.Join(", ", statuses.OrderBy(static one => one.Key).Select(static one => $"{one.Key}: {one.Value}")));
        Assert.True(faults.IsEmpty && log.IsEmpty, $"{faults.Count} faults\n{string.Join("\n\n", faults.Take(20))}\n{log.Count} errors in the log\n{string.Join("\n\n", log.Take(20))}");
    }

    private static string OddQuery(string path, Random random)
    {
        string[] odd = ["", "-1", "99999999999999999999", "%00", "%ED%A0%80", "a%2Cb", "2030-13-45", "0001-01-01", "9999-12-31T23:59:59Z", "NaN", "%F0%9F%98%80", "(none)", "null", "%25", "..%2F.."];
        string[] parts = path.Split('=');
        int at = random.Next(1, parts.Length);
        int end = parts[at].IndexOf('&', StringComparison.Ordinal);
        parts[at] = odd[random.Next(odd.Length)] + (end < 0 ? "" : parts[at][end..]);
        return string.Join('=', parts);
    }

    private static bool IsError(string path, string text)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(ReadableJson.Of(Encoding.UTF8.GetBytes(text)));
            JsonElement root = json.RootElement;

            // A stream that was asked for as an array may tell its error in one.
            if (root.ValueKind == JsonValueKind.Array)
                root = root[0];
            return root.TryGetProperty("error", out JsonElement error) && error.TryGetProperty("message", out JsonElement message) && message.ValueKind == JsonValueKind.String
                && (!path.StartsWith("/v1/messages", StringComparison.Ordinal) || root.GetProperty("type").GetString() == "error");
        }
        catch (Exception odd) when (odd is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return false;
        }
    }

    private static async Task AnswerAsync(HttpContext http, Tongue tongue, Random dice)
    {
        byte[] question = new byte[1 << 16];
        int length = await http.Request.Body.ReadAtLeastAsync(question, question.Length, throwOnEndOfStream: false);
        Random random;
        lock (dice)
            random = new Random(dice.Next());
        bool stream = http.Request.Path.Value!.Contains("streamGenerate", StringComparison.Ordinal)
            || question.AsSpan(0, length).IndexOf("\"stream\":true"u8) >= 0;
        (int status, string type, string body) = random.Next(6) switch
        {
            0 => (new[] { 400, 401, 403, 404, 409, 413, 422, 429, 500, 503, 529, 302 }[random.Next(12)], "application/json", tongue.Error(400, "No sk-proj-abcdefghijklmnopqrstuvwx \u00FF")),
            1 => (200, "text/html", "<html>"),
            2 => (200, "application/json", "{}"),
            _ when stream => (200, "text/event-stream", tongue.Opening + tongue.Piece("one ") + tongue.Piece("two") + (random.Next(4) == 0 ? tongue.ErrorEvent(500, "Broke.") : tongue.Finish + tongue.Closing)),
            _ => (200, "application/json", tongue.Whole("one two")),
        };
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        if (random.Next(3) == 0)
            bytes = Mutator.Mutate(bytes, random);
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        if (random.Next(4) == 0)
        {
            (string header, string[] values) = OddHeaders[random.Next(OddHeaders.Length)];
            http.Response.Headers[header] = values[random.Next(values.Length)];
        }

        await http.Response.Body.WriteAsync(bytes);
    }
}

using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Logs;

/// <summary>What a client is told of a failure holds none of what was planted in it, in whatever dialect, form and pieces the failure comes.</summary>
public sealed class ErrorCanaryTests
{
    private const string Sinks = "\"content\":\"on\",\"cache\":{\"enabled\":false},\"logs\":{\"bodies\":100,\"flushSeconds\":1}";

    private static readonly string[] Marks = ["[redacted]", "[email]", "[phone]", "[card]", "[iban]", "[ip]"];

    /// <summary>Client's dialect, provider's dialect, and whether a stream is asked for.</summary>
    public static TheoryData<string, string, bool> Pairs
    {
        get
        {
            TheoryData<string, string, bool> pairs = [];
            foreach (string client in (string[])["openai", "anthropic", "gemini"])
            {
                foreach (string provider in (string[])["openai", "anthropic", "gemini"])
                {
                    pairs.Add(client, provider, false);
                    pairs.Add(client, provider, true);
                }
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task An_error_body_is_told_without_what_was_planted(string client, string provider, bool stream)
    {
        Tongue asks = Of(client), answers = Of(provider);
        await using InProcess gateway = await InProcess.StartAsync(Sinks);
        List<string> leaks = [];
        foreach ((string kind, string planted, string telling) in Planted.Values)
        {
            gateway.Provider.Say(400, answers.Error(400, $"You sent {planted}, which is wrong.", planted, planted));
            gateway.Provider.Headers.Clear();
            gateway.Provider.Headers.AddRange([("x-request-id", planted), ("warning", planted), ("retry-after", planted), ("openai-model", planted)]);
            InProcess.Told told = await gateway.AskAsync(asks.ClientPath(provider + "x/m", stream), asks.Question(provider + "x/m", stream));
            Assert.Equal(400, told.Status);
            using JsonDocument body = JsonDocument.Parse(told.Body);
            Assert.True(asks.ErrorMessage(body.RootElement) is { } message && Marks.Any(message.Contains), told.Body);
            if ((told.Body + told.Headers).Contains(telling, StringComparison.Ordinal))
                leaks.Add($"{kind} {planted}: {told.Body} {told.Headers}");
        }

        Assert.True(leaks.Count == 0, string.Join('\n', leaks.Take(20)));
        Assert.Equal(Planted.Values.Count, gateway.Provider.Calls);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_compressed_error_is_told_plain_and_without_it(string encoding)
    {
        await using InProcess gateway = await InProcess.StartAsync(Sinks);
        foreach ((string _, string planted, string telling) in Planted.Values)
        {
            gateway.Provider.Say(422, Tongue.OpenAi.Error(422, $"You sent {planted}."));
            gateway.Provider.Body = Compressed(gateway.Provider.Body, encoding);
            gateway.Provider.Encoding = encoding;
            InProcess.Told told = await gateway.AskAsync("/v1/chat/completions", Tongue.OpenAi.Question("openaix/m", stream: false));
            Assert.DoesNotContain(telling, told.Body, StringComparison.Ordinal);
            Assert.Contains($"Content-Length: {Encoding.UTF8.GetByteCount(told.Body)}", told.Headers, StringComparison.Ordinal);
            Assert.DoesNotContain("Content-Encoding", told.Headers, StringComparison.Ordinal);
            Assert.StartsWith("""{"error":{"message":"You sent """, told.Body, StringComparison.Ordinal);
        }
    }

    /// <summary>Forms of an error in which a value stands, and how often a client may be told of it.</summary>
    public static TheoryData<string, string> Forms => new()
    {
        { "application/json", """{"error":{"message":"m","type":VALUE,"param":VALUE,"code":VALUE,"details":[{"VALUETEXT":VALUE}]}}""" },
        { "application/json", """{"error":{"message":"bad","type":"x","request":{"headers":{"authorization":VALUE,"password":12345678}}}}""" },
        { "application/json", """{"detail":[{"loc":["body","VALUETEXT"],"msg":VALUE,"input":VALUE}]}""" },
        { "application/json", """{"error":VALUE}""" },
        { "application/json", """[{"error":{"code":400,"message":VALUE,"status":"INVALID_ARGUMENT","details":[{"@type":"x","fieldViolations":[{"field":VALUE}]}]}}]""" },
        { "text/plain", "upstream said: VALUETEXT" },
        { "text/html", "<html><body>VALUETEXT</body></html>" },
        { "application/json", """{"error":{"message":"LONG VALUETEXT","type":"invalid_request_error"}}""" },
        { "text/plain", "LONG VALUETEXT" },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task In_no_form_of_an_error_it_is_told(string type, string form)
    {
        await using InProcess gateway = await InProcess.StartAsync(Sinks);
        int place = 0;
        foreach ((string _, string planted, string telling) in Planted.Values)
        {
            // A long text is cut: in the middle of the value, at another place each time.
            string text = JsonEncodedText.Encode(planted).Value, filler = string.Concat(Enumerable.Repeat("word ", 400))[..(1998 - (place++ % 20))];
            gateway.Provider.Say(400, form.Replace("LONG", filler, StringComparison.Ordinal).Replace("VALUETEXT", type == "application/json" ? text : planted, StringComparison.Ordinal)
                .Replace("VALUE", $"\"{text}\"", StringComparison.Ordinal), type);
            foreach ((Tongue tongue, string provider) in ((Tongue, string)[])[(Tongue.OpenAi, "openaix/m"), (Tongue.Anthropic, "openaix/m")])
            {
                InProcess.Told told = await gateway.AskAsync(tongue.ClientPath(provider, stream: false), tongue.Question(provider, stream: false));
                Assert.Equal(400, told.Status);
                using JsonDocument body = JsonDocument.Parse(told.Body);
                Assert.NotNull(tongue.ErrorMessage(body.RootElement));
                Assert.DoesNotContain(telling, told.Body, StringComparison.Ordinal);
                Assert.DoesNotContain(telling[..(telling.Length / 2 + 1)], told.Body, StringComparison.Ordinal);
                Assert.DoesNotContain("12345678", told.Body, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task The_providers_own_key_is_masked_in_the_middle_of_a_stream_too()
    {
        await using InProcess gateway = await InProcess.StartAsync(Sinks);
        foreach (Tongue tongue in (Tongue[])[Tongue.OpenAi, Tongue.Anthropic, Tongue.Gemini])
        {
            gateway.Provider.Say(200, tongue.Opening + tongue.Piece("Hello") + tongue.ErrorEvent(500, $"The key {InProcess.Key} is used up."), "text/event-stream");
            InProcess.Told told = await gateway.AskAsync(tongue.ClientPath(tongue.Name + "x/m", stream: true), tongue.Question(tongue.Name + "x/m", stream: true));
            Assert.Contains("Hello", told.Body, StringComparison.Ordinal);
            Assert.Contains("is used up", told.Body, StringComparison.Ordinal);
            Assert.DoesNotContain(InProcess.Key[..8], told.Body, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("openai", "openai")]
    [InlineData("anthropic", "anthropic")]
    [InlineData("gemini", "gemini")]
    [InlineData("openai", "anthropic")]
    [InlineData("anthropic", "gemini")]
    [InlineData("gemini", "openai")]
    public async Task An_error_within_a_stream_is_told_without_it_at_every_split(string client, string provider)
    {
        Tongue asks = Of(client), answers = Of(provider);
        await using InProcess gateway = await InProcess.StartAsync(Sinks);
        string model = provider + "x/m", path = asks.ClientPath(model, stream: true), question = asks.Question(model, stream: true);
        string before = answers.Opening + answers.Piece("Hello");
        int first = Encoding.UTF8.GetByteCount(before);
        for (int i = 0; i < Planted.Values.Count; i++)
        {
            (string kind, string planted, string telling) = Planted.Values[i];
            await gateway.SucceedAsync(answers);
            string events = before + answers.ErrorEvent(500, $"You sent {planted}.") + answers.Closing;
            int from = first - 2, to = first + Encoding.UTF8.GetByteCount(answers.ErrorEvent(500, $"You sent {planted}.")) + 1;

            // Of some values every place of the event, of the others one in seven, another one each time.
            int step = i % 20 == 0 ? 1 : 7;
            for (int split = from + (i % step); split < to; split += step)
            {
                gateway.Provider.Say(200, events, "text/event-stream", split);
                InProcess.Told told = await gateway.AskAsync(path, question);
                Assert.True(told.Body.Contains("Hello", StringComparison.Ordinal), told.Body);
                Assert.True(Marks.Any(told.Body.Contains), told.Body);
                Assert.False(told.Body.Contains(telling, StringComparison.Ordinal), $"{kind} {planted} split at {split}: {told.Body}");
            }
        }
    }

    /// <summary>Streams with an error in an unusual place; EVENT is the error's text.</summary>
    public static TheoryData<string, string, string> Streams => new()
    {
        { "chat before any content", "/v1/chat/completions", "data: {\"error\":{\"message\":VALUE,\"code\":400}}\n\n" },
        { "chat with a choice", "/v1/chat/completions", CHAT + "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"error\"}],\"error\":{\"code\":502,\"message\":VALUE,\"metadata\":{\"raw\":VALUE}}}\n\ndata: [DONE]\n\n" },
        { "chat with a choice at first", "/v1/chat/completions", "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"error\"}],\"error\":{\"code\":502,\"message\":VALUE}}\n\ndata: [DONE]\n\n" },
        { "chat twice", "/v1/chat/completions", CHAT + "data: {\"error\":{\"message\":\"first\"}}\n\ndata: {\"error\":{\"message\":VALUE}}\n\n" },
        { "no JSON", "/v1/chat/completions", CHAT + "data: upstream failed for VALUETEXT\n\n" },
        { "named, no JSON", "/v1/chat/completions", CHAT + "event: error\ndata: failed for VALUETEXT\n\n" },
        { "several lines", "/v1/chat/completions", CHAT + "data: {\"error\":\ndata: {\"message\":VALUE}}\n\n" },
        { "id and comment", "/v1/chat/completions", CHAT + ": VALUETEXT\nid: VALUETEXT\ndata: {\"error\":{\"message\":VALUE}}\n\n" },
        { "no blank line at the end", "/v1/chat/completions", CHAT + "data: {\"error\":{\"message\":VALUE}}" },
        { "a number", "/v1/chat/completions", CHAT + "data: {\"error\":{\"message\":VALUE,\"card\":4111111111111111,\"password\":12345678}}\n\n" },
        { "responses, error", "/v1/responses", RESPONSES + "event: error\ndata: {\"type\":\"error\",\"code\":\"x\",\"message\":VALUE,\"param\":VALUE}\n\n" },
        { "responses, failed", "/v1/responses", RESPONSES + "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"id\":\"r\",\"object\":\"response\",\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":VALUE},\"output\":[]}}\n\n" },
        { "messages", "/v1/messages", "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":VALUE}}\n\n" },
        { "gemini as an array", "/v1beta/models/geminix/m:streamGenerateContent", "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hello\"}],\"role\":\"model\"}}]}\n,\r\n{\"error\":{\"code\":500,\"message\":VALUE,\"status\":\"INTERNAL\"}}]" },
    };

    private const string CHAT = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hello\"}}]}\n\n";

    private const string RESPONSES = "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"item_id\":\"i\",\"output_index\":0,\"content_index\":0,\"delta\":\"Hello\"}\n\n";

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Where_streams_tell_of_errors_it_is_not_told(string name, string path, string events)
    {
        await using InProcess gateway = await InProcess.StartAsync(Sinks);
        int place = 0;
        foreach ((string kind, string planted, string telling) in Planted.Values)
        {
            string text = JsonEncodedText.Encode(planted).Value;
            string said = events.Replace("VALUETEXT", planted, StringComparison.Ordinal).Replace("VALUE", $"\"{text}\"", StringComparison.Ordinal);
            place = (place + 13) % said.Length;
            gateway.Provider.Say(200, said, path.Contains("streamGenerate", StringComparison.Ordinal) ? "application/json" : "text/event-stream", place);
            string question = path switch
            {
                "/v1/responses" => """{"model":"openaix/m","stream":true,"input":"hi"}""",
                "/v1/messages" => Tongue.Anthropic.Question("anthropicx/m", stream: true),
                "/v1/chat/completions" => Tongue.OpenAi.Question("openaix/m", stream: true),
                _ => Tongue.Gemini.Question("geminix/m", stream: true),
            };
            InProcess.Told told = await gateway.AskAsync(path, question);
            Assert.True(Marks.Any(told.Body.Contains), $"{name}: {told.Body}");
            Assert.False(told.Body.Contains(telling, StringComparison.Ordinal), $"{name}: {kind} {planted} split at {place}: {told.Body}");
            Assert.DoesNotContain("4111111111111111", told.Body, StringComparison.Ordinal);
            if (told.Body.StartsWith('['))
            {
                JsonDocument.Parse(told.Body).Dispose();
                continue;
            }

            foreach (string one in told.Body.Split("\n\n"))
            {
                string data = string.Concat(one.Split('\n').Where(static line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(static line => line[6..]));
                if (data.StartsWith('{'))
                    JsonDocument.Parse(data).Dispose();
            }
        }
    }

    [Fact]
    public async Task What_the_gateway_says_itself_does_not_repeat_it()
    {
        await using InProcess gateway = await InProcess.StartAsync(Sinks);
        List<string> leaks = [];
        foreach ((string kind, string planted, string telling) in Planted.Values)
        {
            string text = JsonSerializer.Serialize(planted), escaped = Uri.EscapeDataString(planted), header = planted;
            (string Path, string? Body, (string, string)[] Headers)[] asked =
            [
                ("/v1/chat/completions", $$"""{"model":{{text}},"messages":[{"role":"user","content":"hi"}]}""", []),
                ("/v1/chat/completions", $$"""{"model":{{JsonSerializer.Serialize("nobody/" + planted)}},"messages":[{"role":"user","content":"hi"}]}""", []),
                ("/v1/chat/completions", $$"""{"model":{{JsonSerializer.Serialize(new string('m', 85) + " " + planted)}},"messages":[{"role":"user","content":"hi"}]}""", []),
                ("/v1/messages", $$"""{"model":"openaix/m","max_tokens":{{text}},"messages":[{"role":{{text}},"content":"hi"}]}""", []),
                ("/v1/messages", $$"""{"model":"openaix/m","max_tokens":5,"messages":[{"role":"user","content":[{"type":{{text}},"text":"x"}]}]}""", []),
                ("/v1/chat/completions", $$"""{"model":"anthropicx/m","messages":[{"role":"user","content":"hi"}],{{text}}:1}""", [("x-perigee-strict", "true")]),
                ("/v1/responses", $$"""{"model":"anthropicx/m","input":[{"type":{{text}},"role":{{text}} }]}""", []),
                ("/v1/chat/completions", $$"""{"model":"openaix/m","messages":[{"role":"user","content":"hi"}]}""", [("x-perigee-strict", header), ("x-perigee-cache-ttl", header), ("x-perigee-timeout-ms", header)]),
                ("/v1/chat/completions", $$"""{"model":"openaix/m","messages":[{"role":"user","content":"hi"}]}""", [("Content-Type", header)]),
                ($"/v1beta/models/{escaped}:generateContent", """{"contents":[{"parts":[{"text":"x"}]}]}""", []),
                ($"/v1beta/models/openaix/m:{escaped}", """{"contents":[{"parts":[{"text":"x"}]}]}""", []),
                ($"/v1/models/{escaped}", null, []),
                ($"/v1beta/models/{escaped}", null, []),
                ($"/v1/{escaped}?x={escaped}", null, []),
                ($"/v1/files/{escaped}", null, []),
                ($"/v1/responses/{escaped}", null, []),
                ($"/{escaped}", "{}", []),
                ("/v1/chat/completions", $"{{\"model\":{text},", []),
                ("/v1/chat/completions", $"{planted}", []),
                ("/v1/embeddings", $$"""{"model":{{text}},"input":{{text}} }""", []),
                ($"/v1/key?{escaped}={escaped}", null, []),
            ];
            gateway.Provider.Say(400, Tongue.OpenAi.Error(400, "No."));
            foreach ((string path, string? body, (string, string)[] headers) in asked)
            {
                InProcess.Told told = await gateway.AskAsync(path, body, 0, headers);
                if ((told.Body + told.Headers + Uri.UnescapeDataString(told.Body)).Contains(telling, StringComparison.Ordinal))
                    leaks.Add($"{kind} {planted} at {path}: {told.Status} {told.Body} {told.Headers}");
            }
        }

        Assert.True(leaks.Count == 0, $"{leaks.Count}\n" + string.Join('\n', leaks.Take(20)));
    }

    [Fact]
    public async Task The_management_api_does_not_repeat_secrets()
    {
        await using InProcess gateway = await InProcess.StartAsync(Sinks);
        foreach ((string _, string planted, string telling) in Planted.Values.Where(static one => one.Kind is "key" or "token"))
        {
            foreach (string path in (string[])[$"/manage/v1/cache?{Uri.EscapeDataString(planted)}=1", $"/manage/v1/usage?{Uri.EscapeDataString(planted)}=1", $"/manage/v1/{Uri.EscapeDataString(planted)}"])
            {
                InProcess.Told told = await gateway.AskAsync(path, null);
                Assert.InRange(told.Status, 400, 499);
                Assert.DoesNotContain(telling, told.Body, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task With_the_switch_off_personal_values_are_told_and_secrets_are_not()
    {
        await using InProcess gateway = await InProcess.StartAsync("\"cache\":{\"enabled\":false},\"logs\":{\"redaction\":{\"errors\":false}}");
        const string said = "write to john@example.org, +49 170 1234567, 203.0.113.9";
        gateway.Provider.Say(400, Tongue.OpenAi.Error(400, said + " with sk-abcdef1234567890"));
        InProcess.Told told = await gateway.AskAsync("/v1/chat/completions", Tongue.OpenAi.Question("openaix/m", stream: false));
        Assert.Contains(said, told.Body.Replace("\\u002B", "+", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("with [redacted]", told.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("abcdef1234567890", told.Body, StringComparison.Ordinal);
        List<JsonElement> records = await gateway.Rig.ExchangesAsync();
        Assert.DoesNotContain("john@", records.Single().GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_that_holds_nothing_of_it_passes_to_the_byte()
    {
        await using InProcess gateway = await InProcess.StartAsync(Sinks);
        (Tongue Tongue, string Body)[] bodies =
        [
            (Tongue.OpenAi, "{\n  \"error\": {\"message\": \"Rate limit reached for gpt-4o in organization org-abc on tokens per min (TPM): Limit 30000, Used 29000, Requested 1500. See https:\\/\\/platform.openai.com\\/account\\/rate-limits.\", \"type\":\"tokens\", \"n\": 1.0e2, \"param\": null, \"code\": \"x\" }\r\n}\n"),
            (Tongue.Anthropic, "{\"type\": \"error\", \"error\": {\"type\": \"invalid_request_error\", \"message\": \"max_tokens: 100000 > 8192, h\\u00e9\"}, \"request_id\": \"req_011CSHoEeqs5C35K2UUqR7Fy\"}"),
            (Tongue.Gemini, "{\n  \"error\": {\n    \"code\": 400,\n    \"message\": \"* GenerateContentRequest.contents: contents is not specified\\n\",\n    \"status\": \"INVALID_ARGUMENT\"\n  }\n}\n"),
        ];
        foreach ((Tongue tongue, string body) in bodies)
        {
            gateway.Provider.Say(400, body, split: 11);
            string model = tongue.Name + "x/m";
            InProcess.Told told = await gateway.AskAsync(tongue.ClientPath(model, stream: false), tongue.Question(model, stream: false));
            Assert.Equal(body, told.Body);
            Assert.Contains($"Content-Length: {Encoding.UTF8.GetByteCount(body)}", told.Headers, StringComparison.Ordinal);

            string events = tongue.Opening + tongue.Piece("write to john@example.org") + tongue.ErrorEvent(500, "Nothing of the kind.");
            gateway.Provider.Say(200, events, "text/event-stream");
            told = await gateway.AskAsync(tongue.ClientPath(model, stream: true), tongue.Question(model, stream: true));
            Assert.Equal(events, told.Body);
        }
    }

    [Fact]
    public async Task What_is_answered_is_the_clients_and_stays()
    {
        await using InProcess gateway = await InProcess.StartAsync(Sinks);
        foreach (Tongue tongue in (Tongue[])[Tongue.OpenAi, Tongue.Anthropic, Tongue.Gemini])
        {
            string model = tongue.Name + "x/m";
            foreach ((string _, string planted, string _) in Planted.Values)
            {
                gateway.Provider.Say(200, tongue.Whole(planted));
                InProcess.Told told = await gateway.AskAsync(tongue.ClientPath(model, stream: false), tongue.Question(model, stream: false));
                Assert.Equal(tongue.Whole(planted), told.Body);
                string events = tongue.Opening + tongue.Piece(planted) + tongue.Finish + tongue.Closing;
                gateway.Provider.Say(200, events, "text/event-stream", 40);
                told = await gateway.AskAsync(tongue.ClientPath(model, stream: true), tongue.Question(model, stream: true));
                Assert.Equal(events, told.Body);
            }
        }
    }

    private static Tongue Of(string name) => name switch { "anthropic" => Tongue.Anthropic, "gemini" => Tongue.Gemini, _ => Tongue.OpenAi };

    private static byte[] Compressed(byte[] bytes, string encoding)
    {
        using MemoryStream output = new();
        using (Stream stream = encoding switch { "gzip" => new GZipStream(output, CompressionLevel.Fastest), "br" => new BrotliStream(output, CompressionLevel.Fastest), _ => new ZLibStream(output, CompressionLevel.Fastest) })
            stream.Write(bytes);
        return output.ToArray();
    }
}

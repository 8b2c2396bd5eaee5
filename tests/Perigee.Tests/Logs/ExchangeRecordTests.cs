using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Perigee.Logs;
using Perigee.Providers;
using Perigee.Tests.Configuration;
using Perigee.Tests.Routing;
using Perigee.Wire;

namespace Perigee.Tests.Logs;

public sealed class ExchangeRecordTests : IDisposable
{
    private static readonly Operation Chat = new("chat", "POST", "/v1/chat/completions", BodyShape.Json, TargetBy.Model);

    private static readonly GatewayOptions Options = Settings.Read("", ("OPENAI_API_KEY", "k"), ("MISTRAL_API_KEY", "Canary0AbCdEfGhIjKl"));

    private readonly FakeTimeProvider _time = new();
    private readonly MemoryBlobs _blobs = new();
    private readonly LogShipper _shipper;

    public ExchangeRecordTests() => _shipper = new(
        _blobs, new GatewayHost { Mode = "local", Instance = "i1" }, new Fixed(), new Redactor(ProviderRows.Shipped.All.SelectMany(row => row.KeyPatterns), new Fixed()),
        _time, NullLogger<LogShipper>.Instance);

    public void Dispose() => _shipper.Dispose();

    [Fact]
    public async Task A_record_holds_what_the_steps_found_out()
    {
        Exchange exchange = RoutedExchange.Of(Chat, Options, """{"model":"gpt-4o","stream":true}""", started: _time.GetTimestamp());
        exchange.Stream = true;
        exchange.Http.Request.Headers.UserAgent = "openai/5.1";
        exchange.Cache = CacheOutcome.Miss;
        exchange.Limit = new(new LimitRule { Name = "requests-minute", Level = LimitLevel.Key, Owner = "key_1", Meter = LimitMeter.Requests, Amount = 60, Period = LimitPeriod.Minute }, 59, TimeSpan.FromSeconds(1));
        Target target = new(Options.Providers["openai"], "gpt-4o");
        exchange.Attempts.Add(new(target, 503, ErrorKind.ProviderFailed, TimeSpan.FromMilliseconds(5), null, TimeSpan.FromMilliseconds(10), false, null) { Outcome = "503" });
        exchange.Attempts.Add(new(target, 200, null, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(30), TimeSpan.FromMilliseconds(50), true, "req_9") { Outcome = "ok", Sent = true, Usage = new TokenUsage(1, 2, 3, 4, 5) });
        exchange.Served = target;
        exchange.Dropped = ["logit_bias"];
        exchange.Answer.Restore("gpt-4o-2024-08-06", new TokenUsage(1, 2, 3, 4, 5), FinishReason.ToolCalls);
        exchange.Complete = true;
        exchange.ToFirstContent = TimeSpan.FromMilliseconds(41);
        exchange.BytesOut = 1234;
        exchange.Overhead = TimeSpan.FromMilliseconds(4);

        JsonElement record = await ShipAsync(exchange, _ =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(64));
            return Task.CompletedTask;
        });

        Assert.Equal(
            """
            {"v":2,"kind":"exchange","time":"1970-01-01T00:00:00Z","region":"local","instance":"i1","seq":1,"id":"x","keyId":"key_1","tenant":"t1",
            "dialect":"openai-chat","operation":"chat","model":"gpt-4o","target":"openai/gpt-4o","sentModel":"gpt-4o","answerModel":"gpt-4o-2024-08-06","stream":true,
            "attempts":[{"provider":"openai","model":"gpt-4o","status":503,"outcome":"503","failure":"provider_failed","toHeadersMs":5,"totalMs":10,"shown":false},
            {"provider":"openai","model":"gpt-4o","status":200,"outcome":"ok","toHeadersMs":20,"toContentMs":30,"totalMs":50,"shown":true,"requestId":"req_9"}],
            "status":200,"cache":"miss","limit":{"name":"requests-minute","owner":"key_1","amount":60,"remaining":59},
            "tokens":{"inputFresh":1,"inputCacheRead":2,"inputCacheWrite":3,"inputCacheWriteHour":0,"outputText":4,"outputReasoning":5},"cost":null,"priceKnown":false,
            "droppedParams":["logit_bias"],"ttftMs":41,"tokensPerSecond":391.3,"totalMs":64,"overheadMs":4,"bytesOut":1234,"finish":"tool_calls","complete":true,"userAgent":"openai/5.1"}
            """.ReplaceLineEndings(""),
            record.GetRawText());
    }

    [Fact]
    public async Task A_refusal_is_logged_like_an_answer()
    {
        JsonElement record = await ShipAsync(RoutedExchange.Of(Chat, Options), async http =>
            await http.Features.Get<Exchange>()!.RefuseAsync(new GatewayError(ErrorKind.LimitReached, "Too many.")));

        Assert.Equal(429, record.GetProperty("status").GetInt32());
        Assert.Equal("""{"kind":"limit_reached","blame":"client","message":"Too many."}""", record.GetProperty("error").GetRawText());
        Assert.False(record.GetProperty("complete").GetBoolean());
    }

    [Fact]
    public async Task A_crash_is_logged_by_its_type_alone()
    {
        Exchange exchange = RoutedExchange.Of(Chat, Options);
        LogMiddleware step = new(_ => throw new InvalidOperationException("holds a secret"), [_shipper], _time);

        await Assert.ThrowsAsync<InvalidOperationException>(() => step.InvokeAsync(exchange.Http));

        JsonElement record = await ShippedAsync();
        Assert.Equal(500, record.GetProperty("status").GetInt32());
        Assert.Equal("""{"kind":"internal","blame":"gateway","message":"InvalidOperationException"}""", record.GetProperty("error").GetRawText());
    }

    [Fact]
    public async Task A_client_that_went_away_is_499()
    {
        Exchange exchange = RoutedExchange.Of(Chat, Options);
        exchange.Http.RequestAborted = new CancellationToken(canceled: true);

        JsonElement record = await ShipAsync(exchange, _ => Task.CompletedTask);

        Assert.Equal((499, "client_gone"), (record.GetProperty("status").GetInt32(), record.GetProperty("error").GetProperty("kind").GetString()));
    }

    [Fact]
    public async Task Nothing_is_queued_where_logs_are_off()
    {
        Exchange exchange = RoutedExchange.Of(Chat, Settings.Read("""{"logs":{"enabled":false}}"""));
        await new LogMiddleware(_ => Task.CompletedTask, [_shipper], _time).InvokeAsync(exchange.Http);

        Assert.Equal(0, _shipper.Waiting);
    }

    [Theory]
    [InlineData("sk-canary0AbCdEf")]
    [InlineData("sk-proj-canary_0AbCdEf-x")]
    [InlineData("sk-ant-api03-canary0")]
    [InlineData("pk-canary0AbCdEfGhIj")]
    [InlineData("gsk_canary0AbCd")]
    [InlineData("AIzacanary0AbCdEf")]
    [InlineData("Canary0AbCdEfGhIjKl")]
    [InlineData("eyJcanary0.eyJzdWIi.c2ln")]
    public async Task A_planted_key_never_reaches_the_blob(string key)
    {
        string[] texts = [key, $"Bearer {key}", $"key '{key}' is wrong", $"model-{key}", $"x{key}", $"https://h/?api_key={key}&x=1", $"\"{key}\""];
        foreach (string text in texts)
        {
            Exchange exchange = RoutedExchange.Of(Chat, Options);
            exchange.Model = text;
            exchange.Http.Request.Headers.UserAgent = text;
            exchange.Http.Request.Headers.Authorization = $"Bearer {key}";
            exchange.Http.Request.Headers["api-key"] = key;
            exchange.Http.Request.QueryString = new QueryString($"?key={key}");
            Target target = new(Options.Providers["openai"], text);
            exchange.Served = target;
            exchange.Attempts.Add(new(target, 401, ErrorKind.ProviderRefused, null, null, default, false, text));
            exchange.Answer.Restore(text, null, FinishReason.None);
            exchange.Fail(new GatewayError(ErrorKind.ProviderRefused, $"Incorrect key provided: {text}.", text));
            await new LogMiddleware(_ => Task.CompletedTask, [_shipper], _time).InvokeAsync(exchange.Http);
        }

        await ShippedAsync();

        string all = string.Join('\n', _blobs.Lines);
        Assert.Equal(texts.Length, _blobs.Records.Length);
        Assert.DoesNotContain("canary0", all, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(Redactor.Mark, all, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("The model 'gpt-4o' is not known. Did you mean openai/gpt-4o?")]
    [InlineData("task-force, risk-management and sk-1")]
    [InlineData("Use Bearer authentication or basic information.")]
    [InlineData("openai-python/5.1 (desk-top)")]
    public void Ordinary_text_stays_the_same_string(string text) =>
        Assert.Same(text, new Redactor(ProviderRows.Shipped.All.SelectMany(row => row.KeyPatterns)).Redact(text));

    [Fact]
    public void Long_texts_of_others_are_cut()
    {
        Exchange exchange = RoutedExchange.Of(Chat, Options);
        exchange.Model = new string('m', 100_000);
        exchange.Http.Request.Headers.UserAgent = new string('u', 100_000);
        exchange.Fail(new GatewayError(ErrorKind.BadRequest, new string('e', 100_000)));
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
            new LogLine(new LogOrigin("r", "i"), new CleanTexts(new Redactor([]), null)).Write(json, ExchangeRecord.Of(exchange, default, null));

        Assert.True(buffer.WrittenCount < 2500, Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    [Fact]
    public void Taking_a_record_costs_one_object_on_the_requests_path()
    {
        Exchange exchange = RoutedExchange.Of(Chat, Options, """{"model":"gpt-4o"}""");
        exchange.Http.Request.Headers.UserAgent = "openai/5.1";
        exchange.Answer.Restore("gpt-4o", new TokenUsage(1, 2, 3, 4, 5), FinishReason.Stop);
        for (int i = 0; i < 50; i++)
            _shipper.Take(ExchangeRecord.Of(exchange, default, null));

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            _shipper.Take(ExchangeRecord.Of(exchange, default, null));
        long each = (GC.GetAllocatedBytesForCurrentThread() - before) / 100;

        Assert.InRange(each, 1, 768);
    }

    private async Task<JsonElement> ShipAsync(Exchange exchange, RequestDelegate next)
    {
        await new LogMiddleware(next, [_shipper], _time).InvokeAsync(exchange.Http);
        return await ShippedAsync();
    }

    private async Task<JsonElement> ShippedAsync()
    {
        await _shipper.StartAsync(default);
        await _shipper.StopAsync(default);
        return _blobs.Records[0];
    }

    private sealed class Fixed : IGatewayOptions
    {
        public GatewayOptions Current => Options;
    }
}

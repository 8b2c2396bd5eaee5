using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Perigee.Logs;
using Perigee.Logs.Bodies;
using Perigee.Logs.Shipping;
using Perigee.Tests.Configuration;
using Perigee.Wire;

namespace Perigee.Tests.Logs;

/// <summary>README.md in the logs' folder is the schema: it names every member that the fullest lines have, and no other.</summary>
public sealed partial class LogSchemaTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2031, 2, 3, 4, 5, 6, TimeSpan.Zero);
    private static readonly GatewayOptions Options = Settings.Read("""{"logs":{"flushBytes":1024,"memoryBytes":1048576}}""", ("OPENAI_API_KEY", "k"));

    private readonly FakeTimeProvider _time = new(Start);
    private readonly MemoryBlobs _blobs = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perigee-taken-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Every_member_is_documented_and_every_documented_member_exists()
    {
        JsonElement[] lines = await FullestAsync();
        SortedSet<string> written = new(StringComparer.Ordinal), documented = new(StringComparer.Ordinal);
        foreach (JsonElement line in lines)
        {
            Assert.Equal(LogSchema.Version, line.GetProperty("v").GetInt32());
            string kind = line.GetProperty("kind").GetString()!;
            foreach (JsonProperty member in line.EnumerateObject())
                Walk(kind, member.Name, member.Value, written);
        }

        string section = "";
        foreach (string text in File.ReadAllLines(Path.Combine(Repository.Root, "shared", "Perigee", "Logs", "README.md")))
        {
            if (Heading().Match(text) is { Success: true } heading)
                section = heading.Groups[1].Value;
            else if (text.StartsWith("### Every line", StringComparison.Ordinal))
                section = "*";
            else if (section.Length > 0 && Row().Match(text) is { Success: true } row)
                documented.Add($"{section} {row.Groups[1].Value}");
        }

        string[] common = ["v", "kind", "time", "region", "instance", "seq"];
        Assert.Equal(common.Order(StringComparer.Ordinal), documented.Where(name => name.StartsWith('*')).Select(name => name[2..]).Order(StringComparer.Ordinal));
        Assert.Equal(
            documented.Where(name => !name.StartsWith('*')),
            written.Where(name => !common.Contains(name[(name.IndexOf(' ', StringComparison.Ordinal) + 1)..])));
    }

    [Fact]
    public async Task The_fullest_record_is_written_so()
    {
        JsonElement line = (await FullestAsync()).First(line => line.GetProperty("kind").GetString() == "exchange");
        Assert.Equal(
            """
            {"v":2,"kind":"exchange","time":"2031-02-03T04:05:06Z","region":"westeurope","instance":"i1","seq":1,"id":"0190c0de123456","keyId":"key_1","tenant":"t1",
            "organisation":"org_1","team":"team_1","user":"[email]","userHash":"u_","dialect":"openai-chat","operation":"chat","purpose":"shadow","model":"smart","route":"smart",
            "chosen":"weighted","target":"openai/gpt-4o","sentModel":"gpt-4o","answerModel":"gpt-4o-2024-08-06","stream":true,
            "attempts":[{"provider":"openai","model":"gpt-4o","status":200,"outcome":"ok","hedge":true,"failure":"provider_failed","toHeadersMs":20,"toContentMs":30,"totalMs":50,"shown":true,"requestId":"req_9"}],
            "status":429,"error":{"kind":"limit_reached","blame":"client","message":"Too many for [email]."},"cache":"semantic","cacheTier":"near","cacheKey":"k1","cacheSource":"s1","cacheVerdict":"same",
            "cacheSimilarity":0.9123,"savedDollars":0.000000000001,"limit":{"name":"requests-minute","owner":"key_1","amount":60,"remaining":0},
            "limits":[{"name":"requests-minute","owner":"key_1"}],
            "tokens":{"inputFresh":1,"inputCacheRead":2,"inputCacheWrite":3,"inputCacheWriteHour":6,"outputText":4,"outputReasoning":5,"inputAudio":7,"inputImage":8,"inputTools":9,"outputAudio":10,"outputImage":11,"webSearches":12,"serviceTier":"flex","estimated":true},
            "cost":0.012345678901,"priceKnown":true,
            "savedTokens":{"inputFresh":1,"inputCacheRead":0,"inputCacheWrite":0,"inputCacheWriteHour":0,"outputText":2,"outputReasoning":0},
            "droppedParams":["logit_bias"],"queueMs":3,"ttftMs":41,"totalMs":64,"overheadMs":4,"bytesOut":1234,"finish":"tool_calls","complete":true,"userAgent":"openai/5.1","traceId":"0af7651916cd43dd8448eb211c80319c","headers":{"x-app":"shop"},
            "tags":{"tier":"gold","password":"[redacted]","n":"1"},"questionBody":{"bytes":99,"cut":false},"answerBody":{"bytes":100000,"cut":true,"blob":"v1/bodies/dt=2031-02-03/hour=04/region=westeurope/objects/0190c0de123456-answer.json.gz"}}
            """.ReplaceLineEndings(""),
            Regex.Replace(line.GetRawText(), "u_[0-9a-f]{24}", "u_"));
    }

    [Fact]
    public void Users_are_told_apart_by_a_hash_that_only_the_gateway_can_make()
    {
        CleanTexts one = new(new Redactor([]), new Secret(1)), two = new(new Redactor([]), new Secret(1)), other = new(new Redactor([]), new Secret(2));
        Assert.Equal(one.HashOf("a@b.de"), two.HashOf("a@b.de"));
        Assert.NotEqual(one.HashOf("a@b.de"), one.HashOf("c@b.de"));
        Assert.NotEqual(one.HashOf("a@b.de"), other.HashOf("a@b.de"));
        Assert.Null(new CleanTexts(new Redactor([]), null).HashOf("a@b.de"));
    }

    private static ExchangeRecord Fullest()
    {
        Target target = new(Options.Providers["openai"], "gpt-4o");
        LimitRule rule = new() { Name = "requests-minute", Level = LimitLevel.Key, Owner = "key_1", Meter = LimitMeter.Requests, Amount = 60, Period = LimitPeriod.Minute };
        return new()
        {
            Id = "0190c0de123456", Time = Start, KeyId = "key_1", Tenant = "t1", Organisation = "org_1", Team = "team_1", User = "jo@example.org", Dialect = "openai-chat", Operation = "chat",
            Purpose = "shadow", Model = "smart", Route = "smart", Chosen = "weighted", Served = target, AnswerModel = "gpt-4o-2024-08-06", Stream = true,
            Attempts =
            [
                new(target, 200, ErrorKind.ProviderFailed, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(30), TimeSpan.FromMilliseconds(50), true, "req_9") { Outcome = "ok", Hedge = true },
            ],
            Status = 429, Error = ErrorKind.LimitReached, ErrorMessage = "Too many for jo@example.org.", Cache = nameof(CacheOutcome.Semantic),
            Receipt = new() { Tier = "near", Key = "k1", Source = "s1", Verdict = "same", Similarity = 0.91234, Saved = new TokenUsage(1, 0, 0, 2, 0), SavedPicoDollars = 1 },
            Limit = new(rule, 0, TimeSpan.FromSeconds(1)), Limits = [rule],
            Tokens = RecordedTokens.Of(new TokenUsage(1, 2, 3, 4, 5)
            {
                InputCacheWriteHour = 6, InputAudio = 7, InputImage = 8, InputTools = 9, OutputAudio = 10, OutputImage = 11, WebSearches = 12, Tier = ServiceTier.Flex,
            }) with { Estimated = true },
            Spent = new Spending(12, 9, 12_345_678_901), Dropped = ["logit_bias"], Queued = TimeSpan.FromMilliseconds(3), ToFirstContent = TimeSpan.FromMilliseconds(41),
            Total = TimeSpan.FromMilliseconds(64), Overhead = TimeSpan.FromMilliseconds(4), BytesOut = 1234, Finish = nameof(FinishReason.ToolCalls), Complete = true, UserAgent = "openai/5.1", TraceId = "0af7651916cd43dd8448eb211c80319c",
            Headers = [new("x-app", "shop")], Tags = """{"tier":"gold","password":"gold","n":1,"deep":{}}""", QuestionBody = new(99, 99), AnswerBody = new(100_000, 70_000),
        };
    }

    // One line of each kind with everything that it can have.
    private async Task<JsonElement[]> FullestAsync()
    {
        GatewayHost host = new() { Mode = "local", Region = "westeurope", Instance = "i1" };
        LogFolder folder = new(_folder.FullName);
        using (TakenFile dead = folder.Taken(_blobs, host with { Instance = "i0" }, LogSchema.Requests))
            dead.Set(7);
        LogStopTests.Gone(_folder.FullName);
        Redactor redactor = new([], new Fixed());
        using LogMetrics metrics = new();
        using LogShipper requests = new(_blobs, host, new Fixed(), redactor, _time, NullLogger<LogShipper>.Instance, metrics, folder, new Secret(1));
        using BodyShipper bodies = new(_blobs, host, new Fixed(), redactor, _time, NullLogger<BodyShipper>.Instance, metrics, folder);
        using AuditShipper audit = new(_blobs, host, new Fixed(), redactor, _time, NullLogger<AuditShipper>.Instance, metrics, folder);
        requests.Take(Fullest());
        requests.Take(new ExchangeRecord { Id = "1", Time = Start, Dialect = "d", Operation = "o", Receipt = new() { Tier = "near", Observed = true } });
        requests.Take(new ExchangeRecord { Id = "2", Time = Start, Dialect = "d", Operation = "o", Stream = true, Tokens = new RecordedTokens(0, 0, 0, 100, 0), Attempts = Fullest().Attempts, Total = TimeSpan.FromSeconds(2), ToFirstContent = TimeSpan.FromSeconds(1), QuestionBody = new(70_000, 70_000) });
        foreach ((BodyPart part, int length) in ((BodyPart, int)[])[(BodyPart.Question, 50), (BodyPart.Answer, 70_000)])
        {
            CapturedBody body = bodies.Begin(256 * 1024);
            body.Add(new byte[length].Select(static _ => (byte)'a').ToArray());
            body.ContentType = "application/json";
            bodies.Take(new BodyItem("0190c0de123456", Start, part, body));
        }

        await audit.TakeRoomAsync(default);
        audit.Keep(new AuditEntry("a1", Start, """{"id":"a1"}"""u8.ToArray(), "h"));
        LogShipping all = new(requests, bodies, audit);
        await all.StartAsync(default);
        await all.StopAsync(default);
        List<JsonElement> lines = [.. _blobs.Lines.Where(static line => line.StartsWith('{')).Select(static line => JsonDocument.Parse(line).RootElement)];

        MemoryBlobs other = new();
        using LogShipper full = new(other, host, new Fixed(), redactor, _time, NullLogger<LogShipper>.Instance);
        for (int i = 0; i <= LogShipper.Capacity; i++)
            full.Take(new ExchangeRecord { Id = "x", Time = Start, Dialect = "d", Operation = "o" });
        await full.StartAsync(default);
        await full.StopAsync(default);
        return [.. lines, other.Records.First(static line => line.GetProperty("kind").GetString() == "drops")];
    }

    private static void Walk(string kind, string path, JsonElement value, SortedSet<string> paths)
    {
        // Names of others' choice, and the audit's own record.
        paths.Add($"{kind} {path}");
        if (path is "tags" or "headers" or "record" or "savedTokens")
            return;
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty member in value.EnumerateObject())
                Walk(kind, $"{path}.{member.Name}", member.Value, paths);
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in value.EnumerateArray().Where(static item => item.ValueKind == JsonValueKind.Object))
            {
                foreach (JsonProperty member in item.EnumerateObject())
                    Walk(kind, $"{path}[].{member.Name}", member.Value, paths);
            }
        }
    }

    [GeneratedRegex("^### `([a-z]+)`")]
    private static partial Regex Heading();

    [GeneratedRegex(@"^\| `([A-Za-z.\[\]]+)` \| ")]
    private static partial Regex Row();

    private sealed class Secret(byte first) : IProofSecret
    {
        public byte[]? Known { get; } = [first, .. new byte[31]];
    }

    private sealed class Fixed : IGatewayOptions
    {
        public GatewayOptions Current => Options;
    }
}

using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Text.Json;

namespace Perigee.Logs;

/// <summary>Writes records as NDJSON. The schema's version is in every line; members are only ever added to a version.</summary>
internal sealed class LogLine(string region, string instance, Redactor redactor)
{
    /// <summary>The schema's version.</summary>
    public const int Version = 1;

    private readonly ConcurrentDictionary<string, string> _words = new(StringComparer.Ordinal);

    /// <summary>One exchange. Null and unknown values are left out.</summary>
    public void Write(Utf8JsonWriter json, ExchangeRecord record)
    {
        Begin(json, "exchange"u8, record.Sequence, record.Time);
        json.WriteString("id"u8, record.Id);
        Text(json, "keyId"u8, record.KeyId);
        Text(json, "tenant"u8, record.Tenant);
        json.WriteString("dialect"u8, record.Dialect);
        json.WriteString("operation"u8, record.Operation);
        if (record.Purpose is { } purpose)
            json.WriteString("purpose"u8, purpose);
        Foreign(json, "model"u8, record.Model);
        if (record.Route is { Length: > 0 })
            Foreign(json, "route"u8, record.Route);
        Foreign(json, "target"u8, record.Served?.ToString());
        Foreign(json, "answerModel"u8, record.AnswerModel);
        json.WriteBoolean("stream"u8, record.Stream);
        TimeSpan upstream = WriteAttempts(json, record.Attempts);
        json.WriteNumber("status"u8, record.Status);
        if (record.Error is { } kind)
        {
            json.WriteStartObject("error"u8);
            json.WriteString("kind"u8, ErrorKinds.Word(kind));
            json.WriteString("blame"u8, Word(ErrorKinds.Blame(kind).ToString()));
            Foreign(json, "message"u8, record.ErrorMessage);
            json.WriteEndObject();
        }

        if (record.Cache != nameof(CacheOutcome.Off))
            json.WriteString("cache"u8, Word(record.Cache));
        if (record.Receipt is { } receipt)
            WriteReceipt(json, receipt);
        if (record.Limit is { } limit)
        {
            json.WriteStartObject("limit"u8);
            json.WriteString("name"u8, limit.Rule.Name);
            json.WriteString("owner"u8, limit.Rule.Owner);
            json.WriteNumber("amount"u8, limit.Rule.Amount);
            json.WriteNumber("remaining"u8, limit.Remaining);
            json.WriteEndObject();
        }

        if (record.Tokens is { } tokens)
            WriteTokens(json, "tokens"u8, tokens);
        if (record.Spent is { } spent)
            WriteCost(json, spent);
        if (record.Saved is { } saved)
            WriteTokens(json, "savedTokens"u8, saved);

        if (record.Dropped.Count > 0)
        {
            json.WriteStartArray("droppedParams"u8);
            foreach (string name in record.Dropped)
                json.WriteStringValue(name);
            json.WriteEndArray();
        }

        if (record.ToFirstContent is { } first)
            Milliseconds(json, "ttftMs"u8, first);
        Milliseconds(json, "totalMs"u8, record.Total);
        Milliseconds(json, "overheadMs"u8, record.Total > upstream ? record.Total - upstream : TimeSpan.Zero);
        json.WriteNumber("bytesOut"u8, record.BytesOut);
        if (record.Finish != "None")
            json.WriteString("finish"u8, Word(record.Finish));
        json.WriteBoolean("complete"u8, record.Complete);
        if (record.UserAgent is { Length: > 0 })
            Foreign(json, "userAgent"u8, record.UserAgent);
        json.WriteEndObject();
    }

    /// <summary>A footer: how many records this process had to drop before this line.</summary>
    public void WriteDrops(Utf8JsonWriter json, long sequence, DateTimeOffset now, long dropped)
    {
        Begin(json, "drops"u8, sequence, now);
        json.WriteNumber("dropped"u8, dropped);
        json.WriteEndObject();
    }

    private static void WriteTokens(Utf8JsonWriter json, ReadOnlySpan<byte> name, in RecordedTokens tokens)
    {
        json.WriteStartObject(name);
        json.WriteNumber("inputFresh"u8, tokens.InputFresh);
        json.WriteNumber("inputCacheRead"u8, tokens.InputCacheRead);
        json.WriteNumber("inputCacheWrite"u8, tokens.InputCacheWrite);
        json.WriteNumber("outputText"u8, tokens.OutputText);
        json.WriteNumber("outputReasoning"u8, tokens.OutputReasoning);
        if (tokens.Estimated)
            json.WriteBoolean("estimated"u8, true);
        json.WriteEndObject();
    }

    /// <summary>Dollars; an unknown price is null and said to be so, never 0.</summary>
    private static void WriteCost(Utf8JsonWriter json, in Spending spent)
    {
        if (spent.PicoDollars is { } pico)
            json.WriteNumber("cost"u8, pico / 1_000_000_000_000m);
        else
            json.WriteNull("cost"u8);
        json.WriteBoolean("priceKnown"u8, spent.PicoDollars is not null);
    }

    /// <summary>How the cache came to its outcome; of what a replay saved the cost only where the price is known.</summary>
    private static void WriteReceipt(Utf8JsonWriter json, CacheReceipt receipt)
    {
        if (receipt.Tier is { } tier)
            json.WriteString(receipt.Observed ? "cacheWouldBe"u8 : "cacheTier"u8, tier);
        if (receipt.Source is { Length: > 0 } source)
            json.WriteString("cacheSource"u8, source);
        if (receipt.Verdict is { } verdict)
            json.WriteString("cacheVerdict"u8, verdict);
        if (receipt.Similarity is { } similarity)
            json.WriteNumber("cacheSimilarity"u8, Math.Round(similarity, 4));
        if (receipt.SavedPicoDollars is { } pico)
            json.WriteNumber("savedDollars"u8, (decimal)pico / 1_000_000_000_000m);
    }

    private void Begin(Utf8JsonWriter json, ReadOnlySpan<byte> kind, long sequence, DateTimeOffset time)
    {
        json.WriteStartObject();
        json.WriteNumber("v"u8, Version);
        json.WriteString("kind"u8, kind);
        json.WriteString("time"u8, time.UtcDateTime);
        json.WriteString("region"u8, region);
        json.WriteString("instance"u8, instance);
        json.WriteNumber("seq"u8, sequence);
    }

    private TimeSpan WriteAttempts(Utf8JsonWriter json, IReadOnlyList<Attempt> attempts)
    {
        TimeSpan upstream = TimeSpan.Zero;
        if (attempts.Count == 0)
            return upstream;
        json.WriteStartArray("attempts"u8);
        foreach (Attempt attempt in attempts)
        {
            upstream += attempt.Total;
            json.WriteStartObject();
            json.WriteString("provider"u8, attempt.Target.Provider.Name);
            if (attempt.Target.Model.Length > 0)
                Foreign(json, "model"u8, attempt.Target.Model);
            json.WriteNumber("status"u8, attempt.Status);
            json.WriteString("outcome"u8, attempt.Outcome);
            if (attempt.Hedge)
                json.WriteBoolean("hedge"u8, true);
            if (attempt.Failure is { } failure)
                json.WriteString("failure"u8, ErrorKinds.Word(failure));
            if (attempt.ToHeaders is { } headers)
                Milliseconds(json, "toHeadersMs"u8, headers);
            if (attempt.ToContent is { } content)
                Milliseconds(json, "toContentMs"u8, content);
            Milliseconds(json, "totalMs"u8, attempt.Total);
            json.WriteBoolean("shown"u8, attempt.Shown);
            Foreign(json, "requestId"u8, attempt.ProviderRequestId);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        return upstream;
    }

    // Microseconds are as fine as these clocks are worth. As whole numbers, because the shortest form of a double is dear to find.
    private static void Milliseconds(Utf8JsonWriter json, ReadOnlySpan<byte> name, TimeSpan value)
    {
        (long whole, long part) = Math.DivRem((Math.Max(0, value.Ticks) + 5) / TimeSpan.TicksPerMicrosecond, 1_000);
        Span<byte> text = stackalloc byte[24];
        Utf8Formatter.TryFormat(whole, text, out int length);
        if (part > 0)
        {
            text[length] = (byte)'.';
            (text[length + 1], text[length + 2], text[length + 3]) = ((byte)('0' + (part / 100)), (byte)('0' + (part / 10 % 10)), (byte)('0' + (part % 10)));
            length += part % 100 == 0 ? 2 : part % 10 == 0 ? 3 : 4;
        }

        json.WritePropertyName(name);
        json.WriteRawValue(text[..length], skipInputValidation: true);
    }

    private static void Text(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    // Whatever a client, provider or operator chose may hold a key.
    private void Foreign(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
            json.WriteString(name, redactor.Redact(value));
    }

    // Members of a few enumerations: each is put into the log's form once.
    private string Word(string member) => _words.GetOrAdd(member, JsonNamingPolicy.SnakeCaseLower.ConvertName);
}

using System.Collections.Concurrent;
using System.Text.Json;
using Perigee.Logs.Bodies;

namespace Perigee.Logs;

/// <summary>Writes exchanges as NDJSON. Null and unknown values are left out. What others wrote is redacted here.</summary>
/// <param name="origin">Where the lines come from.</param>
/// <param name="texts">Redacts what others wrote.</param>
internal sealed class LogLine(LogOrigin origin, CleanTexts texts)
{
    private readonly ConcurrentDictionary<string, string> _words = new(StringComparer.Ordinal);

    /// <summary>One exchange.</summary>
    public void Write(Utf8JsonWriter json, ExchangeRecord record)
    {
        origin.Begin(json, "exchange"u8, record.Time);
        json.WriteNumber("seq"u8, record.Sequence);
        json.WriteString("id"u8, record.Id);
        WriteCaller(json, record);
        json.WriteString("dialect"u8, record.Dialect);
        json.WriteString("operation"u8, record.Operation);
        if (record.Purpose is { } purpose)
            json.WriteString("purpose"u8, purpose);
        Foreign(json, "model"u8, record.Model);
        if (record.Route is { Length: > 0 })
            Foreign(json, "route"u8, record.Route);
        Foreign(json, "chosen"u8, record.Chosen);
        Foreign(json, "target"u8, record.Served?.ToString());
        Foreign(json, "sentModel"u8, record.SentModel);
        Foreign(json, "answerModel"u8, record.AnswerModel);
        json.WriteBoolean("stream"u8, record.Stream);
        WriteAttempts(json, record.Attempts);
        WriteOutcome(json, record);
        if (record.Cache != nameof(CacheOutcome.Off) && record.Cache.Length > 0)
            json.WriteString("cache"u8, Word(record.Cache));
        if (record.Receipt is { } receipt)
            WriteReceipt(json, receipt);
        WriteLimits(json, record);
        if (record.Tokens is { } tokens)
            WriteTokens(json, "tokens"u8, tokens);
        if (record.Spent is { } spent)
            WriteCost(json, spent);
        if (record.Saved is { } saved)
            WriteTokens(json, "savedTokens"u8, saved);
        WriteDropped(json, record.Dropped);
        WriteTimes(json, record);
        json.WriteNumber("bytesOut"u8, record.BytesOut);
        if (record.Finish is { Length: > 0 } and not "None")
            json.WriteString("finish"u8, Word(record.Finish));
        json.WriteBoolean("complete"u8, record.Complete);
        if (record.UserAgent is { Length: > 0 })
            Foreign(json, "userAgent"u8, record.UserAgent);
        if (record.TraceId is { } trace)
            json.WriteString("traceId"u8, trace);
        WriteHeaders(json, record.Headers);
        if (record.Tags is { } tags)
            LogTags.Write(json, tags, texts);
        WriteBody(json, record, record.QuestionBody, BodyPart.Question);
        WriteBody(json, record, record.AnswerBody, BodyPart.Answer);
        json.WriteEndObject();
    }

    private void WriteCaller(Utf8JsonWriter json, ExchangeRecord record)
    {
        Text(json, "keyId"u8, record.KeyId);
        Foreign(json, "tenant"u8, record.Tenant);
        Foreign(json, "organisation"u8, record.Organisation);
        Foreign(json, "team"u8, record.Team);
        if (record.User is not { } user)
            return;
        string shown = texts.Of(user);
        json.WriteString("user"u8, shown);
        if (!ReferenceEquals(shown, user))
            Text(json, "userHash"u8, texts.HashOf(user));
    }

    private void WriteAttempts(Utf8JsonWriter json, IReadOnlyList<Attempt> attempts)
    {
        if (attempts.Count == 0)
            return;
        json.WriteStartArray("attempts"u8);
        foreach (Attempt attempt in attempts)
        {
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
                LogJson.Milliseconds(json, "toHeadersMs"u8, headers);
            if (attempt.ToContent is { } content)
                LogJson.Milliseconds(json, "toContentMs"u8, content);
            LogJson.Milliseconds(json, "totalMs"u8, attempt.Total);
            json.WriteBoolean("shown"u8, attempt.Shown);
            Foreign(json, "requestId"u8, attempt.ProviderRequestId);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteOutcome(Utf8JsonWriter json, ExchangeRecord record)
    {
        json.WriteNumber("status"u8, record.Status);
        if (record.Error is not { } kind)
            return;
        json.WriteStartObject("error"u8);
        json.WriteString("kind"u8, ErrorKinds.Word(kind));
        json.WriteString("blame"u8, Word(ErrorKinds.Blame(kind).ToString()));
        Foreign(json, "message"u8, record.ErrorMessage);
        json.WriteEndObject();
    }

    /// <summary>How the cache came to its outcome; of what a replay saved the cost only where the price is known.</summary>
    private void WriteReceipt(Utf8JsonWriter json, CacheReceipt receipt)
    {
        if (receipt.Tier is { } tier)
            json.WriteString(receipt.Observed ? "cacheWouldBe"u8 : "cacheTier"u8, tier);
        Text(json, "cacheKey"u8, receipt.Key);
        if (receipt.Source is { Length: > 0 } source)
            Foreign(json, "cacheSource"u8, source);
        if (receipt.Verdict is { } verdict)
            json.WriteString("cacheVerdict"u8, verdict);
        if (receipt.Similarity is { } similarity)
            json.WriteNumber("cacheSimilarity"u8, Math.Round(similarity, 4));
        if (receipt.SavedPicoDollars is { } pico)
            LogJson.Dollars(json, "savedDollars"u8, pico);
    }

    private static void WriteLimits(Utf8JsonWriter json, ExchangeRecord record)
    {
        if (record.Limit is { } limit)
        {
            json.WriteStartObject("limit"u8);
            json.WriteString("name"u8, limit.Rule.Name);
            json.WriteString("owner"u8, limit.Rule.Owner);
            json.WriteNumber("amount"u8, limit.Rule.Amount);
            json.WriteNumber("remaining"u8, limit.Remaining);
            json.WriteEndObject();
        }

        if (record.Limits.Count == 0)
            return;
        json.WriteStartArray("limits"u8);
        for (int i = 0; i < record.Limits.Count; i++)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, record.Limits[i].Name);
            json.WriteString("owner"u8, record.Limits[i].Owner);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTokens(Utf8JsonWriter json, ReadOnlySpan<byte> name, in RecordedTokens tokens)
    {
        json.WriteStartObject(name);
        json.WriteNumber("inputFresh"u8, tokens.InputFresh);
        json.WriteNumber("inputCacheRead"u8, tokens.InputCacheRead);
        json.WriteNumber("inputCacheWrite"u8, tokens.InputCacheWrite);
        json.WriteNumber("inputCacheWriteHour"u8, tokens.InputCacheWriteHour);
        json.WriteNumber("outputText"u8, tokens.OutputText);
        json.WriteNumber("outputReasoning"u8, tokens.OutputReasoning);
        Count(json, "inputAudio"u8, tokens.InputAudio);
        Count(json, "inputImage"u8, tokens.InputImage);
        Count(json, "inputTools"u8, tokens.InputTools);
        Count(json, "outputAudio"u8, tokens.OutputAudio);
        Count(json, "outputImage"u8, tokens.OutputImage);
        Count(json, "webSearches"u8, tokens.WebSearches);
        if (tokens.TierWord is { } tier)
            json.WriteString("serviceTier"u8, tier);
        if (tokens.Estimated)
            json.WriteBoolean("estimated"u8, true);
        json.WriteEndObject();
    }

    /// <summary>Dollars; an unknown price is null and said to be so, never 0.</summary>
    private static void WriteCost(Utf8JsonWriter json, in Spending spent)
    {
        if (spent.PicoDollars is { } pico)
            LogJson.Dollars(json, "cost"u8, pico);
        else
            json.WriteNull("cost"u8);
        json.WriteBoolean("priceKnown"u8, spent.PicoDollars is not null);
    }

    private static void WriteDropped(Utf8JsonWriter json, IReadOnlyList<string> dropped)
    {
        if (dropped.Count == 0)
            return;
        json.WriteStartArray("droppedParams"u8);
        for (int i = 0; i < dropped.Count; i++)
            json.WriteStringValue(dropped[i]);
        json.WriteEndArray();
    }

    private static void WriteTimes(Utf8JsonWriter json, ExchangeRecord record)
    {
        if (record.Queued is { } queued)
            LogJson.Milliseconds(json, "queueMs"u8, queued);
        if (record.ToFirstContent is { } first)
            LogJson.Milliseconds(json, "ttftMs"u8, first);
        if (record.TokensPerSecond is { } speed)
            json.WriteNumber("tokensPerSecond"u8, Math.Round((decimal)Math.Min(speed, 1e9), 1));
        LogJson.Milliseconds(json, "totalMs"u8, record.Total);
        LogJson.Milliseconds(json, "overheadMs"u8, record.Overhead);
    }

    private void WriteHeaders(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        if (headers.Count == 0)
            return;
        json.WriteStartObject("headers"u8);
        for (int i = 0; i < headers.Count; i++)
            json.WriteString(headers[i].Key, texts.Of(headers[i].Value));
        json.WriteEndObject();
    }

    private void WriteBody(Utf8JsonWriter json, ExchangeRecord record, KeptBody? kept, BodyPart part)
    {
        if (kept is not { } body)
            return;
        json.WriteStartObject(part == BodyPart.Question ? "questionBody"u8 : "answerBody"u8);
        json.WriteNumber("bytes"u8, body.Length);
        json.WriteBoolean("cut"u8, body.IsCut);
        if (body.Kept > BodyLines.MostInline)
            json.WriteString("blob"u8, origin.ObjectName(record.Id, record.Time, part));
        json.WriteEndObject();
    }

    private static void Count(Utf8JsonWriter json, ReadOnlySpan<byte> name, long value)
    {
        if (value != 0)
            json.WriteNumber(name, value);
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
            json.WriteString(name, texts.Of(value));
    }

    // Members of a few enumerations: each is put into the log's form once.
    private string Word(string member) => _words.GetOrAdd(member, JsonNamingPolicy.SnakeCaseLower.ConvertName);
}

using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Perigee.Logs.Query;

/// <summary>Which records are asked for: all that is given must hold. The same words for the tail and for what is stored.</summary>
internal sealed record LogFilter
{
    private const int LongestWord = 256;

    /// <summary>The parameters that it is read from.</summary>
    public static IReadOnlyList<string> Names { get; } = ["key", "organisation", "org", "team", "model", "provider", "status", "errors", "cache", "minMilliseconds"];

    /// <summary>The key's id.</summary>
    public string? Key { get; init; }

    /// <summary>The organisation's id.</summary>
    public string? Organisation { get; init; }

    /// <summary>The team's id.</summary>
    public string? Team { get; init; }

    /// <summary>The model as the client named it, or as <c>provider/model</c> that served it, or as the answer names it.</summary>
    public string? Model { get; init; }

    /// <summary>A provider that was asked.</summary>
    public string? Provider { get; init; }

    /// <summary>A status (<c>429</c>), or a hundred of them (<c>5xx</c>).</summary>
    public string? Status { get; init; }

    /// <summary>Only what failed.</summary>
    public bool Errors { get; init; }

    /// <summary>What the cache did: <c>hit</c>, <c>miss</c> ...</summary>
    public string? Cache { get; init; }

    /// <summary>Only what took at least this long.</summary>
    public double MinMilliseconds { get; init; }

    /// <summary>The keys that whoever asks is confined to, or null.</summary>
    public IReadOnlySet<string>? Keys { get; init; }

    /// <summary>Reads it.</summary>
    /// <param name="query">The request's query.</param>
    /// <param name="more">Further parameters that the endpoint knows.</param>
    /// <param name="error">Why it is refused.</param>
    public static LogFilter? Read(IQueryCollection query, IReadOnlyList<string> more, out GatewayError? error)
    {
        error = null;
        foreach (string name in query.Keys)
        {
            if (!Names.Contains(name, StringComparer.Ordinal) && !more.Contains(name, StringComparer.Ordinal))
                error ??= Bad(name.Length > 50 ? name[..50] : name, $"is not known: {string.Join(", ", Names.Concat(more))} are");
            else if (query[name].Count != 1 || query[name].ToString() is not { Length: > 0 and <= LongestWord })
                error ??= Bad(name, $"must be given once, with 1 to {LongestWord} characters");
        }

        if (query.ContainsKey("org") && query.ContainsKey("organisation"))
            error ??= Bad("org", "says the same as 'organisation': give one of them");
        string? status = One("status");
        if (status is not null && !(status.Length == 3 && status[0] is >= '1' and <= '5' && (status.EndsWith("xx", StringComparison.Ordinal) || (char.IsAsciiDigit(status[1]) && char.IsAsciiDigit(status[2])))))
            error ??= Bad("status", "must be a status such as 429, or a hundred of them such as 5xx");
        string? errors = One("errors");
        if (errors is not (null or "true" or "false"))
            error ??= Bad("errors", "must be true or false");
        double least = 0;
        if (One("minMilliseconds") is { } text && (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out least) || !double.IsFinite(least)))
            error ??= Bad("minMilliseconds", "must be a number");
        return error is not null ? null : new LogFilter
        {
            Key = One("key"),
            Organisation = One("organisation") ?? One("org"),
            Team = One("team"),
            Model = One("model"),
            Provider = One("provider"),
            Status = status,
            Errors = errors == "true",
            Cache = One("cache"),
            MinMilliseconds = least,
        };

        string? One(string name) => query.TryGetValue(name, out var value) && value.Count == 1 ? value[0] : null;
    }

    /// <summary>Whether a written record is asked for.</summary>
    /// <param name="record">The line's object.</param>
    public bool Takes(JsonElement record) =>
        (Keys is null || (Text(record, "keyId") is { } key && Keys.Contains(key)))
        && (Key is null || Text(record, "keyId") == Key)
        && (Organisation is null || Text(record, "organisation") == Organisation)
        && (Team is null || Text(record, "team") == Team)
        && (Model is null || Text(record, "model") == Model || Text(record, "target") == Model || Text(record, "answerModel") == Model)
        && (Provider is null || AskedProvider(record, Provider))
        && (Status is null || IsStatus(record))
        && (!Errors || record.TryGetProperty("error", out _))
        && (Cache is null || Text(record, "cache") == Cache)
        && (MinMilliseconds <= 0 || (record.TryGetProperty("totalMs", out JsonElement total) && total.GetDouble() >= MinMilliseconds));

    /// <summary>A refusal that names the parameter.</summary>
    public static GatewayError Bad(string name, string what) => new(ErrorKind.BadRequest, $"'{name}' {what}.", name);

    private static string? Text(JsonElement record, string name) =>
        record.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool AskedProvider(JsonElement record, string provider) =>
        record.TryGetProperty("attempts", out JsonElement attempts) && attempts.EnumerateArray().Any(attempt => Text(attempt, "provider") == provider);

    private bool IsStatus(JsonElement record)
    {
        if (!record.TryGetProperty("status", out JsonElement value))
            return false;
        int status = value.GetInt32();
        return Status![1] == 'x' ? status / 100 == Status[0] - '0' : status.ToString(CultureInfo.InvariantCulture) == Status;
    }
}

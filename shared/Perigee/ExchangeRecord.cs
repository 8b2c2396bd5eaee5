using Microsoft.AspNetCore.Http;

namespace Perigee;

/// <summary>
/// What is kept of one exchange: taken on the request's path as references and numbers, written as JSON off it. No bodies, no headers but the
/// user agent. Texts that others chose are cut here and redacted when they are written.
/// </summary>
internal sealed class ExchangeRecord
{
    private const int LongestName = 256;
    private const int LongestMessage = 1024;

    public required string Id { get; init; }

    public required DateTimeOffset Time { get; init; }

    public string? KeyId { get; private init; }

    public string? Tenant { get; private init; }

    /// <summary>The organisation's id, or null.</summary>
    public string? Organisation { get; private init; }

    /// <summary>The team's id, or null.</summary>
    public string? Team { get; private init; }

    /// <summary>The end user as the request names it, or null. A person's name or address may be in it: every sink redacts it.</summary>
    public string? User { get; private init; }

    public required string Dialect { get; init; }

    public required string Operation { get; init; }

    public string? Model { get; private init; }

    public Target? Served { get; private init; }

    public string? Route { get; private init; }

    public string? AnswerModel { get; private init; }

    public bool Stream { get; private init; }

    public IReadOnlyList<Attempt> Attempts { get; private init; } = [];

    public int Status { get; private init; }

    public ErrorKind? Error { get; private init; }

    public string? ErrorMessage { get; private init; }

    public string Cache { get; private init; } = "";

    public LimitVerdict? Limit { get; private init; }

    public RecordedTokens? Tokens { get; private init; }

    /// <summary>What the exchange took, for its cost; null where nothing of it is billed.</summary>
    public Spending? Spent { get; private init; }

    /// <summary>What a replay did not cost.</summary>
    public RecordedTokens? Saved { get; private init; }

    /// <summary>How the cache came to its outcome.</summary>
    public CacheReceipt? Receipt { get; private init; }

    /// <summary>What for, where the gateway itself asked.</summary>
    public string? Purpose { get; private init; }

    public IReadOnlyList<string> Dropped { get; private init; } = [];

    public TimeSpan? ToFirstContent { get; private init; }

    public TimeSpan Total { get; private init; }

    public long BytesOut { get; private init; }

    public string Finish { get; private init; } = "";

    public bool Complete { get; private init; }

    public string? UserAgent { get; private init; }

    /// <summary>The id of the trace that it belongs to (W3C trace context), or null.</summary>
    public string? TraceId { get; private init; }

    /// <summary>The place of this record among those of its process, given when it is queued: gaps can be counted.</summary>
    public long Sequence { get; set; }

    /// <summary>Takes what is to be kept of an exchange that is over.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="total">From its beginning to its end.</param>
    /// <param name="crash">What flew past the steps, or null.</param>
    public static ExchangeRecord Of(Exchange exchange, TimeSpan total, Exception? crash)
    {
        bool gone = exchange.Http.RequestAborted.IsCancellationRequested && !exchange.Complete;
        ErrorKind? kind = exchange.Error?.Kind ?? (gone ? ErrorKind.ClientGone : crash is null ? null : ErrorKind.Internal);
        int status = kind == ErrorKind.ClientGone ? 499
            : crash is not null && !exchange.Http.Response.HasStarted ? StatusCodes.Status500InternalServerError
            : exchange.Http.Response.StatusCode;
        return new()
        {
            Id = exchange.Id,
            Time = exchange.StartedAt,
            KeyId = exchange.Caller?.KeyId,
            Tenant = exchange.Caller?.Tenant,
            Organisation = exchange.Caller?.Organisation,
            Team = exchange.Caller?.Team,
            User = Cut(exchange.Caller?.User, LongestName),
            Dialect = exchange.Dialect.Name,
            Operation = exchange.Operation.Name,
            Model = Cut(exchange.Model, LongestName),
            Served = exchange.Served,
            Route = Cut(exchange.Plan?.Route, LongestName),
            AnswerModel = Cut(exchange.Answer.Model, LongestName),
            Stream = exchange.Stream,
            Attempts = exchange.Attempts,
            Status = status,
            Error = kind,

            // An exception's own text may hold anything: its type is enough, the process log has the rest.
            ErrorMessage = Cut(exchange.Error?.Message ?? crash?.GetType().Name, LongestMessage),
            Cache = exchange.Cache.ToString(),
            Limit = exchange.Limit,
            Receipt = exchange.CacheReceipt,
            Saved = exchange.CacheReceipt?.Saved is { } saved ? new RecordedTokens(saved.InputFresh, saved.InputCacheRead, saved.InputCacheWrite, saved.OutputText, saved.OutputReasoning) : null,
            Purpose = exchange.Purpose,
            Tokens = exchange.Answer.Usage is { } usage
                ? new RecordedTokens(usage.InputFresh, usage.InputCacheRead, usage.InputCacheWrite, usage.OutputText, usage.OutputReasoning)
                : exchange.CountedTokens > 0 ? new RecordedTokens(exchange.Body.Length / 4, 0, 0, exchange.CountedTokens, 0) { Estimated = true } : null,
            Spent = exchange.Attempts.Count > 0 && Spending.IsBilled(exchange.Operation) ? Spending.Of(exchange, exchange.StartedAt) : null,
            Dropped = exchange.Dropped,
            ToFirstContent = exchange.ToFirstContent,
            Total = total,
            BytesOut = exchange.BytesOut,
            Finish = exchange.Answer.Finish.ToString(),
            Complete = exchange.Complete,
            TraceId = exchange.Trace?.TraceId,
            UserAgent = Cut(exchange.Http.Request.Headers.UserAgent.ToString(), LongestName),
        };
    }

    private static string? Cut(string? text, int most) => text is null || text.Length <= most ? text : text[..most];
}

/// <summary>Tokens of an answer, in classes that do not overlap.</summary>
internal readonly record struct RecordedTokens(long InputFresh, long InputCacheRead, long InputCacheWrite, long OutputText, long OutputReasoning)
{
    /// <summary>Whether they were counted from outside, as the answer was cut before it told them: bytes by four.</summary>
    public bool Estimated { get; init; }
}

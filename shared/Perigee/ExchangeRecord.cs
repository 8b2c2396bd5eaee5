using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Perigee;

/// <summary>
/// What is kept of one exchange: taken on the request's path as references and numbers, written as JSON off it. Texts that others chose are cut
/// here and redacted when they are written: every sink that shows one redacts it.
/// </summary>
internal sealed class ExchangeRecord
{
    private const int LongestName = 512;
    private const int LongestMessage = 1280;
    private const int LongestTags = 2048;

    /// <summary>The exchange's id: UUIDv7 in hex.</summary>
    public required string Id { get; init; }

    /// <summary>When the exchange began (UTC).</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>When it was over: the event by which logs are laid down.</summary>
    public DateTimeOffset Ended => Time + Total;

    /// <summary>The public id of the key or token, <c>open</c>, or null where nobody was let in.</summary>
    public string? KeyId { get; init; }

    /// <summary>The scope of what is not shared.</summary>
    public string? Tenant { get; init; }

    /// <summary>The organisation's id, or null.</summary>
    public string? Organisation { get; init; }

    /// <summary>The team's id, or null.</summary>
    public string? Team { get; init; }

    /// <summary>The end user as the request names it, or null. A person's name or address may be in it: every sink redacts it.</summary>
    public string? User { get; init; }

    /// <summary>The client's dialect.</summary>
    public required string Dialect { get; init; }

    /// <summary>What was asked for.</summary>
    public required string Operation { get; init; }

    /// <summary>The model as the client named it.</summary>
    public string? Model { get; init; }

    /// <summary>Whose answer the client got, or null.</summary>
    public Target? Served { get; init; }

    /// <summary>The model's name as it was sent: of the target that served, else of the last one that was tried; or null.</summary>
    public string? SentModel => (Served ?? (Attempts.Count > 0 ? Attempts[^1].Target : null))?.Model is { Length: > 0 } model ? model : null;

    /// <summary>The operator's name of the route, or empty.</summary>
    public string? Route { get; init; }

    /// <summary>Why the route chose its target, or null.</summary>
    public string? Chosen { get; init; }

    /// <summary>The model's own name of itself.</summary>
    public string? AnswerModel { get; init; }

    /// <summary>Whether a stream was asked for.</summary>
    public bool Stream { get; init; }

    /// <summary>Every try, in order.</summary>
    public IReadOnlyList<Attempt> Attempts { get; init; } = [];

    /// <summary>The HTTP status that the client got; 499 where it was gone.</summary>
    public int Status { get; init; }

    /// <summary>Why it failed, or null.</summary>
    public ErrorKind? Error { get; init; }

    /// <summary>What the client was told. A provider's own text may be in it.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>What the cache did, as <see cref="CacheOutcome"/> names it.</summary>
    public string Cache { get; init; } = "";

    /// <summary>The limit that refused it, or that leaves the least.</summary>
    public LimitVerdict? Limit { get; init; }

    /// <summary>All limits that were asked, the widest first.</summary>
    public IReadOnlyList<LimitRule> Limits { get; init; } = [];

    /// <summary>The tokens of the answer, or null.</summary>
    public RecordedTokens? Tokens { get; init; }

    /// <summary>What the exchange took, for its cost; null where nothing of it is billed.</summary>
    public Spending? Spent { get; init; }

    /// <summary>What a replay did not cost.</summary>
    public RecordedTokens? Saved => Receipt?.Saved is { } saved ? RecordedTokens.Of(saved) : null;

    /// <summary>How the cache came to its outcome.</summary>
    public CacheReceipt? Receipt { get; init; }

    /// <summary>What for, where the gateway itself asked.</summary>
    public string? Purpose { get; init; }

    /// <summary>Request fields that the target could not be given.</summary>
    public IReadOnlyList<string> Dropped { get; init; } = [];

    /// <summary>From the beginning to the moment when a provider could be asked: caller, limits, cache, a call that was shared. Null where none was to be.</summary>
    public TimeSpan? Queued { get; init; }

    /// <summary>From the beginning to the first content byte to the client (TTFT).</summary>
    public TimeSpan? ToFirstContent { get; init; }

    /// <summary>From the beginning to the end.</summary>
    public TimeSpan Total { get; init; }

    /// <summary>The gateway's own share of the time to the first byte, as <c>x-perigee-overhead-ms</c> says it; all of it where nobody was asked.</summary>
    public TimeSpan Overhead { get; init; }

    /// <summary>Body bytes to the client.</summary>
    public long BytesOut { get; init; }

    /// <summary>Why the answer ended, as <see cref="Wire.FinishReason"/> names it.</summary>
    public string Finish { get; init; } = "";

    /// <summary>Whether the answer ended as a complete one does.</summary>
    public bool Complete { get; init; }

    /// <summary>The client's <c>User-Agent</c>.</summary>
    public string? UserAgent { get; init; }

    /// <summary>The request's other headers that the configuration allows; the values are the client's.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>What the request says of itself (<c>x-perigee-metadata</c>, else the body's <c>metadata</c>), as JSON text that nobody has looked at; or null.</summary>
    public string? Tags { get; init; }

    /// <summary>What is kept of the question beside this record, or null.</summary>
    public KeptBody? QuestionBody { get; init; }

    /// <summary>What is kept of the answer beside this record, or null.</summary>
    public KeptBody? AnswerBody { get; init; }

    /// <summary>What it takes of memory, about, in bytes.</summary>
    public int Weight => 1024 + (256 * Attempts.Count)
        + (2 * ((Model?.Length ?? 0) + (User?.Length ?? 0) + (AnswerModel?.Length ?? 0) + (ErrorMessage?.Length ?? 0) + (UserAgent?.Length ?? 0) + (Tags?.Length ?? 0)))
        + (Headers.Count * 256);

    /// <summary>The id of the trace that it belongs to (W3C trace context), or null.</summary>
    public string? TraceId { get; init; }

    /// <summary>The place of this record among those of its process, given when it is queued: gaps can be counted.</summary>
    public long Sequence { get; set; }

    /// <summary>
    /// Output tokens a second: of a stream from its first content to its end, of a whole answer over the try that made it. Null where they are
    /// not known, too few to have a speed, or replayed.
    /// </summary>
    public double? TokensPerSecond
    {
        get
        {
            if (Tokens is not { Output: > 1 } tokens || Cache is nameof(CacheOutcome.Hit) or nameof(CacheOutcome.Semantic) or nameof(CacheOutcome.Joined) || Attempts.Count == 0)
                return null;
            TimeSpan took = Stream && ToFirstContent is { } first ? Total - first : Attempts[^1].Total;
            return took < TimeSpan.FromMilliseconds(1) ? null : tokens.Output / took.TotalSeconds;
        }
    }

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
            User = ForeignText.Cut(exchange.Caller?.User, LongestName),
            Dialect = exchange.Dialect.Name,
            Operation = exchange.Operation.Name,
            Model = ForeignText.Cut(exchange.Model, LongestName),
            Served = exchange.Served,
            Route = ForeignText.Cut(exchange.Plan?.Route, LongestName),
            Chosen = ForeignText.Cut(exchange.Plan?.Chosen, LongestName),
            AnswerModel = ForeignText.Cut(exchange.Answer.Model, LongestName),
            Stream = exchange.Stream,
            Attempts = exchange.Attempts,
            Status = status,
            Error = kind,

            // An exception's own text may hold anything: its type is enough, the process log has the rest.
            ErrorMessage = ForeignText.Cut(exchange.Error?.Message ?? crash?.GetType().Name, LongestMessage),
            Cache = exchange.Cache.ToString(),
            Limit = exchange.Limit,
            Limits = exchange.Limits,
            Receipt = exchange.CacheReceipt,
            Purpose = exchange.Purpose,
            Tokens = exchange.Answer.Usage is { } usage
                ? RecordedTokens.Of(usage)
                : exchange.CountedTokens > 0 ? new RecordedTokens(exchange.Body.Length / 4, 0, 0, exchange.CountedTokens, 0) { Estimated = true } : null,
            Spent = exchange.Attempts.Count > 0 && Spending.IsBilled(exchange.Operation) ? Spending.Of(exchange, exchange.StartedAt) : null,
            Dropped = exchange.Dropped,
            Queued = exchange.Cache == CacheOutcome.Joined ? exchange.ToFirstContent : exchange.Marks.Cache > TimeSpan.Zero ? exchange.Marks.Cache : null,
            ToFirstContent = exchange.ToFirstContent,
            Total = total,
            Overhead = exchange.Attempts.Count > 0 ? exchange.Overhead : exchange.Cache == CacheOutcome.Joined ? TimeSpan.Zero : total,
            BytesOut = exchange.BytesOut,
            Finish = exchange.Answer.Finish.ToString(),
            Complete = exchange.Complete,
            UserAgent = ForeignText.Cut(exchange.Http.Request.Headers.UserAgent.ToString(), LongestName),
            Headers = exchange.Options.Logs.Headers is { Count: > 0 } names ? HeadersOf(exchange.Http.Request.Headers, names) : [],
            Tags = TagsOf(exchange),
            QuestionBody = exchange.QuestionBody,
            AnswerBody = exchange.AnswerBody,
            TraceId = exchange.Trace?.TraceId,
        };
    }

    private static List<KeyValuePair<string, string>> HeadersOf(IHeaderDictionary headers, IReadOnlyList<string> names)
    {
        List<KeyValuePair<string, string>> found = [];
        foreach (string name in names)
        {
            if (headers.TryGetValue(name, out var value))
                found.Add(new(name, ForeignText.Cut(value.ToString(), LongestName)!));
        }

        return found;
    }

    private static string? TagsOf(Exchange exchange)
    {
        if (exchange.Http.Request.Headers[HeaderNames.Metadata] is { Count: 1 } header)
            return header[0] is { Length: > 0 and <= LongestTags } text ? text : null;
        if (exchange.Question is not { } question)
            return null;
        int at = question.FindTopLevel("metadata"u8);
        return at >= 0 && question.Tokens[at].Type == JsonTokenType.StartObject && question.Raw(question.Tokens[at]) is { Length: > 2 and <= LongestTags } raw
            ? System.Text.Encoding.UTF8.GetString(raw)
            : null;
    }
}

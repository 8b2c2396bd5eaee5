using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Perigee.Wire;

namespace Perigee;

/// <summary>
/// One request on its way through the gateway. Each property is written by the one step named in its remark and only read by the others;
/// the steps meet nowhere else.
/// </summary>
internal sealed class Exchange
{
    /// <summary>The request and response themselves.</summary>
    public required HttpContext Http { get; init; }

    /// <summary><c>x-request-id</c>: UUIDv7 in hex. Written by begin.</summary>
    public required string Id { get; init; }

    /// <summary>What is asked for. Written by begin.</summary>
    public required Operation Operation { get; init; }

    /// <summary>The configuration in force when the exchange began. Written by begin.</summary>
    public required GatewayOptions Options { get; init; }

    /// <summary>The dialect that the client speaks: refusals are written in it. Written by begin.</summary>
    public required IDialect Dialect { get; init; }

    /// <summary>Takes out of errors what a client must not be told; null takes out nothing. Written by begin.</summary>
    public IErrorRedactor? Errors { get; init; }

    /// <summary>Wall clock at the beginning (UTC). Written by begin.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Monotonic clock at the beginning (TimeProvider ticks). Written by begin.</summary>
    public required long Started { get; init; }

    /// <summary>The JSON body as it came, or empty. The buffer is the exchange's and dies with it. Written by begin.</summary>
    public ReadOnlyMemory<byte> Body { get; set; }

    /// <summary>The index of <see cref="Body"/>: every token once. Null without a JSON body. Written by begin.</summary>
    public JsonIndex? Question { get; set; }

    /// <summary>The model as the client named it, or null. Written by begin.</summary>
    public string? Model { get; set; }

    /// <summary>Whether the client asked for a stream. Written by begin.</summary>
    public bool Stream { get; set; }

    /// <summary>Whether the stream that was asked for is one JSON array (Gemini without <c>alt=sse</c>). Written by begin.</summary>
    public bool AsArray { get; set; }

    /// <summary>Whether what a translation would drop is refused. Written by begin, and by routing where a request requires all its parameters.</summary>
    public bool Strict { get; set; }

    /// <summary>A form body that is streamed on, or null. Written by begin.</summary>
    public FormUpload? Upload { get; set; }

    /// <summary>
    /// What is wrong with the body, or null. The step behind the caller step refuses with it: who has no key learns nothing of bodies.
    /// Written by begin.
    /// </summary>
    public GatewayError? Fault { get; set; }

    /// <summary>The trace that it belongs to; null where nobody listens and the caller named none. Written by trace.</summary>
    public ExchangeTrace? Trace { get; set; }

    /// <summary>Who asks. Null until the caller step knows. Written by caller.</summary>
    public Caller? Caller { get; set; }

    /// <summary>What the limits said, for headers and log. Written by limits.</summary>
    public LimitVerdict? Limit { get; set; }

    /// <summary>The limits that were asked, the widest first. Written by limits.</summary>
    public IReadOnlyList<LimitRule> Limits { get; set; } = [];

    /// <summary>
    /// The most tokens that each answer may have, where money allows no more than that; null where the client's own word holds. Written by
    /// limits, obeyed by forward.
    /// </summary>
    public long? MaxOutput { get; set; }

    /// <summary>What the request was taken to need before it was asked; null where nobody had to know. Written by limits.</summary>
    public TokenGuess? Guess { get; set; }

    /// <summary>What the cache did. Written by cache.</summary>
    public CacheOutcome Cache { get; set; } = CacheOutcome.Off;

    /// <summary>How it came to that. Written by cache.</summary>
    public CacheReceipt? CacheReceipt { get; set; }

    /// <summary>What for, where the gateway itself asks (see <see cref="OwnCall"/>); null where a client does. Written by who asks.</summary>
    public string? Purpose { get; set; }

    /// <summary>Where the answer's bytes are copied to while they are relayed, or null. Written by cache, fed by forward.</summary>
    public AnswerCopy? Copy { get; set; }

    /// <summary>What the question means, once some target had to be asked in another dialect; or null. Written by forward.</summary>
    public ChatQuestion? Conversation { get; set; }

    /// <summary>Where to try, and how. Null until routing knows. Written by routing.</summary>
    public RoutePlan? Plan { get; set; }

    /// <summary>
    /// Where the answer's bytes go: the response, or what shares it with others who asked the same. Written by cache, fed by forward.
    /// Refusals go to the response itself.
    /// </summary>
    public PipeWriter Output { get => field ?? Http.Response.BodyWriter; set; }

    /// <summary>Cancelled when nobody waits for the answer any more: this client, and those who share it, are gone. Written by cache.</summary>
    public CancellationToken Gone { get => field.CanBeCanceled ? field : Http.RequestAborted; set; }

    /// <summary>The body without what was meant for the gateway, once a translation needed it; or null. Written by forward.</summary>
    public JsonIndex? Rest { get; set; }

    /// <summary>
    /// Writes an error behind what the client has been shown already, where that is not a stream of events (Gemini's array); or null.
    /// Written by forward.
    /// </summary>
    public Action<IBufferWriter<byte>, GatewayError>? ErrorTail { get; set; }

    /// <summary>Request fields dropped because the target refuses them. Written by forward.</summary>
    public IReadOnlyList<string> Dropped { get; set; } = [];

    /// <summary>Every try, in order. Written by forward.</summary>
    public List<Attempt> Attempts { get; } = [];

    /// <summary>The try whose answer the client got, or null. Written by forward.</summary>
    public Target? Served { get; set; }

    /// <summary>What the answer said of itself: model, tokens, ending. Written by forward, or by cache on a hit.</summary>
    public AnswerFacts Answer { get; set; } = new();

    /// <summary>Whether the answer ended as its dialect says a complete one ends. Written by forward, or by cache on a hit.</summary>
    public bool Complete { get; set; }

    /// <summary>From the beginning to the first content byte to the client. Written by forward, or by cache on a hit.</summary>
    public TimeSpan? ToFirstContent { get; set; }

    /// <summary>When the steps before routing were over. Written by the pipeline between them.</summary>
    public StepMarks Marks { get; set; }

    /// <summary>The gateway's own share of the time to the first byte: everything but the wait for providers. Written by forward.</summary>
    public TimeSpan Overhead { get; set; }

    /// <summary>Output tokens of an answer that was cut before it told, as counted from outside: an estimate. Written by forward.</summary>
    public long CountedTokens { get; set; }

    /// <summary>Body bytes sent to the client. Written by whoever writes the answer.</summary>
    public long BytesOut { get; set; }

    /// <summary>What is kept of the question for the logs, or null. Written by the bodies' step.</summary>
    public KeptBody? QuestionBody { get; set; }

    /// <summary>What is kept of the answer for the logs, or null. Written by the bodies' step.</summary>
    public KeptBody? AnswerBody { get; set; }

    /// <summary>The exchange that a request became. By type and not by type parameter: a generic call through an interface costs more than the look-up.</summary>
    public static Exchange Of(HttpContext http) => (Exchange)http.Features[typeof(Exchange)]!;

    /// <summary>Whether a target may serve the caller. What the gateway asks for itself is the operator's choice.</summary>
    /// <param name="target">As <c>provider/model</c>.</param>
    public bool MayUse(string target) => Purpose is not null || Caller is null || Caller.Allows(target);

    /// <summary>Why the exchange failed, or null. Written by the step that refused.</summary>
    public GatewayError? Error { get; private set; }

    /// <summary>Whether the error was told by <see cref="RefuseAsync"/>: else the answer's own bytes hold it, or nobody was left to be told.</summary>
    public bool Refused { get; private set; }

    /// <summary>Whether any byte reached the client, flushed or not: after that nothing can be taken back.</summary>
    public bool Shown => Http.Response.HasStarted || BytesOut > 0 || (Output.CanGetUnflushedBytes && Output.UnflushedBytes > 0);

    /// <summary>
    /// Ends the exchange with an error in the client's dialect: as JSON with its status while nothing is shown, else as the dialect's
    /// closing error event on a stream, else by cutting the connection. Notes it for the log.
    /// </summary>
    public ValueTask RefuseAsync(GatewayError error)
    {
        Error = error = Errors?.Clean(error) ?? error;
        Refused = true;
        return Refusal.WriteAsync(this, error);
    }

    /// <summary>Notes a failure of which the client can no longer be told (it is gone, or it has been told already).</summary>
    public void Fail(GatewayError error) => Error ??= Errors?.Clean(error) ?? error;
}

/// <summary>What the limits said of one request: how the limit stands that refused it, or else the one that leaves the least.</summary>
/// <param name="Rule">That limit.</param>
/// <param name="Remaining">What is left of it, as far as this instance knows.</param>
/// <param name="Reset">Until it is whole again.</param>
internal sealed record LimitVerdict(LimitRule Rule, long Remaining, TimeSpan Reset);

/// <summary>Tokens as they are taken to be before a provider has counted them.</summary>
/// <param name="Input">Of the question.</param>
/// <param name="Output">Of all answers to it, at most or most likely.</param>
internal readonly record struct TokenGuess(long Input, long Output);

/// <summary>What the cache did, as <c>x-perigee-cache</c> says it.</summary>
internal enum CacheOutcome
{
    /// <summary>The operation is never cached: no header.</summary>
    Off,

    /// <summary>Replayed.</summary>
    Hit,

    /// <summary>Asked, and kept if it ends well.</summary>
    Miss,

    /// <summary>The caller or the configuration asked for no cache.</summary>
    Bypass,

    /// <summary>Asked anew at the caller's wish, and kept.</summary>
    Refresh,

    /// <summary>Shared with an equal question that was being answered.</summary>
    Joined,

    /// <summary>Replayed to a question that asks the same in other words.</summary>
    Semantic,
}

using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Perigee.Routing.Health;
using Perigee.Telemetry;
using Perigee.Wire;
using Perigee.Wire.Gemini;

namespace Perigee.Forwarding;

/// <summary>
/// One try at one target, in two halves: opening asks and reads up to the first content, showing nothing and touching nothing that another
/// try could share; giving shows the answer. Kept in the exchange's attempts however it ends.
/// </summary>
internal sealed partial class UpstreamTry : IAsyncDisposable
{
    private readonly TryTools _tools;
    private readonly Exchange _exchange;
    private readonly bool _hedge;
    private readonly TargetState _state;
    private readonly long _started;
    private readonly int _place;
    private readonly Activity? _span;
    private HttpResponseMessage? _answer;
    private Patience? _patience;
    private IOpenAnswer? _open;
    private JsonIndex? _unsealed;
    private Translated? _translated;
    private IReadOnlyList<string> _dropped = [];
    private TimeSpan? _toHeaders;
    private TimeSpan? _toContent;
    private string? _requestId;
    private int _status;
    private bool _hideUsage;
    private bool _sent;
    private AnswerIds? _ids;
    private bool _remembered;
    private bool _noted;

    /// <summary>Begins a try.</summary>
    public UpstreamTry(TryTools tools, TargetWalk walk, Target target, bool hedge)
    {
        (_tools, Walk, Target, _hedge) = (tools, walk, target, hedge);
        _exchange = walk.Exchange;
        _state = tools.States.Of(target);
        _started = tools.Time.GetTimestamp();
        _state.Began();
        _span = Spans.BeginCall(_exchange, target);
        lock (_exchange.Attempts)
        {
            _place = _exchange.Attempts.Count;
            _exchange.Attempts.Add(new Attempt(target, 0, null, null, null, TimeSpan.Zero, false, null) { Outcome = "lost", Hedge = hedge, Span = _span });
        }
    }

    /// <summary>The request's way.</summary>
    public TargetWalk Walk { get; }

    /// <summary>Where it goes.</summary>
    public Target Target { get; }

    /// <summary>Why it failed with nothing shown, or null.</summary>
    public TryFailure? Failure { get; private set; }

    /// <summary>How long to wait before the target is asked again: set by who decides that.</summary>
    public TimeSpan Wait { get; set; }

    /// <summary>What the answer says of itself.</summary>
    public AnswerFacts Facts { get; } = new();

    /// <summary>Asks, and reads up to the first content. Sets <see cref="Failure"/> where that fails; never throws for it.</summary>
    /// <param name="lost">Cancelled when another try was quicker.</param>
    public async ValueTask OpenAsync(CancellationToken lost)
    {
        TimeoutOptions timeouts = Walk.Plan.Timeouts;
        _patience = new Patience(timeouts, _exchange.Stream, _tools.Time, _exchange.Gone, lost);
        Exception? thrown = null;
        GatewayError? error;
        try
        {
            error = await AskAsync(_patience);
            if (error is null && Failure is null && _open is not null)
            {
                error = await _open.OpenAsync();
                if (error is null)
                    Judge(_open);
            }
        }
        catch (Exception failure)
        {
            thrown = _patience.Overrun == PatienceLimit.Connect ? new ConnectTimeoutException("No connection in time.", failure) : failure;
            error = ErrorOf(thrown, timeouts);
        }

        if (_patience.Lost)
            Failure = new TryFailure(error ?? Gone, Verdict.Lost);
        else if (error is not null)
            Failure = new TryFailure(error, Verdict.Of(error, thrown)) { Answer = _answer };
        if (Failure is { } failed)
            await CloseAsync(failed.Verdict, failed.Error);
    }

    /// <summary>Gives the opened answer to the client, to its end.</summary>
    /// <returns>Null where the client has it, or has been told why not; else what it is still to be told.</returns>
    public async ValueTask<GatewayError?> GiveAsync()
    {
        _exchange.Answer = Facts;
        _exchange.Dropped = _dropped;
        _exchange.Served = Target;
        GatewayError? error;
        try
        {
            error = await _open!.GiveAsync(Commit);
        }
        catch (Exception failure)
        {
            error = ErrorOf(failure, Walk.Plan.Timeouts);
        }

        if (_ids is not null)
            await _ids.EndAsync();
        _exchange.Complete = error is null && _exchange.Error is null;
        GatewayError? fault = error ?? _exchange.Error;
        if (!_exchange.Complete || Facts.Usage is null)
            _exchange.CountedTokens = _open!.CountedTokens;
        Verdict verdict = fault is null ? new Verdict("ok", Onward.Stop, false, HealthEffect.Success) : Verdict.Of(fault, null);
        await CloseAsync(verdict, fault);
        return error;
    }

    /// <summary>An opened answer that nobody wants any more.</summary>
    public ValueTask DisposeAsync() => CloseAsync(Verdict.Lost, null);

    /// <summary>Whether the next turn of the conversation could go elsewhere: only then it matters who made what.</summary>
    private bool MayWander => Walk.Plan.Route.Length > 0 || Walk.Plan.Targets.Count > 1;

    private static GatewayError Gone => new(ErrorKind.ClientGone, "Another target was quicker.");

    private async ValueTask<GatewayError?> AskAsync(Patience patience)
    {
        if (_exchange.Upload is { } upload)
            upload.Progress = patience.Restart;
        _translated = Translator.IsNeeded(_exchange, Target) ? await _tools.Translator.TranslateAsync(_exchange, Walk.Plan, Target, patience.Token) : null;
        if (_translated?.Error is { } refused)
            return refused;
        _dropped = _translated?.Dropped ?? [];
        if (_translated?.Counted is not null)
        {
            _open = new MadeAnswer(_exchange, Target, _translated, Facts) { Patience = patience };
            return null;
        }

        _unsealed = _translated is null ? await _tools.Translator.UnsealAsync(_exchange, patience.Token) : null;
        GatewayError? error = null;
        using HttpRequestMessage? request = _translated is { } translated
            ? UpstreamRequest.Make(_exchange, Target, translated)
            : UpstreamRequest.Make(_exchange, Walk.Plan, Target, _unsealed, out _hideUsage, out _dropped, out error);
        if (error is not null)
            return error;
        TraceHeaders.Write(request!.Headers, _exchange, _span);
        request.Options.Set(Upstreams.ConnectWithin, Walk.Plan.Timeouts.Connect);
        if (request.Content is SlicedContent content && !Target.Provider.BuiltIn)
        {
            content.Sending = patience.Connected;
            patience.Dialling();
        }

        _exchange.Overhead += _tools.Time.GetElapsedTime(_started);
        _sent = true;
        _answer = await _tools.Upstreams.For(Target.Provider).SendAsync(request, patience.Token);
        patience.Connected();
        _status = (int)_answer.StatusCode;
        _toHeaders = _tools.Time.GetElapsedTime(_started);
        _requestId = AnswerHeaders.RequestId(_answer);
        if (RateHeadroom.Read(_answer.Headers, _tools.Time.GetUtcNow()) is { } room)
            _state.Heard(room.Left, room.Reset);
        Stream body = await UpstreamBody.OpenAsync(_answer);
        if (_answer.IsSuccessStatusCode)
            _open = Answer(_answer, body, patience);
        else
            await ReadErrorAsync(_answer, body, patience);
        return null;
    }

    private IOpenAnswer Answer(HttpResponseMessage answer, Stream body, Patience patience)
    {
        long? length = answer.Content.Headers.ContentLength;

        // Where something else could follow it is worth waiting for content; where not, the client sees the opening soon.
        TimeSpan hold = Walk.HasMore || Walk.Plan.Retries.Most > 0 ? Walk.Plan.Timeouts.Hold : TimeSpan.FromMilliseconds(100);
        if (_translated is { } translated)
        {
            if (_exchange.Operation.Asks != Asks.Conversation)
                return new MadeAnswer(_exchange, Target, translated, Facts) { Patience = patience, Upstream = body, Length = length, OnContent = Content };
            return new TranslatedAnswer(_exchange, Target, translated, _exchange.StartedAt.ToUnixTimeSeconds(), Facts)
            {
                Upstream = body,
                IsStream = UpstreamBody.IsStream(answer),
                Length = length,
                Patience = patience,
                Hold = hold,
                OnContent = Content,
            };
        }

        bool json = UpstreamBody.IsJson(answer);
        _ids = MayWander && _exchange.Operation.Name is "responses" or "messages"
            ? new AnswerIds(_tools.Origins, _exchange.Caller!.Tenant, Target.Provider.Name, _exchange.Operation.Name == "responses")
            : null;

        // What calls itself something else (a proxy's page) is read as what it should be, and found out.
        bool asked = _exchange.Operation.Asks != Asks.OwnThing;
        if (UpstreamBody.IsStream(answer) || (_exchange.AsArray && json) || (asked && _exchange.Stream && !json))
        {
            return new StreamRelay(_exchange, Target.Provider, _exchange.Dialect.Reader(Facts), Facts, _hideUsage)
            {
                Upstream = body,
                Patience = patience,
                Hold = hold,
                AsArray = _exchange.AsArray && json,
                OnContent = Content,
                Ids = _ids,
                BeforeFlush = _exchange.Operation.MakesId ? RememberAsync : null,
            };
        }

        return (json || asked) && _exchange.Operation.Inspected
            ? new WholeAnswer(_exchange, Target, body, length, Facts, patience) { OnContent = Content, Ids = _ids, BeforeGiving = BeforeGivingAsync }
            : new RawAnswer(_exchange, body, patience)
            {
                OnContent = Content,
                Length = answer.Content.Headers.ContentEncoding.Count == 0 ? length : null,
            };
    }

    /// <summary>An answer with nothing in it, or one that a filter stopped, is left for another target where there is one.</summary>
    private void Judge(IOpenAnswer open)
    {
        bool filtered = Facts.Finish is FinishReason.ContentFilter or FinishReason.Refusal;
        if (_exchange.Operation.Asks == Asks.Conversation && open.Ended && filtered && Walk.HasContentPolicy)
        {
            Failure = new TryFailure(
                new GatewayError(ErrorKind.ProviderRefused, $"Provider '{Target.Provider.Name}' blocked the answer.") { Status = 400, Code = ErrorWords.Filtered }, Verdict.Blocked);
        }
        else if (_exchange.Operation.Asks == Asks.Conversation && open is { Ended: true, Content: false } && Walk.HasMore && IsNoAnswer())
        {
            Failure = new TryFailure(new GatewayError(ErrorKind.ProviderFailed, $"Provider '{Target.Provider.Name}' gave an empty answer."), Verdict.Empty);
        }
    }

    // A limit of one token, or a stop sequence met at once, may leave nothing: then nothing is the answer.
    private bool IsNoAnswer() => Facts.Finish is FinishReason.Stop or FinishReason.None
        && _exchange.Question is { } question && question.FindTopLevel("stop"u8) < 0 && question.FindTopLevel("stop_sequences"u8) < 0;

    private async ValueTask ReadErrorAsync(HttpResponseMessage answer, Stream body, Patience patience)
    {
        (byte[] buffer, int length, _) = await UpstreamBody.ReadAsync(body, null, UpstreamBody.MostErrorBytes, patience);
        try
        {
            ReadOnlyMemory<byte> bytes = buffer.AsMemory(0, length);
            GatewayError error = ProviderError.Of(answer.StatusCode, answer.Headers, bytes.Span, Target.Provider, _tools.Time.GetUtcNow(), _exchange.Errors);
            Verdict verdict = Verdict.Of(error, null);
            error = error with { Status = UpstreamFailure.StatusFor(_exchange, error.Status) };

            // In the provider's own bytes only where the client reads them, and they mean what their status says.
            ReadOnlyMemory<byte> told = ErrorFrame.Text(bytes, Target.Provider.Key, _exchange.Errors);
            bool own = _translated is null && error.Kind == ErrorKind.ProviderRefused && error.Status == (int)answer.StatusCode && _exchange.Dialect.IsOwnError(told.Span);
            Failure = new TryFailure(error, verdict)
            {
                Answer = answer,
                Within = _translated is null,
                OwnBytes = own ? told.ToArray() : null,
            };
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Commit()
    {
        HttpResponse response = _exchange.Http.Response;
        if (_answer is { } answer)
            AnswerHeaders.Copy(_exchange, answer, _translated is null);
        else
            response.ContentType = "application/json";
        Note(new Verdict("ok", Onward.Stop, false, HealthEffect.Success), null);
        Receipts.Write(_exchange, Walk.Plan, _tools.Time);
        if (_translated is not null)
        {
            response.ContentType = !_exchange.Stream ? "application/json"
                : _exchange.AsArray ? "application/json; charset=UTF-8" : "text/event-stream";
        }

        if (_exchange.Copy is { } copy)
            copy.ContentType = response.ContentType ?? "";
        if (_open is StreamRelay or TranslatedAnswer && (_exchange.Stream || _open is StreamRelay))
        {
            response.Headers.CacheControl = "no-cache";
            response.Headers["X-Accel-Buffering"] = "no";

            // A provider that was asked for an array and sends events all the same ends with an event.
            if (_exchange.AsArray && _open is not StreamRelay { AsArray: false })
                _exchange.ErrorTail = (output, error) => GeminiError.WriteArrayError(output, error, first: _exchange.BytesOut == 0);
        }
    }

    private void Content()
    {
        _toContent ??= _tools.Time.GetElapsedTime(_started);
        _exchange.ToFirstContent ??= _tools.Time.GetElapsedTime(_exchange.Started);
    }

    private GatewayError ErrorOf(Exception failure, TimeoutOptions timeouts)
    {
        GatewayError? error = UpstreamFailure.Of(failure, _exchange, Target.Provider, _patience!, timeouts);
        if (error is not null)
            return error;
        if (_patience!.Lost)
            return Gone;
        LogFault(_tools.Log, failure, _exchange.Id);
        return new GatewayError(ErrorKind.Internal, "The gateway failed: its log has the details under this x-request-id.");
    }

    /// <summary>Ends the try: lets go of the provider, keeps the attempt, tells the target's state. Once.</summary>
    private ValueTask CloseAsync(Verdict verdict, GatewayError? error)
    {
        if (_noted)
            return ValueTask.CompletedTask;
        _noted = true;
        Note(verdict, error);
        _open?.Dispose();
        _unsealed?.Dispose();
        _answer?.Dispose();
        _state.Ended(new TryOutcome(verdict.Health)
        {
            ToContent = _exchange.Stream ? _toContent : null,
            Total = _tools.Time.GetElapsedTime(_started),
            OutputTokens = Facts.Usage is { } usage ? usage.OutputText + usage.OutputReasoning : 0,
            RetryAfter = error?.RetryAfter,
            LostRace = verdict == Verdict.Lost && _exchange.Stream && _toContent is null && _patience is { Lost: true },
            Why = verdict.Outcome,
        });
        _patience?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Note(in Verdict verdict, GatewayError? error)
    {
        lock (_exchange.Attempts)
        {
            _exchange.Attempts[_place] = new Attempt(Target, _status, error?.Kind, _toHeaders, _toContent, _tools.Time.GetElapsedTime(_started),
                verdict.Outcome == "ok" || (_exchange.Served == Target && _exchange.Shown), _requestId)
            {
                Outcome = verdict.Outcome,
                Hedge = _hedge,
                Sent = _sent,
                Usage = Facts.Usage,
                Span = _span,
                CountedTokens = Facts.Usage is null || error is not null ? _open?.CountedTokens ?? 0 : 0,
            };
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> BeforeGivingAsync(ReadOnlyMemory<byte> bytes)
    {
        if (_exchange.Operation.ListsIds && !_exchange.Caller!.IsOpen)
            bytes = await OwnIds.OnlyAsync(bytes, id => _tools.Origins.IsKnownAsync(_exchange.Caller.Tenant, id, _patience!.Token));
        await RememberAsync();
        if (_exchange.Operation.NamesFiles)
            await RememberFilesAsync(bytes);
        return bytes;
    }

    /// <summary>Before the client can use an id it must be known where it belongs.</summary>
    private async ValueTask RememberAsync()
    {
        if (_remembered || !_exchange.Operation.MakesId || Facts.Id is not { } id)
            return;
        _remembered = true;
        if (_exchange.Question is { } question && question.TopLevelType("store"u8) == JsonTokenType.False)
            return;
        await RememberAsync(id);
    }

    private async ValueTask RememberAsync(string id)
    {
        try
        {
            await _tools.Origins.RememberAsync(_exchange.Caller!.Tenant, id, Target.Provider.Name, _exchange.Gone);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The answer is worth more than the way back to it: later calls in this process still find it.
            LogOrigin(_tools.Log, e, _exchange.Id);
        }
    }

    /// <summary>A finished batch names the files that hold its results: made by the provider, and the caller's to read.</summary>
    private async ValueTask RememberFilesAsync(ReadOnlyMemory<byte> batch)
    {
        using JsonDocument document = JsonDocument.Parse(ReadableJson.Of(batch));
        foreach (string member in (string[])["output_file_id", "error_file_id"])
        {
            if (document.RootElement.TryGetProperty(member, out JsonElement id) && id.ValueKind == JsonValueKind.String)
                await RememberAsync(id.GetString()!);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Exchange {Id} failed in the gateway itself.")]
    private static partial void LogFault(ILogger log, Exception fault, string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Exchange {Id} made an id whose origin could not be stored: other instances will not find it.")]
    private static partial void LogOrigin(ILogger log, Exception fault, string id);
}

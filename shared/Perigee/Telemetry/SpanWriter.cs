using System.Diagnostics;
using Perigee.Logs;
using Perigee.Providers;
using Perigee.Telemetry.Content;

namespace Perigee.Telemetry;

/// <summary>Writes what came of an exchange into its spans and ends them. Texts that others chose are redacted and cut.</summary>
internal sealed class SpanWriter(Redactor redactor, TimeProvider time)
{
    private static readonly System.Buffers.SearchValues<char> VerbLetters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    private const int Longest = 256;

    /// <summary>Ends the spans of an exchange that is over, those of its calls first.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="span">Its own span.</param>
    /// <param name="tap">What the client was sent, where content is captured.</param>
    /// <param name="crash">What flew past the steps, or null.</param>
    public void End(Exchange exchange, Activity span, AnswerTap? tap, Exception? crash)
    {
        Activity? answered = null;
        lock (exchange.Attempts)
        {
            foreach (Attempt attempt in exchange.Attempts)
            {
                if (attempt.Span is not { } call)
                    continue;
                bool served = attempt.Shown && attempt.Target == exchange.Served;
                if (call.IsAllDataRequested)
                {
                    WriteCall(call, exchange, attempt, served);
                    answered = served ? call : answered;
                }
            }

            if (span.IsAllDataRequested)
            {
                WriteExchange(span, exchange, crash);
                if (tap is not null)
                    ContentAttributes.Write(answered ?? span, exchange, tap, redactor);
            }

            foreach (Attempt attempt in exchange.Attempts)
            {
                if (attempt.Span is { } call)
                {
                    call.SetEndTime(call.StartTimeUtc + attempt.Total);
                    call.Stop();
                }
            }
        }

        span.SetEndTime(span.StartTimeUtc + time.GetElapsedTime(exchange.Started));
        span.Stop();
    }

    private void WriteCall(Activity span, Exchange exchange, Attempt attempt, bool served)
    {
        Provider provider = attempt.Target.Provider;
        if (attempt.Target.Model.Length > 0)
        {
            string model = Text(attempt.Target.Model);
            span.SetTag("gen_ai.request.model", model);
            span.DisplayName = $"{span.OperationName} {model}";
        }

        RequestAttributes.Write(span, exchange, provider, Text);
        if (served)
        {
            AnswerFacts answer = exchange.Answer;
            if (answer.Id is { } id)
                span.SetTag("gen_ai.response.id", Text(id));
            if (answer.Model is { } model)
                span.SetTag("gen_ai.response.model", Text(model));
            if (Semantics.Finish(answer.Finish) is { } finish)
                span.SetTag("gen_ai.response.finish_reasons", (string[])[finish]);
        }

        if (attempt.Usage is { } usage)
        {
            span.SetTag("gen_ai.usage.input_tokens", usage.Input);
            span.SetTag("gen_ai.usage.output_tokens", usage.Output);
            if (usage.InputCacheRead > 0)
                span.SetTag("gen_ai.usage.cache_read.input_tokens", usage.InputCacheRead);
            if (usage.InputCacheWrite + usage.InputCacheWriteHour is var written and > 0)
                span.SetTag("gen_ai.usage.cache_creation.input_tokens", written);
            if (usage.OutputReasoning > 0)
                span.SetTag("gen_ai.usage.reasoning.output_tokens", usage.OutputReasoning);
        }

        if (exchange.Stream && attempt.ToContent is { } first)
            span.SetTag("gen_ai.response.time_to_first_chunk", first.TotalSeconds);
        if (attempt.Status > 0)
            span.SetTag("http.response.status_code", attempt.Status);
        span.SetTag("perigee.target", Text(attempt.Target.Name));
        span.SetTag("perigee.outcome", attempt.Outcome);
        if (attempt.Hedge)
            span.SetTag("perigee.hedge", true);
        if (attempt.ProviderRequestId is { } request)
            span.SetTag("perigee.provider_request_id", Text(request));
        if (AnswerCost.Of(attempt.Target, attempt.Usage, exchange.StartedAt) is { } cost)
            span.SetTag("perigee.cost", Money(cost));
        if (attempt.Outcome != "ok")
            Fail(span, attempt.Outcome);
    }

    private void WriteExchange(Activity span, Exchange exchange, Exception? crash)
    {
        WriteHttp(span, exchange, crash);
        span.SetTag("perigee.request_id", exchange.Id);
        span.SetTag("perigee.dialect", exchange.Dialect.Name);
        if (Semantics.AsksModel(exchange.Operation.Name))
        {
            span.SetTag("gen_ai.operation.name", Semantics.Operation(exchange.Operation.Name, exchange.Operation.Speaks));
            if (exchange.Model is { Length: > 0 } model)
                span.SetTag("gen_ai.request.model", Text(model));
            if (exchange.Answer.Model is { } answered)
                span.SetTag("gen_ai.response.model", Text(answered));
        }

        if (exchange.Stream)
            span.SetTag("gen_ai.request.stream", true);
        if (exchange.Caller is { } caller)
        {
            Tag(span, "perigee.organisation", caller.Organisation);
            Tag(span, "perigee.team", caller.Team);
            Tag(span, "perigee.key_id", caller.KeyId);
        }

        Tag(span, "perigee.purpose", exchange.Purpose);
        Tag(span, "perigee.route", exchange.Plan?.Route is { Length: > 0 } route ? Text(route) : null);
        Tag(span, "perigee.target", exchange.Served is { } served ? Text(served.Name) : null);
        span.SetTag("perigee.attempts", exchange.Attempts.Count);
        if (exchange.Cache != CacheOutcome.Off)
            span.SetTag("perigee.cache.outcome", Words.Of(exchange.Cache));
        if (exchange.CacheReceipt is { } receipt)
        {
            Tag(span, "perigee.cache.tier", receipt.Observed ? null : receipt.Tier);
            if (receipt.SavedPicoDollars is { } saved)
                span.SetTag("perigee.saved_cost", Money((long)saved));
        }

        if (exchange.Attempts.Count > 0 && Spending.IsBilled(exchange.Operation) && Spending.Of(exchange, exchange.StartedAt).PicoDollars is { } cost)
            span.SetTag("perigee.cost", Money(cost));
        if (exchange.Limit is { } limit && exchange.Error?.Kind is ErrorKind.LimitReached or ErrorKind.BudgetSpent)
            span.SetTag("perigee.limit", $"{Words.Of(limit.Rule.Level)}/{limit.Rule.Name}");
        if (exchange.Dropped.Count > 0)
            span.SetTag("perigee.dropped_params", exchange.Dropped.Select(Text).ToArray());
        if (exchange.ToFirstContent is { } first)
            span.SetTag("perigee.time_to_first_content", first.TotalSeconds);
    }

    private void WriteHttp(Activity span, Exchange exchange, Exception? crash)
    {
        Microsoft.AspNetCore.Http.HttpRequest request = exchange.Http.Request;
        span.SetTag("url.path", Path(request.Path.Value ?? "/"));
        if (request.Host.HasValue)
        {
            span.SetTag("server.address", Text(request.Host.Host));
            if (request.Host.Port is { } port)
                span.SetTag("server.port", port);
        }

        if (request.Protocol.StartsWith("HTTP/", StringComparison.Ordinal))
            span.SetTag("network.protocol.version", request.Protocol[5..]);
        Tag(span, "user_agent.original", request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? Text(agent) : null);
        bool gone = exchange.Http.RequestAborted.IsCancellationRequested && !exchange.Complete;
        ErrorKind? kind = exchange.Error?.Kind ?? (gone ? ErrorKind.ClientGone : crash is null ? null : ErrorKind.Internal);
        int status = kind == ErrorKind.ClientGone ? 499 : crash is not null && !exchange.Http.Response.HasStarted ? 500 : exchange.Http.Response.StatusCode;
        span.SetTag("http.response.status_code", status);
        if (kind is not { } failed)
            return;
        span.SetTag("error.type", ErrorKinds.Word(failed));
        span.SetTag("perigee.blame", Words.Of(ErrorKinds.Blame(failed)));

        // A refusal is the client's error, not the server's; a stream that failed has its status long behind it.
        if (status >= 500 || (status < 400 && ErrorKinds.Blame(failed) != Blame.Client))
            span.SetStatus(ActivityStatusCode.Error);
    }

    private static void Fail(Activity span, string why)
    {
        span.SetTag("error.type", why);
        span.SetStatus(ActivityStatusCode.Error);
    }

    private static void Tag(Activity span, string name, string? value)
    {
        if (value is not null)
            span.SetTag(name, value);
    }

    private static double Money(long pico) => pico / 1e12;

    /// <summary>Whether a text holds nothing that may not be written.</summary>
    public bool MayShow(string text) => ReferenceEquals(redactor.Redact(text), text);

    private string Text(string text) => redactor.Redact(ForeignText.Cut(text, Longest)!);

    // Gemini's verb stands behind what names the model: with it an address there would not look like one. What is no such verb may belong to
    // what is before it, as a key to its name.
    private string Path(string path)
    {
        int verb = path.LastIndexOf(':');
        return verb > 0 && (path.EndsWith("Content", StringComparison.Ordinal) || path.EndsWith("Contents", StringComparison.Ordinal) || path.EndsWith("Tokens", StringComparison.Ordinal))
            && !path.AsSpan(verb + 1).ContainsAnyExcept(VerbLetters)
            ? Text(path[..verb]) + path[verb..]
            : Text(path);
    }
}

using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Perigee.Caching.Asking;
using Perigee.Wire;

namespace Perigee.Caching.Replay;

/// <summary>Gives a kept answer to a client, in the client's dialect and shape.</summary>
internal sealed class Replayer(IProofSecret secret, TimeProvider time)
{
    /// <summary>The answer in the form that the exchange needs, or null where it cannot be said in it.</summary>
    public RenderedAnswer? Render(Exchange exchange, CachedAnswer kept)
    {
        AnswerForm asked = FormOf(exchange);
        return kept.Form == asked ? new RenderedAnswer(kept.Body, kept.ContentType) : AnswerRendering.Render(kept, asked, ShapeOf(exchange, kept));
    }

    /// <summary>The form in which an exchange wants its answer.</summary>
    public static AnswerForm FormOf(Exchange exchange) => new(
        exchange.Dialect.Name, exchange.Stream, exchange.AsArray,
        exchange is { Stream: true, Operation.StreamsUsage: true } && JsonSplice.ClientAsksUsage(exchange.Question!));

    /// <summary>Sends it. This is the whole answer.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="kept">The entry.</param>
    /// <param name="rendered">Its bytes in the exchange's form.</param>
    /// <param name="receipt">How it was found.</param>
    /// <param name="wish">What the request asked of the cache.</param>
    /// <param name="pace">How a stream is replayed.</param>
    public Task GiveAsync(Exchange exchange, CachedAnswer kept, RenderedAnswer rendered, CacheReceipt receipt, CacheWish wish, ReplayPace pace)
    {
        HttpResponse response = exchange.Http.Response;
        IHeaderDictionary headers = response.Headers;
        CacheHeaders.Tell(exchange, receipt.Tier == "exact" ? CacheOutcome.Hit : CacheOutcome.Semantic, wish, receipt);
        response.ContentType = rendered.ContentType;
        headers.Age = ((long)Math.Max(0, (time.GetUtcNow() - kept.StoredAt).TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (kept.Target.Length > 0)
            headers[HeaderNames.Target] = Receipts.Ascii(kept.Target);
        if (kept.Dropped.Length > 0)
            headers[HeaderNames.DroppedParams] = kept.Dropped;
        if (wish.Manner.HasFlag(CacheManner.OpenRouter))
        {
            headers["x-openrouter-cache-age"] = headers.Age;
            headers["x-openrouter-cache-ttl"] = ((long)Math.Max(0, (kept.Expires - time.GetUtcNow()).TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (exchange.Stream)
            headers.CacheControl = "no-cache";
        else
            response.ContentLength = rendered.Body.Length;
        exchange.CacheReceipt = receipt;
        exchange.Answer.Restore(kept.Model, null, kept.Finish);
        exchange.ToFirstContent = time.GetElapsedTime(exchange.Started);
        exchange.BytesOut += rendered.Body.Length;
        if (pace == ReplayPace.Paced && exchange.Stream)
            return PlayAsync(exchange, kept, rendered);

        // The write that begins a response rarely waits: no state machine for what is over already.
        ValueTask<FlushResult> flush = response.BodyWriter.WriteAsync(rendered.Body, exchange.Http.RequestAborted);
        if (!flush.IsCompletedSuccessfully)
            return EndAsync(exchange, flush);
        exchange.Complete = !flush.Result.IsCanceled;
        return Task.CompletedTask;
    }

    private static async Task EndAsync(Exchange exchange, ValueTask<FlushResult> flush)
    {
        FlushResult flushed = await flush;
        exchange.Complete = !flushed.IsCanceled;
    }

    private async Task PlayAsync(Exchange exchange, CachedAnswer kept, RenderedAnswer rendered)
    {
        exchange.Complete = await ReplayPacer.PlayAsync(
            exchange.Http.Response.BodyWriter, rendered.Body, FormOf(exchange), kept.Took, time, exchange.Http.RequestAborted);
        if (!exchange.Complete)
            exchange.Fail(new GatewayError(ErrorKind.ClientGone, "The client went away before the answer was complete."));
    }

    private AnswerShape ShapeOf(Exchange exchange, CachedAnswer kept)
    {
        // Without the secret no proof gets from one dialect into another: the rest of the answer does.
        ProofSeal seal = new(secret.Known ?? RandomNumberGenerator.GetBytes(32), exchange.Caller!.Tenant);
        bool shows = exchange.Operation.Speaks != DialectFamily.Gemini;
        if (exchange.Dialect is IChatDialect chat
            && chat.TryRead(exchange.Question!, new QuestionContext(exchange.Operation.Speaks == DialectFamily.Gemini ? exchange.Stream : null, seal), out ChatQuestion? question, out _)
            && question.Reasoning is { } reasoning)
        {
            shows = reasoning.Shown ?? shows;
        }

        return new AnswerShape
        {
            Stream = exchange.Stream,
            AsArray = exchange.AsArray,
            StreamUsage = FormOf(exchange).Usage,
            ShowsReasoning = shows,
            Id = exchange.Id,
            Model = kept.Model ?? exchange.Model ?? "",
            Created = kept.StoredAt.ToUnixTimeSeconds(),
            Seal = seal,
        };
    }
}

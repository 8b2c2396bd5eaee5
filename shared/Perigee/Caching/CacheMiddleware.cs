using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Wire;

namespace Perigee.Caching;

/// <summary>Replays an answer to an equal question of the same tenant, or keeps the answer that the steps behind it give.</summary>
internal sealed class CacheMiddleware(RequestDelegate next, AnswerCache cache, TimeProvider time)
{
    public Task InvokeAsync(HttpContext http)
    {
        Exchange exchange = http.Features.Get<Exchange>()!;
        if (!exchange.Operation.Cacheable || exchange.Question is null)
            return next(http);
        return AskAsync(exchange);
    }

    private async Task AskAsync(Exchange exchange)
    {
        HttpContext http = exchange.Http;
        if (!TryReadWish(exchange, out Wish wish, out GatewayError? error))
        {
            await exchange.RefuseAsync(error!);
            return;
        }

        if (!wish.Read && !wish.Write)
        {
            Tell(exchange, CacheOutcome.Bypass);
            await next(http);
            return;
        }

        CacheKey key = CacheKey.Of(exchange);
        if (wish.Read)
        {
            CachedAnswer? found = cache.FindInMemory(key)
                ?? await cache.FindInTableAsync(key, exchange.Options.Cache.LookupBudget, http.RequestAborted);
            if (found is not null)
            {
                await ReplayAsync(exchange, found);
                return;
            }
        }

        if (wish.Only)
        {
            Tell(exchange, CacheOutcome.Miss);
            await exchange.RefuseAsync(new GatewayError(ErrorKind.NotFound,
                $"No kept answer to this question, and '{HeaderNames.Cache}: only' asks for no other."));
            return;
        }

        Tell(exchange, wish.Read ? CacheOutcome.Miss : CacheOutcome.Refresh);
        exchange.Copy = wish.Write ? new AnswerCopy(CachedAnswer.MostBytes) : null;
        await next(http);
        if (exchange.Copy is { Overflowed: false } copy && MayBeKept(exchange))
        {
            DateTimeOffset now = time.GetUtcNow();
            cache.Keep(key, new CachedAnswer(copy.Bytes.ToArray(), copy.ContentType, exchange.Answer.Model, exchange.Answer.Usage,
                exchange.Answer.Finish, now, now + exchange.Options.Cache.Ttl));
        }
    }

    /// <summary>Only an answer that ended complete and for a reason of its own. Embeddings and the like state none.</summary>
    private static bool MayBeKept(Exchange exchange) =>
        exchange.Complete && exchange.Error is null && exchange.Http.Response.StatusCode == StatusCodes.Status200OK
        && exchange.Answer.Finish is FinishReason.Stop or FinishReason.StopSequence or FinishReason.ToolCalls or FinishReason.None
        && (exchange.Answer.Finish != FinishReason.None || exchange.Operation.Asks == Asks.Vectors || exchange.Operation.Name is "moderations" or "rerank")
        && !exchange.Http.RequestAborted.IsCancellationRequested;

    private async Task ReplayAsync(Exchange exchange, CachedAnswer found)
    {
        HttpResponse response = exchange.Http.Response;
        Tell(exchange, CacheOutcome.Hit);
        response.ContentType = found.ContentType;
        response.Headers.Age = ((long)Math.Max(0, (time.GetUtcNow() - found.StoredAt).TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (exchange.Stream)
            response.Headers.CacheControl = "no-cache";
        else
            response.ContentLength = found.Body.Length;
        exchange.Answer.Restore(found.Model, found.Usage, found.Finish);
        exchange.ToFirstContent = time.GetElapsedTime(exchange.Started);
        exchange.BytesOut += found.Body.Length;
        FlushResult flushed = await response.BodyWriter.WriteAsync(found.Body, exchange.Http.RequestAborted);
        exchange.Complete = !flushed.IsCanceled;
    }

    private static void Tell(Exchange exchange, CacheOutcome outcome)
    {
        exchange.Cache = outcome;
        exchange.Http.Response.Headers[HeaderNames.Cache] = outcome switch
        {
            CacheOutcome.Hit => "hit",
            CacheOutcome.Miss => "miss",
            CacheOutcome.Refresh => "refresh",
            _ => "bypass",
        };
    }

    private static bool TryReadWish(Exchange exchange, out Wish wish, out GatewayError? error)
    {
        error = null;
        wish = exchange.Options.Cache.Enabled ? new Wish(true, true, false) : default;
        IHeaderDictionary headers = exchange.Http.Request.Headers;
        string asked = headers[HeaderNames.Cache].ToString().Trim();
        switch (asked.ToLowerInvariant())
        {
            case "":
                string control = headers.CacheControl.ToString();
                if (control.Contains("no-store", StringComparison.OrdinalIgnoreCase))
                    wish = default;
                else if (wish.Read && control.Contains("no-cache", StringComparison.OrdinalIgnoreCase))
                    wish = new Wish(false, true, false);
                break;
            case "on":
                wish = new Wish(true, true, false);
                break;
            case "off":
                wish = default;
                break;
            case "refresh":
                wish = new Wish(false, true, false);
                break;
            case "only":
                wish = new Wish(true, false, true);
                break;
            default:
                error = new GatewayError(ErrorKind.BadRequest,
                    $"'{HeaderNames.Cache}' must be 'on', 'off', 'refresh' or 'only'.", HeaderNames.Cache);
                return false;
        }

        // What a client stores at the provider must be there under the id that the answer names.
        if (exchange.Question!.TopLevelType("store"u8) == JsonTokenType.True)
            wish = default;
        return true;
    }

    /// <summary>What may be done: replay, keep, or nothing but replay.</summary>
    private readonly record struct Wish(bool Read, bool Write, bool Only);
}

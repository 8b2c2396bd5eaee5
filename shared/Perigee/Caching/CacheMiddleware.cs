using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Wire;

namespace Perigee.Caching;

/// <summary>
/// Replays an answer to an equal question of the same tenant, shares one that is just being given, or keeps the answer that the steps
/// behind it give.
/// </summary>
internal sealed class CacheMiddleware(RequestDelegate next, AnswerCache cache, Flights flights, TimeProvider time)
{
    /// <summary>Calls of others that came to nothing, until a question is asked for itself alone.</summary>
    private const int MostJoins = 3;

    public Task InvokeAsync(HttpContext http)
    {
        Exchange exchange = http.Features.Get<Exchange>()!;
        if (!exchange.Operation.Cacheable || exchange.Question is null || IsOn(http, HeaderNames.Explain))
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
        bool shares = wish is { Read: true, Write: true };
        FlightKey flightKey = new(key.Text, IsOn(http, HeaderNames.NoFallback));
        int joined = 0;
        if (wish.Read)
        {
            CachedAnswer? found = cache.FindInMemory(key);
            if (found is null && shares && flights.Join(flightKey) is { } running)
            {
                // What is being asked just now was in no table a moment ago.
                if (await FollowAsync(exchange, running))
                    return;
                joined++;
            }

            found ??= await cache.FindInTableAsync(key, exchange.Options.Cache.LookupBudget, http.RequestAborted);
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

        while (shares && joined++ < MostJoins)
        {
            (Flight flight, bool leads) = flights.JoinOrLead(flightKey, exchange);
            if (leads)
            {
                await LeadAsync(exchange, key, flightKey, flight);
                return;
            }

            if (await FollowAsync(exchange, flight))
                return;
        }

        await AskAloneAsync(exchange, key, wish);
    }

    private async Task<bool> FollowAsync(Exchange exchange, Flight flight)
    {
        Tell(exchange, CacheOutcome.Joined);
        return await new Follower(exchange, flight, time).FollowAsync();
    }

    /// <summary>
    /// Asks, for all who join meanwhile. This does not return before the call is over, even if its own client is gone: the call reads the
    /// body, which is this request's.
    /// </summary>
    private async Task LeadAsync(Exchange exchange, CacheKey key, FlightKey flightKey, Flight flight)
    {
        HttpContext http = exchange.Http;

        // It may have been answered between the look-up and here.
        CachedAnswer? found = cache.FindInMemory(key);
        FlightWriter writer = new(flight, exchange);
        bool crashed = true;
        CancellationTokenRegistration left = http.RequestAborted.UnsafeRegister(static flight => ((Flight)flight!).LeaderLeaves(), flight);
        try
        {
            if (found is null)
            {
                Tell(exchange, CacheOutcome.Miss);
                (exchange.Output, exchange.Gone) = (writer, flight.Gone);
                await next(http);
            }

            crashed = false;
        }
        finally
        {
            // Kept before it is taken off the map: an equal question finds one or the other at any moment.
            if (!crashed && found is null && MayBeKept(exchange) && flight.Whole(CachedAnswer.MostBytes) is { } body)
                Keep(exchange, key, body, http.Response.ContentType);
            flights.Remove(flightKey, flight);
            flight.End(crashed);
            left.Dispose();
            (exchange.Output, exchange.Gone) = (http.Response.BodyWriter, default);
            if (writer.Missed)
            {
                exchange.Complete = false;
                exchange.Fail(new GatewayError(ErrorKind.ClientGone, "The client went away before the answer was complete; others had asked the same."));
            }

            flight.Release();
        }

        if (found is not null)
            await ReplayAsync(exchange, found);
    }

    private async Task AskAloneAsync(Exchange exchange, CacheKey key, Wish wish)
    {
        Tell(exchange, wish.Read ? CacheOutcome.Miss : CacheOutcome.Refresh);
        exchange.Copy = wish.Write ? new AnswerCopy(CachedAnswer.MostBytes) : null;
        await next(exchange.Http);
        if (exchange.Copy is { Overflowed: false } copy && MayBeKept(exchange) && !exchange.Http.RequestAborted.IsCancellationRequested)
            Keep(exchange, key, copy.Bytes.ToArray(), copy.ContentType);
    }

    private void Keep(Exchange exchange, CacheKey key, byte[] body, string? type)
    {
        DateTimeOffset now = time.GetUtcNow();
        cache.Keep(key, new CachedAnswer(body, new AnswerForm(exchange.Dialect.Name, exchange.Stream, exchange.AsArray, false))
        {
            ContentType = type ?? "",
            Model = exchange.Answer.Model,
            Usage = exchange.Answer.Usage,
            Finish = exchange.Answer.Finish,
            StoredAt = now,
            Expires = now + exchange.Options.Cache.Ttl,
            Source = exchange.Id,
            Target = exchange.Served?.Name ?? "",
        });
    }

    /// <summary>Only an answer that ended complete and for a reason of its own. Embeddings and the like state none.</summary>
    private static bool MayBeKept(Exchange exchange) =>
        exchange.Complete && exchange.Error is null && exchange.Http.Response.StatusCode == StatusCodes.Status200OK
        && exchange.Answer.Finish is FinishReason.Stop or FinishReason.StopSequence or FinishReason.ToolCalls or FinishReason.None
        && (exchange.Answer.Finish != FinishReason.None || exchange.Operation.Asks == Asks.Vectors || exchange.Operation.Name is "moderations" or "rerank");

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
            CacheOutcome.Joined => "joined",
            _ => "bypass",
        };
    }

    private static bool IsOn(HttpContext http, string header) =>
        http.Request.Headers[header] is { Count: > 0 } values && values.ToString().Trim() is "1" or "true" or "True" or "TRUE";

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

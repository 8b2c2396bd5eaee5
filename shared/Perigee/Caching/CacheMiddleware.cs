using Microsoft.AspNetCore.Http;
using Perigee.Caching.Asking;
using Perigee.Caching.Replay;
using Perigee.Caching.Store;

namespace Perigee.Caching;

/// <summary>
/// Replays an answer to an equal question of the same tenant, shares one that is just being given, or keeps the answer that the steps
/// behind it give.
/// </summary>
internal sealed class CacheMiddleware(
    RequestDelegate next, AnswerCache cache, KnownQuestions known, Flights flights, SharedCalls calls, MeaningTiers meaning, IProofSecret secret,
    Random dice, TimeProvider time)
{
    /// <summary>Calls of others that came to nothing, until a question is asked for itself alone.</summary>
    private const int MostJoins = 3;

    private readonly Replayer _replayer = new(secret, time);

    public Task InvokeAsync(HttpContext http)
    {
        Exchange exchange = Exchange.Of(http);
        if (!exchange.Operation.Cacheable || exchange.Question is null || IsOn(http, HeaderNames.Explain))
            return next(http);
        CacheOptions policy = exchange.Options.CacheOf(exchange.Model);
        if (CacheWishReader.Read(exchange, policy, out GatewayError? error) is not { } wish)
            return exchange.RefuseAsync(error!).AsTask();
        if (!wish.Read && wish.Only)
            return RefuseAsync(exchange, wish, null);
        if (!wish.Read && !wish.Write)
        {
            CacheHeaders.Tell(exchange, CacheOutcome.Bypass, wish);
            cache.Counts.Add(CacheKey.ScopeOf(exchange, wish.Namespace), CacheEvent.Bypass);
            return next(http);
        }

        if (wish is not { Read: true, Buckets: 1, Ignored: null })
            return AskAsync(exchange, wish, policy, null);
        RawQuestion raw = RawQuestion.Of(exchange, wish);

        // The shortest way: byte for byte what was asked before, and its answer still in memory.
        if (known.Find(raw) is { } asked && ReferenceEquals(cache.FindInMemory(asked.Question.Key), asked.Answer) && IsFresh(asked.Answer, wish)
            && MayHave(exchange, asked.Answer)
            && (asked.Receipt.Tier == "exact" || meaning.Allows(exchange, policy, wish)))
        {
            Count(asked.Question, asked.Answer, asked.Receipt, CacheEvent.ExactMemory);
            if (asked.Receipt.Tier != "exact")
                meaning.Replayed(exchange, policy, asked.Question, asked.Answer);
            return _replayer.GiveAsync(exchange, asked.Answer, asked.Rendered, asked.Receipt, wish, policy.Pace);
        }

        return AskAsync(exchange, wish, policy, raw);
    }

    private async Task AskAsync(Exchange exchange, CacheWish wish, CacheOptions policy, RawQuestion? raw)
    {
        HttpContext http = exchange.Http;
        CacheQuestion question = CacheQuestion.Of(exchange, wish, policy, wish.Buckets > 1 ? dice.Next(wish.Buckets) : 0);
        bool shares = wish is { Read: true, Write: true };
        FlightKey flightKey = new($"{question.Key.Partition}|{question.Hash}|{Replayer.FormOf(exchange)}{exchange.Caller!.Scope.ModelsKey}{Shorter(exchange)}", IsOn(http, HeaderNames.NoFallback));
        CacheReceipt receipt = new() { Key = AnswerCache.IdOf(question.Key), Verdict = question.Refusal };
        int joined = 0;
        if (wish.Read)
        {
            if (Take(exchange, wish, policy, question, cache.FindInMemory(question.Key)) is { } inMemory)
            {
                await GiveAsync(exchange, wish, policy, raw, inMemory, CacheEvent.ExactMemory);
                return;
            }

            if (shares && flights.Join(flightKey) is { } running)
            {
                // What is being asked just now was in no table a moment ago.
                if (await FollowAsync(exchange, wish, question, running))
                    return;
                joined++;
            }

            CachedAnswer? found = await cache.FindInTableAsync(question.Key, policy.LookupBudget, http.RequestAborted);
            if (Take(exchange, wish, policy, question, found) is { } inTable)
            {
                await GiveAsync(exchange, wish, policy, raw, inTable, CacheEvent.ExactTable);
                return;
            }

            MeaningFound near = await meaning.FindAsync(exchange, policy, wish, question);
            if (near.Answer is { } close && MayHave(exchange, close) && _replayer.Render(exchange, close) is { } said)
            {
                await GiveAsync(exchange, wish, policy, null, new KnownQuestion(question, close, said, near.Receipt!), CacheEvent.Near);
                return;
            }

            receipt = receipt with
            {
                Tier = near.Receipt is { Observed: true } ? near.Receipt.Tier : null,
                Verdict = near.Receipt?.Verdict ?? receipt.Verdict,
                Similarity = near.Receipt?.Similarity,
                Observed = near.Receipt?.Observed ?? false,
            };
            cache.Counts.Add(question.Scope, CacheEvent.Miss);
        }
        else
        {
            cache.Counts.Add(question.Scope, CacheEvent.Refresh);
        }

        if (wish.Only)
        {
            await RefuseAsync(exchange, wish, receipt);
            return;
        }

        while (shares && joined++ < MostJoins)
        {
            (Flight flight, bool leads) = flights.JoinOrLead(flightKey, exchange);
            if (leads)
            {
                await LeadAsync(exchange, wish, policy, question, receipt, flightKey, flight);
                return;
            }

            if (await FollowAsync(exchange, wish, question, flight))
                return;
        }

        await AskAloneAsync(exchange, wish, policy, question, receipt);
    }

    private static Task RefuseAsync(Exchange exchange, CacheWish wish, CacheReceipt? receipt)
    {
        CacheHeaders.Tell(exchange, CacheOutcome.Miss, wish, receipt);
        return exchange.RefuseAsync(new GatewayError(ErrorKind.NotFound,
            $"No kept answer to this question, and '{HeaderNames.Cache}: only' asks for no other.")).AsTask();
    }

    /// <summary>What a tier holds, if it may be replayed to this question in this form.</summary>
    private KnownQuestion? Take(Exchange exchange, CacheWish wish, CacheOptions policy, CacheQuestion question, CachedAnswer? found)
    {
        if (found is null || !IsFresh(found, wish) || !MayHave(exchange, found))
            return null;
        bool exact = found.Question == question.Hash;
        if (!exact && !meaning.Allows(exchange, policy, wish))
            return null;
        if (_replayer.Render(exchange, found) is not { } rendered)
            return null;
        return new KnownQuestion(question, found, rendered, new CacheReceipt
        {
            Tier = exact ? "exact" : "equivalent",
            Verdict = exact ? null : "same",
            Key = found.Id,
            Source = found.Source,
            Saved = found.Usage,
            SavedPicoDollars = found.PicoDollars,
        });
    }

    private Task GiveAsync(Exchange exchange, CacheWish wish, CacheOptions policy, RawQuestion? raw, KnownQuestion found, CacheEvent tier)
    {
        if (raw is { } asked)
            known.Note(asked, found);
        Count(found.Question, found.Answer, found.Receipt, tier);
        if (found.Receipt.Tier != "exact")
            meaning.Replayed(exchange, policy, found.Question, found.Answer);
        return _replayer.GiveAsync(exchange, found.Answer, found.Rendered, found.Receipt, wish, policy.Pace);
    }

    private void Count(CacheQuestion question, CachedAnswer answer, CacheReceipt receipt, CacheEvent tier) =>
        cache.Counts.Hit(question.Scope, receipt.Tier switch { "equivalent" => CacheEvent.Equivalent, "near" => CacheEvent.Near, _ => tier }, answer);

    private bool IsFresh(CachedAnswer answer, CacheWish wish) => wish.MostAge is not { } most || time.GetUtcNow() - answer.StoredAt <= most;

    /// <summary>Another key of the tenant may use models that this one may not.</summary>
    private static bool MayHave(Exchange exchange, CachedAnswer answer) => answer.Target.Length == 0 || exchange.MayUse(answer.Target);

    private async Task<bool> FollowAsync(Exchange exchange, CacheWish wish, CacheQuestion question, Flight flight)
    {
        CacheHeaders.Tell(exchange, CacheOutcome.Joined, wish);
        if (!await new Follower(exchange, flight, time).FollowAsync())
            return false;
        cache.Counts.Add(question.Scope, CacheEvent.Joined);
        return true;
    }

    /// <summary>
    /// Asks, for all who join meanwhile. This does not return before the call is over, even if its own client is gone: the call reads the
    /// body, which is this request's.
    /// </summary>
    private async Task LeadAsync(
        Exchange exchange, CacheWish wish, CacheOptions policy, CacheQuestion question, CacheReceipt receipt, FlightKey flightKey, Flight flight)
    {
        HttpContext http = exchange.Http;

        // It may have been answered between the look-up and here, or by another instance while this one waits for it.
        KnownQuestion? found = Take(exchange, wish, policy, question, cache.FindInMemory(question.Key));
        SharedCall? call = null;
        if (found is null && policy.ShareCalls)
        {
            call = await calls.TakeAsync(question.Key, policy, http.RequestAborted);
            if (call.Answer is { } others)
                found = Take(exchange, wish, policy, question, others);
        }

        FlightWriter writer = new(flight, exchange);
        bool crashed = true, kept = false;
        CancellationTokenRegistration left = http.RequestAborted.UnsafeRegister(static flight => ((Flight)flight!).LeaderLeaves(), flight);
        try
        {
            if (found is null)
            {
                CacheHeaders.Tell(exchange, CacheOutcome.Miss, wish, receipt);
                (exchange.Output, exchange.Gone) = (writer, flight.Gone);
                await next(http);
            }

            crashed = false;
        }
        finally
        {
            // Kept before it is taken off the map: an equal question finds one or the other at any moment.
            if (!crashed && found is null && Keeping.MayBeKept(exchange) && flight.Whole(CachedAnswer.MostBytes) is { } body)
                kept = Keep(exchange, wish, policy, question, body, http.Response.ContentType, replaces: false);
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
            call?.Release(kept);
        }

        if (found is not null)
            await GiveAsync(exchange, wish, policy, null, found, CacheEvent.ExactTable);
    }

    private async Task AskAloneAsync(Exchange exchange, CacheWish wish, CacheOptions policy, CacheQuestion question, CacheReceipt receipt)
    {
        CacheHeaders.Tell(exchange, wish.Read ? CacheOutcome.Miss : CacheOutcome.Refresh, wish, receipt);
        exchange.Copy = wish.Write ? new AnswerCopy(CachedAnswer.MostBytes) : null;
        await next(exchange.Http);
        if (exchange.Copy is { Overflowed: false } copy && Keeping.MayBeKept(exchange) && !exchange.Http.RequestAborted.IsCancellationRequested)
            Keep(exchange, wish, policy, question, copy.Bytes.ToArray(), copy.ContentType, replaces: !wish.Read);
    }

    private bool Keep(Exchange exchange, CacheWish wish, CacheOptions policy, CacheQuestion question, byte[] body, string? type, bool replaces)
    {
        AnswerForm form = Replayer.FormOf(exchange);
        if (!Keeping.IsLasting(body, form, policy))
            return false;
        DateTimeOffset now = time.GetUtcNow();
        CachedAnswer answer = new(body, form)
        {
            ContentType = type ?? "",
            Model = exchange.Answer.Model,
            Usage = exchange.Answer.Usage,
            Finish = exchange.Answer.Finish,
            StoredAt = now,
            Expires = now + wish.Ttl,
            Source = exchange.Id,
            Target = exchange.Served?.Name ?? "",
            Question = question.Hash,
            Scope = question.Scope,
            Took = exchange.ToFirstContent is { } first ? time.GetElapsedTime(exchange.Started) - first : TimeSpan.Zero,
            Began = exchange.StartedAt,
            Dropped = Receipts.Dropped(exchange.Dropped),
            PicoDollars = AnswerCost.Of(exchange.Served, exchange.Answer.Usage, now),
        };
        cache.Keep(question.Key, answer, replaces);
        meaning.Kept(policy, wish, question, answer);
        return true;
    }

    /// <summary>Who has the money for all of an answer does not share the call of one who has not.</summary>
    private static string Shorter(Exchange exchange) => exchange.MaxOutput is { } most ? FormattableString.Invariant($"|{most}") : "";

    private static bool IsOn(HttpContext http, string header) =>
        http.Request.Headers[header] is { Count: > 0 } values && values.ToString().Trim() is "1" or "true" or "True" or "TRUE";
}

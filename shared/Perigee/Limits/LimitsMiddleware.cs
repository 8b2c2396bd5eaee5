using System.Globalization;
using Microsoft.AspNetCore.Http;
using Perigee.Limits.Estimating;

namespace Perigee.Limits;

/// <summary>
/// Reserves what the request may take of every limit that holds for it, or refuses it; and settles afterwards with what it took. A request
/// that was let through counts as one whatever came of it; tokens and money are counted as they were spent.
/// </summary>
internal sealed class LimitsMiddleware(RequestDelegate next, ILimitLedger ledger, Estimator estimator, ReachedTargets reached, LimitMetrics metrics, TimeProvider time)
{
    /// <summary>A shorter answer than this is none.</summary>
    public const long LeastClamped = 16;

    // Each time another limit may say no; and what is left may go to others meanwhile.
    private const int MostTries = 4;

    private readonly AppliedRules _applied = new(reached);
    private readonly LimitHeaders _headers = new(time);

    public Task InvokeAsync(HttpContext http)
    {
        Exchange exchange = Exchange.Of(http);
        if (exchange.Purpose == WarmUp.Purpose)
            return next(http);
        IReadOnlyList<LimitRule> rules = _applied.Of(exchange);
        exchange.Limits = rules;
        return rules.Count == 0 ? next(http) : AskAsync(exchange, http, rules);
    }

    private async Task AskAsync(Exchange exchange, HttpContext http, IReadOnlyList<LimitRule> rules)
    {
        Estimate? estimate = null;
        LimitAmounts amounts = new(0, 0, 0);
        if (Find(rules, static rule => rule.Meter is not (LimitMeter.Requests or LimitMeter.Concurrency)) is not null)
        {
            estimate = estimator.Of(exchange, time.GetUtcNow());
            amounts = estimate.Amounts;
            exchange.Guess = new TokenGuess(amounts.InputTokens, amounts.OutputTokens);
            if (estimate.Unpriced is { } model && Find(rules, static rule => rule.Meter == LimitMeter.Money) is { } budget)
            {
                metrics.PriceUnknown(exchange.Options.Limits.UnknownPrice == UnknownPrice.Block);
                if (exchange.Options.Limits.UnknownPrice == UnknownPrice.Block)
                {
                    await exchange.RefuseAsync(LimitErrors.PriceUnknown(model, budget));
                    return;
                }

                http.Response.Headers[HeaderNames.PriceKnown] = "false";
            }
        }

        Reservation reservation;
        try
        {
            (reservation, amounts) = await ReserveAsync(exchange, rules, estimate, amounts);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            exchange.Fail(new GatewayError(ErrorKind.ClientGone, "The client went away."));
            return;
        }

        _headers.Write(exchange, reservation.Stands, reservation.RefusedBy);
        if (reservation.Verdict != ReservationVerdict.Admitted)
        {
            GatewayError error = reservation is { Verdict: ReservationVerdict.Refused, RefusedBy: { } by }
                ? LimitErrors.Refused(by, amounts, time.GetUtcNow())
                : LimitErrors.StorageDown();

            // The SDKs try again what is refused with 429 unless they are told not to.
            if (error is { Kind: ErrorKind.LimitReached, RetryAfter: null })
                http.Response.Headers["x-should-retry"] = "false";
            await exchange.RefuseAsync(error);
            return;
        }

        try
        {
            await next(http);
        }
        finally
        {
            reservation.Settle(Taken(exchange, amounts));
            if (estimate is not null)
                estimator.Learn(exchange);
        }
    }

    /// <summary>
    /// Reserves; where only money is short, once more for a shorter answer: where the question does not say how long it may be, for one that is at least as long as is likely, and where
    /// the limit says so (clamp), for any. What was reserved is then what the provider is told.
    /// </summary>
    private async ValueTask<(Reservation Reservation, LimitAmounts Amounts)> ReserveAsync(
        Exchange exchange, IReadOnlyList<LimitRule> rules, Estimate? estimate, LimitAmounts amounts)
    {
        CancellationToken gone = exchange.Http.RequestAborted;
        Reservation reservation = await ledger.ReserveAsync(rules, amounts, gone);
        Reservation first = reservation;
        LimitAmounts all = amounts;
        long whole = estimate?.Open ?? estimate?.Output ?? 0;
        long output = whole;
        for (int tries = 1; tries < MostTries && reservation is { Verdict: ReservationVerdict.Refused, RefusedBy: { Rule.Meter: LimitMeter.Money } by }; tries++)
        {
            long affordable = Math.Min(estimate!.Affordable(by.Remaining), output - 1);
            long least = by.Rule.Clamp ? LeastClamped : estimate.Open is null ? long.MaxValue : Math.Max(LeastClamped, estimate.Output);
            if (affordable < Math.Max(least, estimate.LeastOutput))
                return (first, estimate.AmountsOf(estimate.Output));
            output = affordable;
            amounts = estimate.AmountsUpTo(output);
            reservation = await ledger.ReserveAsync(rules, amounts, gone);
        }

        if (reservation.Verdict != ReservationVerdict.Admitted)
            return (first, all);
        if (estimate is not null && output < whole)
        {
            exchange.MaxOutput = output;
            exchange.Guess = new TokenGuess(amounts.InputTokens, amounts.OutputTokens);
            exchange.Http.Response.Headers[HeaderNames.MaxTokens] = output.ToString(CultureInfo.InvariantCulture);
        }

        return (reservation, amounts);
    }

    private LimitAmounts Taken(Exchange exchange, in LimitAmounts reserved)
    {
        Spending spent = Spending.Of(exchange, time.GetUtcNow());
        if (spent.PicoDollars is { } pico)
            return new LimitAmounts(spent.Input, spent.Output, Money.OfPico(pico));

        // What it cost is not known after all (another tier, another target): what it could have cost stays counted.
        return new LimitAmounts(spent.Input, spent.Output, reserved.MicroDollars);
    }

    private static LimitRule? Find(IReadOnlyList<LimitRule> rules, Func<LimitRule, bool> wanted)
    {
        for (int i = 0; i < rules.Count; i++)
        {
            if (wanted(rules[i]))
                return rules[i];
        }

        return null;
    }
}

using Microsoft.AspNetCore.Http;

namespace Perigee.Limits;

/// <summary>
/// Says on an answer how the caller's limits stand: of each meter the one that leaves the least. In OpenAI's names, in Anthropic's on Messages;
/// budgets in names of our own.
/// </summary>
internal sealed class LimitHeaders(TimeProvider time)
{
    private readonly HeaderTexts _texts = new();

    /// <summary>Writes them to a response that has not begun, and notes on the exchange what the log keeps.</summary>
    public void Write(Exchange exchange, IReadOnlyList<LimitStand> stands, LimitStand? refusedBy)
    {
        LimitStand? requests = null, tokens = null, input = null, output = null, money = null, tightest = null;
        for (int i = 0; i < stands.Count; i++)
        {
            LimitStand stand = stands[i];

            // What others have leased and not spent may be left, but not for this request.
            if (stand.Rule.Meter == LimitMeter.Requests && refusedBy is { } no && ReferenceEquals(no.Rule, stand.Rule))
                stand = stand with { Remaining = 0 };
            switch (stand.Rule.Meter)
            {
                case LimitMeter.Requests:
                    requests = Tighter(requests, stand);
                    break;
                case LimitMeter.Tokens:
                    tokens = Tighter(tokens, stand);
                    break;
                case LimitMeter.InputTokens:
                    input = Tighter(input, stand);
                    break;
                case LimitMeter.OutputTokens:
                    output = Tighter(output, stand);
                    break;
                case LimitMeter.Money:
                    money = Tighter(money, stand);
                    break;
                default:
                    break;
            }

            if (tightest is not { } least || Share(stand) < Share(least))
                tightest = stand;
        }

        LimitStand? told = refusedBy ?? tightest;
        exchange.Limit = told is { } one ? new LimitVerdict(one.Rule, one.Remaining, one.Reset) : null;
        IHeaderDictionary headers = exchange.Http.Response.Headers;
        if (exchange.Dialect.Name == "anthropic")
        {
            Anthropic(headers, requests, "anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset");
            Anthropic(headers, tokens, "anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset");
            Anthropic(headers, input, "anthropic-ratelimit-input-tokens-limit", "anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset");
            Anthropic(headers, output, "anthropic-ratelimit-output-tokens-limit", "anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset");
        }
        else
        {
            OpenAi(headers, requests, "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests");

            // OpenAI has one name for tokens: where question and answer are limited apart, the tighter of the two stands there.
            LimitStand? any = tokens;
            if (any is null && input is { } ofInput)
                any = ofInput;
            if (tokens is null && output is { } ofOutput)
                any = Tighter(any, ofOutput);
            OpenAi(headers, any, "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens");
        }

        if (money is { } budget)
        {
            headers[HeaderNames.BudgetLimit] = _texts.Dollars(budget.Rule.Amount);
            headers[HeaderNames.BudgetSpent] = _texts.Dollars(budget.Spent);
            headers[HeaderNames.BudgetRemaining] = _texts.Dollars(budget.Remaining);
            if (budget.Rule.Period != LimitPeriod.Total)
                headers[HeaderNames.BudgetReset] = _texts.Time(time.GetUtcNow() + budget.Reset);
        }
    }

    private void OpenAi(IHeaderDictionary headers, LimitStand? stand, string limit, string remaining, string reset)
    {
        if (stand is not { } one)
            return;
        headers[limit] = _texts.Number(one.Rule.Amount);
        headers[remaining] = _texts.Number(one.Remaining);
        headers[reset] = _texts.Duration(one.Reset);
    }

    private void Anthropic(IHeaderDictionary headers, LimitStand? stand, string limit, string remaining, string reset)
    {
        if (stand is not { } one)
            return;
        headers[limit] = _texts.Number(one.Rule.Amount);
        headers[remaining] = _texts.Number(one.Remaining);
        headers[reset] = _texts.Time(time.GetUtcNow() + one.Reset);
    }

    private static LimitStand Tighter(LimitStand? one, LimitStand other) => one is { } first && first.Remaining <= other.Remaining ? first : other;

    private static double Share(in LimitStand stand) => stand.Remaining / (double)Math.Max(1, stand.Rule.Amount);
}

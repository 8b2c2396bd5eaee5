using Perigee.Wire;

namespace Perigee;

/// <summary>What an exchange took in the end.</summary>
/// <param name="Input">Input tokens of all calls that were made for it, cached ones included.</param>
/// <param name="Output">Output tokens, reasoning included.</param>
/// <param name="PicoDollars">Their price; null where it is not known, which is not the same as nothing.</param>
internal readonly record struct Spending(long Input, long Output, long? PicoDollars)
{
    /// <summary>Whether some of the tokens were counted from outside, as a provider did not tell them.</summary>
    public bool Estimated { get; init; }

    private static Spending Nothing => new(0, 0, 0);

    /// <summary>
    /// The truth of an exchange that is over. A replay costs nothing, nor does sharing another's call: who began it pays. Every call counts by
    /// what it told, also those that failed or lost a race. One that was cut before it told counts with the question and what could be counted
    /// of the answer, for the provider has worked on both; one that never went out or was refused costs nothing.
    /// </summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="at">When it was: prices change.</param>
    public static Spending Of(Exchange exchange, DateTimeOffset at)
    {
        if (!IsBilled(exchange.Operation) || exchange.Cache is CacheOutcome.Hit or CacheOutcome.Semantic or CacheOutcome.Joined)
            return Nothing;
        Spending all = Nothing;
        lock (exchange.Attempts)
        {
            foreach (Attempt attempt in exchange.Attempts)
            {
                if (TokensOf(exchange, attempt, out bool estimated) is not { } tokens)
                    continue;
                long? cost = AnswerCost.Of(attempt.Target, tokens, at);
                all = new(all.Input + tokens.Input, all.Output + tokens.Output, cost is null ? null : Sum(all.PicoDollars, cost.Value)) { Estimated = all.Estimated || estimated };
            }
        }

        return all;
    }

    /// <summary>Whether an operation has tokens that are billed. Counting them is free, and what is kept elsewhere was billed when it was made.</summary>
    public static bool IsBilled(Operation operation) => operation is { TargetBy: TargetBy.Model, Asks: not Asks.Count } or { Name: "batches.create" };

    /// <summary>Whether what an operation will cost is beyond what the gateway can know: a batch names a file of questions.</summary>
    public static bool IsUnknown(Operation operation) => operation.Name == "batches.create";

    private static TokenUsage? TokensOf(Exchange exchange, Attempt attempt, out bool estimated)
    {
        bool ok = attempt.Outcome == "ok";
        estimated = true;
        if (attempt.Usage is { } told)
        {
            // An answer that did not end has told its beginning only.
            long more = ok ? 0 : Math.Max(0, attempt.CountedTokens - told.Output);
            estimated = more > 0;
            return more > 0 ? told with { OutputText = told.OutputText + more } : told;
        }

        if (!attempt.Sent)
            return null;
        long input = exchange.Guess?.Input ?? exchange.Body.Length / 4;
        if (attempt.CountedTokens > 0)
            return new TokenUsage(input, 0, 0, attempt.CountedTokens, 0);
        if (ok)
            return new TokenUsage(input, 0, 0, exchange.Operation.Asks == Asks.Conversation ? exchange.BytesOut / 4 : exchange.Guess?.Output ?? 0, 0);

        // Cut by us: who was working on the question bills it.
        return attempt.Outcome is "client_gone" or "lost" or "timeout" ? new TokenUsage(input, 0, 0, 0, 0) : null;
    }

    private static long? Sum(long? one, long other) => one is not { } first ? null : first > long.MaxValue - other ? long.MaxValue : first + other;
}

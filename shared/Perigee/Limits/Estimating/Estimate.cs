using Perigee.Catalog;

namespace Perigee.Limits.Estimating;

/// <summary>What a request may take at most, before it is asked.</summary>
/// <param name="Input">Tokens of the question.</param>
/// <param name="Output">Tokens of one answer.</param>
/// <param name="Choices">How many answers there are.</param>
internal sealed record Estimate(long Input, long Output, long Choices)
{
    /// <summary>The longest that one answer may become where the question does not say; null where it does. <see cref="Output"/> is what it is likely to be.</summary>
    public long? Open { get; init; }

    /// <summary>The longest that one answer may be made for want of money, no less than this.</summary>
    public long LeastOutput { get; init; }

    /// <summary>The rates of the targets that it may reach; those that are not known are left out.</summary>
    public IReadOnlyList<PriceRates> Rates { get; init; } = [];

    /// <summary>The model whose price is not known, or null where all are.</summary>
    public string? Unpriced { get; init; }

    /// <summary>The amounts to reserve: the money by the dearest target, and where the question does not say how long the answer may be, for the longest.</summary>
    public LimitAmounts Amounts => AmountsUpTo(Open ?? Output);

    /// <summary>The amounts where answers are as long as is likely and may become as long as this: money is reserved for the whole, for a budget must not be exceeded.</summary>
    public LimitAmounts AmountsUpTo(long most) => AmountsOf(Math.Min(Output, most)) with { MicroDollars = AmountsOf(most).MicroDollars };

    /// <summary>The amounts, were each answer no longer than this.</summary>
    public LimitAmounts AmountsOf(long output)
    {
        long dearest = 0;
        foreach (PriceRates rates in Rates)
            dearest = Math.Max(dearest, Money.OfPico(Pico(rates, output)));
        return new(Input, Times(output, Choices), dearest);
    }

    /// <summary>The longest that each answer may be to cost no more than this at any of the targets; negative where the question alone costs more.</summary>
    public long Affordable(long microDollars)
    {
        long least = Open ?? Output;
        foreach (PriceRates rates in Rates)
        {
            Int128 left = ((Int128)microDollars * Money.PicoPerMicro) - Pico(rates, 0);
            Int128 each = (Int128)Dearest(rates) * Choices;
            if (left < 0)
                return -1;
            if (each > 0 && left / each < least)
                least = (long)(left / each);
        }

        return least;
    }

    // What is written to a cache may cost more than what is read: whether the provider will is not known before.
    private long Pico(PriceRates rates, long output) => rates.Cost(new PricedTokens { Input = Input }) is var plain && rates.CacheWrite > rates.Input
        ? Add(rates.Cost(new PricedTokens { CacheWrite = Input }), rates, output)
        : Add(plain, rates, output);

    private long Add(long input, PriceRates rates, long output)
    {
        Int128 sum = input + ((Int128)Times(output, Choices) * Dearest(rates));
        return sum > long.MaxValue ? long.MaxValue : (long)sum;
    }

    private static long Dearest(PriceRates rates) => Math.Max(rates.Output, rates.OutputReasoning ?? 0);

    private static long Times(long one, long other) => one > 0 && other > long.MaxValue / one ? long.MaxValue : one * other;
}

/// <summary>Units of money.</summary>
internal static class Money
{
    /// <summary>Pico-dollars in a micro-dollar.</summary>
    public const long PicoPerMicro = 1_000_000;

    /// <summary>Micro-dollars, rounded up: a limit is never exceeded by a fraction.</summary>
    public static long OfPico(long pico) => pico / PicoPerMicro + (pico % PicoPerMicro > 0 ? 1 : 0);
}

namespace Perigee.Catalog;

/// <summary>
/// Tokens by the class that they are billed in. The classes do not overlap: <see cref="Input"/> holds what was neither read from a cache nor
/// written to one and is not sound.
/// </summary>
internal readonly record struct PricedTokens
{
    /// <summary>Plain input.</summary>
    public long Input { get; init; }

    /// <summary>Output without sound, reasoning included.</summary>
    public long Output { get; init; }

    /// <summary>Input that was read from the provider's cache.</summary>
    public long CacheRead { get; init; }

    /// <summary>Input that was written to the provider's cache (for five minutes, where the provider tells apart).</summary>
    public long CacheWrite { get; init; }

    /// <summary>Input that was written to the provider's cache for an hour.</summary>
    public long CacheWriteHour { get; init; }

    /// <summary>Input of sound.</summary>
    public long InputAudio { get; init; }

    /// <summary>Output of sound.</summary>
    public long OutputAudio { get; init; }

    /// <summary>All input: it decides about the tier.</summary>
    public Int128 AllInput => (Int128)Input + CacheRead + CacheWrite + CacheWriteHour + InputAudio;
}

/// <summary>
/// Prices in micro-dollars per million tokens. One such unit times one token is 10^-6 dollars / 10^6 = 10^-12 dollars, so tokens times price
/// are exact pico-dollars: 1,000 tokens at 2.50 dollars a million are 1,000 x 2,500,000 = 2.5 x 10^9 pico-dollars = 0.0025 dollars.
/// </summary>
/// <param name="Input">Plain input.</param>
/// <param name="Output">Output.</param>
internal sealed record PriceRates(long Input, long Output)
{
    /// <summary>Input read from a cache; billed as plain input where it is null.</summary>
    public long? CacheRead { get; init; }

    /// <summary>Input written to a cache for five minutes; billed as plain input where it is null.</summary>
    public long? CacheWrite { get; init; }

    /// <summary>Input written to a cache for an hour; billed as <see cref="CacheWrite"/> where it is null.</summary>
    public long? CacheWriteHour { get; init; }

    /// <summary>Sound in; billed as plain input where it is null.</summary>
    public long? InputAudio { get; init; }

    /// <summary>Sound out; billed as plain output where it is null.</summary>
    public long? OutputAudio { get; init; }

    /// <summary>Micro-dollars of a request as such, whatever its tokens.</summary>
    public long? Request { get; init; }

    /// <summary>Pico-dollars of these tokens. What no longer fits is the greatest number there is: a budget must not wrap around.</summary>
    public long Cost(in PricedTokens tokens)
    {
        Int128 sum = (Int128)tokens.Input * Input
            + (Int128)tokens.Output * Output
            + (Int128)tokens.CacheRead * (CacheRead ?? Input)
            + (Int128)tokens.CacheWrite * (CacheWrite ?? Input)
            + (Int128)tokens.CacheWriteHour * (CacheWriteHour ?? CacheWrite ?? Input)
            + (Int128)tokens.InputAudio * (InputAudio ?? Input)
            + (Int128)tokens.OutputAudio * (OutputAudio ?? Output)
            + (Int128)(Request ?? 0) * 1_000_000;
        return sum > long.MaxValue ? long.MaxValue : (long)sum;
    }
}

/// <summary>
/// Prices above an amount of input. They hold for the whole request, not only for the tokens above: so Anthropic, Google, OpenAI and xAI bill
/// long contexts, and so the sources mean it.
/// </summary>
/// <param name="Above">The tier holds where all input tokens are more than this.</param>
/// <param name="Rates">The prices then.</param>
internal sealed record PriceTier(long Above, PriceRates Rates);

/// <summary>Prices from a day on (UTC).</summary>
/// <param name="From">The first day.</param>
/// <param name="Price">The prices from then on, themselves without later ones.</param>
internal sealed record DatedPrice(DateOnly From, ModelPrice Price);

/// <summary>What a model costs: prices, tiers of long contexts, and changes on a day. Discounts by the hour are left out: the dearest hour counts.</summary>
/// <param name="Rates">The prices of the first tier.</param>
internal sealed record ModelPrice(PriceRates Rates)
{
    /// <summary>The further tiers, the lowest first.</summary>
    public IReadOnlyList<PriceTier> Tiers { get; init; } = [];

    /// <summary>Prices that hold from a day on, the earliest first.</summary>
    public IReadOnlyList<DatedPrice> Later { get; init; } = [];

    /// <summary>Nothing at all, and known to be so.</summary>
    public static ModelPrice Free { get; } = new(new PriceRates(0, 0));

    /// <summary>The prices in force at a time.</summary>
    public ModelPrice At(DateTimeOffset at)
    {
        ModelPrice price = this;
        foreach (DatedPrice later in Later)
        {
            if (DateOnly.FromDateTime(at.UtcDateTime) >= later.From)
                price = later.Price;
        }

        return price;
    }

    /// <summary>Pico-dollars of these tokens at a time.</summary>
    public long Cost(in PricedTokens tokens, DateTimeOffset at)
    {
        ModelPrice price = At(at);
        PriceRates rates = price.Rates;
        Int128 input = tokens.AllInput;
        foreach (PriceTier tier in price.Tiers)
        {
            if (input > tier.Above)
                rates = tier.Rates;
        }

        return rates.Cost(tokens);
    }
}

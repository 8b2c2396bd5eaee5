namespace Perigee.Catalog;

/// <summary>
/// Tokens by the class that they are billed in. The classes do not overlap: <see cref="Input"/> holds what was neither read from a cache nor
/// written to one and is neither sound nor picture.
/// </summary>
internal readonly record struct PricedTokens
{
    /// <summary>Plain input.</summary>
    public long Input { get; init; }

    /// <summary>Output of text without reasoning.</summary>
    public long Output { get; init; }

    /// <summary>Output of reasoning.</summary>
    public long Reasoning { get; init; }

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

    /// <summary>Input of pictures and video.</summary>
    public long InputImage { get; init; }

    /// <summary>Output of pictures.</summary>
    public long OutputImage { get; init; }

    /// <summary>How the provider served it.</summary>
    public PricedService Service { get; init; }

    /// <summary>All input: it decides about the tier.</summary>
    public Int128 AllInput => (Int128)Input + CacheRead + CacheWrite + CacheWriteHour + InputAudio + InputImage;
}

/// <summary>Ways of being served that have prices of their own.</summary>
internal enum PricedService
{
    /// <summary>The ordinary one.</summary>
    Standard,

    /// <summary>Slower; as the ordinary one where no price is known.</summary>
    Flex,

    /// <summary>In batches; as the ordinary one where no price is known.</summary>
    Batch,

    /// <summary>Ahead of others; unknown where no price is known, for it is dearer.</summary>
    Priority,
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

    /// <summary>Reasoning; billed as plain output where it is null.</summary>
    public long? OutputReasoning { get; init; }

    /// <summary>Pictures in; billed as plain input where it is null.</summary>
    public long? InputImage { get; init; }

    /// <summary>Pictures out; billed as plain output where it is null.</summary>
    public long? OutputImage { get; init; }

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
            + (Int128)tokens.Reasoning * (OutputReasoning ?? Output)
            + (Int128)tokens.InputImage * (InputImage ?? Input)
            + (Int128)tokens.OutputImage * (OutputImage ?? Output)
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

    /// <summary>What the slower service costs, or null where it is not known. Itself without later ones, like the next two.</summary>
    public ModelPrice? Flex { get; init; }

    /// <summary>What tokens of a batch cost, or null where it is not known.</summary>
    public ModelPrice? Batch { get; init; }

    /// <summary>What it costs to be served ahead of others, or null where it is not known.</summary>
    public ModelPrice? Priority { get; init; }

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

    /// <summary>Pico-dollars of these tokens at a time; null where they were served in a way whose price is not known.</summary>
    public long? Cost(in PricedTokens tokens, DateTimeOffset at) => RatesOf(tokens.AllInput, tokens.Service, at)?.Cost(tokens);

    /// <summary>The rates that hold for a request; null where they are not known.</summary>
    /// <param name="input">All its input tokens.</param>
    /// <param name="service">How it is served.</param>
    /// <param name="at">When.</param>
    public PriceRates? RatesOf(Int128 input, PricedService service, DateTimeOffset at)
    {
        ModelPrice now = At(at);
        ModelPrice? price = service switch
        {
            PricedService.Priority => ReferenceEquals(this, Free) ? Free : now.Priority,
            PricedService.Batch => now.Batch ?? now,
            PricedService.Flex => now.Flex ?? now,
            _ => now,
        };
        PriceRates? rates = price?.Rates;
        foreach (PriceTier tier in price?.Tiers ?? [])
        {
            if (input > tier.Above)
                rates = tier.Rates;
        }

        return rates;
    }
}

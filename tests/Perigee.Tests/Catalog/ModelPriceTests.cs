using Perigee.Catalog;

namespace Perigee.Tests.Catalog;

public class ModelPriceTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);

    private static readonly ModelPrice Price = new(new PriceRates(1_250_000, 10_000_000) { CacheRead = 125_000, CacheWrite = 1_600_000, InputAudio = 3_000_000, Request = 5_000 })
    {
        Tiers = [new(200_000, new PriceRates(2_500_000, 15_000_000) { CacheRead = 250_000 })],
    };

    [Theory]
    [InlineData(1, 0, 1_250_000)]
    [InlineData(0, 1, 10_000_000)]
    [InlineData(1000, 100, 2_250_000_000)]
    [InlineData(200_000, 0, 250_000_000_000)]
    [InlineData(200_001, 0, 500_002_500_000)]
    [InlineData(200_001, 10, 500_152_500_000)]
    public void Tokens_times_price_are_pico_dollars_and_a_tier_prices_the_whole_request(long input, long output, long pico)
    {
        ModelPrice price = Price with { Rates = Price.Rates with { Request = null } };

        Assert.Equal(pico, price.Cost(new PricedTokens { Input = input, Output = output }, Now));
    }

    [Fact]
    public void Every_class_has_its_price_and_else_that_of_plain_tokens()
    {
        Assert.Equal(5_000_000_000 + 125_000 + 1_600_000 + 1_600_000 + 3_000_000 + 10_000_000,
            Price.Cost(new PricedTokens { CacheRead = 1, CacheWrite = 1, CacheWriteHour = 1, InputAudio = 1, OutputAudio = 1 }, Now));
        Assert.Equal(20L, new PriceRates(2, 3).Cost(new PricedTokens { Input = 1, Output = 1, CacheRead = 1, CacheWrite = 1, CacheWriteHour = 1, InputAudio = 2, OutputAudio = 1 }) + 2);
    }

    [Fact]
    public void The_tier_counts_input_from_the_cache_too() =>
        Assert.Equal((2_500_000L * 1) + (250_000L * 200_000), Price.Cost(new PricedTokens { Input = 1, CacheRead = 200_000 }, Now));

    [Theory]
    [InlineData("2025-06-09T23:59:59Z", 10_000_000)]
    [InlineData("2025-06-10T00:00:00Z", 2_000_000)]
    [InlineData("2025-06-10T01:00:00+02:00", 10_000_000)]
    public void A_price_holds_from_its_day_on(string at, long input) =>
        Assert.Equal(input, ModelCatalog.Shipped.Find("openai", "o3")!.Price!.At(DateTimeOffset.Parse(at)).Rates.Input);

    [Fact]
    public void Shipped_tiers_hold_at_their_border()
    {
        CatalogModel gemini = ModelCatalog.Shipped.Find("gemini", "gemini-2.5-pro")!;
        CatalogModel gpt = ModelCatalog.Shipped.Find("openai", "gpt-5.4")!;

        Assert.Equal(200_000L * 1_250_000, gemini.Estimate(200_000, 0, Now));
        Assert.Equal(200_001L * 2_500_000, gemini.Estimate(200_001, 0, Now));
        Assert.Equal(271_999L * 2_500_000, gpt.Estimate(271_999, 0, Now));
        Assert.Equal(272_000L * 5_000_000, gpt.Estimate(272_000, 0, Now));
    }

    [Fact]
    public void More_tokens_never_cost_less_in_a_class_of_any_model()
    {
        int seed = Environment.TickCount;
        Random dice = new(seed);
        foreach (CatalogModel model in ModelCatalog.Shipped.All.Where(model => model.Price is not null))
        {
            PricedTokens some = Draw(dice);
            PricedTokens more = some with { Input = some.Input + dice.Next(1, 1_000_000), Output = some.Output + dice.Next(1, 1_000_000) };

            Assert.True(model.Cost(some, Now) <= model.Cost(more, Now), $"{model.Provider}/{model.Id}, seed {seed}");
            Assert.True(model.Cost(some, Now) >= 0, $"{model.Provider}/{model.Id}, seed {seed}");
        }
    }

    [Fact]
    public void A_thousand_million_tokens_do_not_overflow_and_what_does_stays_the_greatest()
    {
        const long Many = 1_000_000_000;
        foreach (CatalogModel model in ModelCatalog.Shipped.All.Where(model => model.Price is not null))
        {
            PriceRates rates = model.Price!.At(Now).Tiers is [.., { } last] ? last.Rates : model.Price.At(Now).Rates;
            Assert.Equal((long)((decimal)Many * (rates.Input + rates.Output) + (1_000_000m * (rates.Request ?? 0))), model.Estimate(Many, Many, Now));
        }

        Assert.Equal(long.MaxValue, Price.Cost(new PricedTokens { Input = long.MaxValue, CacheRead = long.MaxValue, Output = long.MaxValue }, Now));
    }

    private static PricedTokens Draw(Random dice) => new()
    {
        Input = dice.Next(300_000),
        Output = dice.Next(100_000),
        CacheRead = dice.Next(100_000),
        CacheWrite = dice.Next(100_000),
        CacheWriteHour = dice.Next(10_000),
    };
}

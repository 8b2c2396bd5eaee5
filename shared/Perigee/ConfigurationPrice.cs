using System.Globalization;
using Perigee.Catalog;

namespace Perigee;

/// <summary>
/// Reads a price of perigee.json, in dollars per million tokens. It is stated whole: half of it from elsewhere would be a price that nobody asks.
/// </summary>
internal static class ConfigurationPrice
{
    /// <summary>The price, or null where the file has none.</summary>
    public static ModelPrice? Read(ConfigurationSection section)
    {
        ModelPrice price = new(Rates(section))
        {
            Tiers = Tiers(section),
            Batch = Service(section, "batch"),
            Flex = Service(section, "flex"),
            Priority = Service(section, "priority"),
            Later = Later(section),
        };
        section.Close();
        return section.IsGiven ? price : null;
    }

    private static PriceRates Rates(ConfigurationSection section)
    {
        PriceRates rates = new(section.Dollars("input") ?? 0, section.Dollars("output") ?? 0)
        {
            CacheRead = section.Dollars("cacheRead"),
            CacheWrite = section.Dollars("cacheWrite"),
            CacheWriteHour = section.Dollars("cacheWriteHour"),
            OutputReasoning = section.Dollars("reasoning"),
            InputAudio = section.Dollars("inputAudio"),
            OutputAudio = section.Dollars("outputAudio"),
            InputImage = section.Dollars("inputImage"),
            OutputImage = section.Dollars("outputImage"),
            Request = section.Dollars("request"),
        };
        foreach (string member in (ReadOnlySpan<string>)["input", "output"])
        {
            if (section.IsGiven && !section.Has(member))
                section.Fault(member, "is needed: dollars per million tokens, 0 where it is free.");
        }

        return rates;
    }

    private static PriceTier[] Tiers(ConfigurationSection section)
    {
        List<PriceTier> tiers = [];
        foreach (ConfigurationSection tier in section.Objects("tiers", "priceTier"))
        {
            long? above = tier.Number("above", 1, 100_000_000);
            if (!tier.Has("above"))
                tier.Fault("above", "is needed: the tokens of input above which the tier holds.");
            if (tiers.Count > 0 && above <= tiers[^1].Above)
                tier.Fault("above", "has to be more than that of the tier before it.");
            tiers.Add(new(above ?? 0, Rates(tier)));
            tier.Close();
        }

        return [.. tiers];
    }

    private static ModelPrice? Service(ConfigurationSection section, string member)
    {
        ConfigurationSection service = section.Section(member);
        PriceRates rates = Rates(service);
        service.Close();
        return service.IsGiven ? new(rates) : null;
    }

    private static DatedPrice[] Later(ConfigurationSection section)
    {
        List<DatedPrice> later = [];
        foreach (ConfigurationSection price in section.Objects("later", "laterPrice"))
        {
            DateOnly day = default;
            if (price.Text("from") is not { } from || !DateOnly.TryParseExact(from, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day))
                price.Fault("from", "has to be the first day of the price, such as 2026-12-31.");
            else if (later.Count > 0 && day <= later[^1].From)
                price.Fault("from", "has to be after that of the price before it.");
            later.Add(new(day, new(Rates(price)) { Tiers = Tiers(price) }));
            price.Close();
        }

        return [.. later];
    }
}

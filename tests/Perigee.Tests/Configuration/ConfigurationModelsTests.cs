using Perigee.Catalog;

namespace Perigee.Tests.Configuration;

public class ConfigurationModelsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Without_entries_the_catalogue_is_the_shipped_one() => Assert.Same(ModelCatalog.Shipped, Settings.Read("").Catalog);

    [Fact]
    public void A_deployment_is_like_the_model_it_serves_and_what_is_stated_wins()
    {
        ModelCatalog catalog = Settings.Read("""
            {"models":{"azure/my-deployment":{"as":"openai/gpt-5-mini","contextTokens":100000,"quality":"basic",
              "price":{"input":0.2,"output":1.6,"cacheRead":0.02,"cacheWrite":0.000001,"cacheWriteHour":1e-6}}}}
            """).Catalog;

        CatalogModel model = catalog.Find("azure", "azure", "my-deployment")!;
        CatalogModel like = ModelCatalog.Shipped.Find("openai", "gpt-5-mini")!;
        Assert.Equal(("azure", "my-deployment", 100_000L, Quality.Basic), (model.Provider, model.Id, model.Context, model.Quality));
        Assert.Equal((like.Tools, like.Schema, like.MaxOutput, like.Inputs, like.Efforts), (model.Tools, model.Schema, model.MaxOutput, model.Inputs, model.Efforts));
        Assert.Equal(new PriceRates(200_000, 1_600_000) { CacheRead = 20_000, CacheWrite = 1, CacheWriteHour = 1 }, model.Price!.Rates);
        Assert.Contains(model, catalog.Of("azure", "azure"));
        Assert.Null(ModelCatalog.Shipped.Find("azure", "my-deployment"));
    }

    [Fact]
    public void An_entry_changes_a_shipped_model_under_all_its_names_and_at_that_provider_only()
    {
        ModelCatalog catalog = Settings.Read("""{"models":{"openai/gpt-4o":{"price":{"input":0,"output":0},"tools":false,"inputs":["text","audio"]}}}""").Catalog;

        foreach (string name in (ReadOnlySpan<string>)["gpt-4o", "gpt-4o-2024-08-06", "GPT-4o"])
        {
            CatalogModel model = catalog.Find("openai", "openai", name)!;
            Assert.Equal((false, 0L, Modalities.Text | Modalities.Audio, false), (model.Tools, model.Estimate(1, 1, Now), model.Inputs, model.Takes(Modalities.Image)));
        }

        Assert.NotEqual(0, catalog.Find("openai", "openai", "gpt-4o-2024-05-13")!.Estimate(1, 1, Now));
        Assert.True(catalog.Find("azure", "azure", "gpt-4o")!.Tools);
        Assert.Equal(ModelCatalog.Shipped.Of("openai").Count, catalog.Of("openai", "openai").Count());
        Assert.True(ModelCatalog.Shipped.Find("openai", "gpt-4o")!.Tools);
    }

    [Fact]
    public void A_provider_of_the_operator_s_own_name_has_models_of_its_own_and_those_of_its_kind()
    {
        ModelCatalog catalog = Settings.Read(
            """{"providers":{"work":{"kind":"openai","keyVariable":"WORK"}},"models":{"work/tuned":{"as":"work/gpt-4o-mini"},"work/gpt-4o":{"maxOutputTokens":7}}}""", ("WORK", "k")).Catalog;

        Assert.Equal(ModelCatalog.Shipped.Find("openai", "gpt-4o-mini")!.Price, catalog.Find("work", "openai", "tuned")!.Price);
        Assert.Equal(7, catalog.Find("work", "openai", "gpt-4o")!.MaxOutput);
        Assert.Same(ModelCatalog.Shipped.Find("openai", "gpt-5"), catalog.Find("work", "openai", "gpt-5"));
        Assert.NotEqual(7, catalog.Find("openai", "openai", "gpt-4o")!.MaxOutput);
    }

    [Fact]
    public void Every_fault_is_told_with_its_path()
    {
        string[] faults = Settings.Faults("""
            {"models":{
              "opneai/gpt-5":{},
              "gpt-5":{"tools":"yes"},
              "openai/a":{"as":"openai/gtp-5-mini","quality":"stronk","inputs":["text","smell"],"contextTokens":0},
              "openai/b":{"price":{"input":-1,"output":0.0000001,"cachRead":1}},
              "openai/c":{"price":{"input":"1"}},
              "openai/d":{"as":"nonsense","price":{"input":1e300,"output":1}}
            }}
            """);

        Assert.Equal(
            [
                "models[\"opneai/gpt-5\"]: names a provider that is neither built in nor under providers; did you mean openai?",
                "models.gpt-5: has to name provider/model.",
                "models.gpt-5.tools: is a string; true or false is needed.",
                "models[\"openai/a\"].as: is no provider/model that the catalogue knows; did you mean openai/gpt-5-mini?",
                "models[\"openai/a\"].contextTokens: has to be a whole number from 1 to 100000000.",
                "models[\"openai/a\"].inputs[1]: is none of: text, image, audio, video, file.",
                "models[\"openai/a\"].quality: is none of: basic, standard, strong, frontier; did you mean strong?",
                "models[\"openai/b\"].price.input: has to be from 0 to 1000000 dollars.",
                "models[\"openai/b\"].price.output: has more than 6 decimals: a micro-dollar is the smallest amount.",
                "models[\"openai/b\"].price.cachRead: is unknown; did you mean cacheRead?",
                "models[\"openai/c\"].price.input: is a string; a number of dollars is needed.",
                "models[\"openai/c\"].price.output: is needed: dollars per million tokens, 0 where it is free.",
                "models[\"openai/d\"].as: is no provider/model that the catalogue knows.",
                "models[\"openai/d\"].price.input: has to be from 0 to 1000000 dollars.",
            ],
            faults);
    }
}

using Perigee.Catalog;

namespace Perigee.Tests.Catalog;

public class ModelCatalogTests
{
    [Fact]
    public void Every_model_is_there_once()
    {
        Assert.All(ModelCatalog.Shipped.All, model => Assert.True(ConfigurationNames.IsModel(model.Id)));
        Assert.Equal(ModelCatalog.Shipped.All.Count(), ModelCatalog.Shipped.All.DistinctBy(model => (model.Provider, model.Id)).Count());
        Assert.True(ModelCatalog.Shipped.All.Count() >= 1500);
        Assert.True(ModelCatalog.Shipped.All.DistinctBy(model => model.Provider).Count() >= 40);
    }

    [Fact]
    public void A_model_is_found_by_name_and_alias()
    {
        Assert.Equal("openai", ModelCatalog.Shipped.Named("gpt-4o")[0].Provider);
        Assert.Equal("gpt-4o", ModelCatalog.Shipped.Named("gpt-4o-2024-08-06")[0].Id);
        Assert.Equal(ModelKind.Embedding, ModelCatalog.Shipped.Named("text-embedding-3-small")[0].Kind);
        Assert.Empty(ModelCatalog.Shipped.Named("no-such-model"));
    }

    [Theory]
    [InlineData("gtp-4o", "gpt-4o")]
    [InlineData("GPT-4O", "gpt-4o")]
    [InlineData("gpt4o", "gpt-4o")]
    [InlineData("claude", null)]
    public void The_nearest_name_survives_slips_of_the_fingers(string typed, string? meant) =>
        Assert.Equal(meant is null ? [] : [meant], NearestNames.Of(typed, ["gpt-4o", "o3", "claude-sonnet-5"], 1));

    [Fact]
    public void A_very_long_name_costs_nothing() =>
        Assert.Empty(NearestNames.Of(new string('a', 100_000), [new string('a', 100_000)], 3));
}

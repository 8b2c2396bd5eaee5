using System.Text.Json;
using Perigee.Catalog;

namespace Perigee.Tests.Catalog;

public class ModelFactsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);

    // Micro-dollars per million tokens, from the makers' price pages.
    [Theory]
    [InlineData("openai", "gpt-4o", 2_500_000, 10_000_000, 1_250_000, null)]
    [InlineData("openai", "gpt-4o-2024-05-13", 5_000_000, 15_000_000, null, null)]
    [InlineData("openai", "gpt-4o-mini", 150_000, 600_000, 75_000, null)]
    [InlineData("openai", "gpt-4.1", 2_000_000, 8_000_000, 500_000, null)]
    [InlineData("openai", "gpt-5", 1_250_000, 10_000_000, 125_000, null)]
    [InlineData("openai", "gpt-5-mini", 250_000, 2_000_000, 25_000, null)]
    [InlineData("openai", "gpt-5-nano", 50_000, 400_000, 5_000, null)]
    [InlineData("openai", "o3", 2_000_000, 8_000_000, 500_000, null)]
    [InlineData("openai", "gpt-3.5-turbo-0301", 1_500_000, 2_000_000, null, null)]
    [InlineData("openai", "text-embedding-3-small", 20_000, 0, null, null)]
    [InlineData("azure", "gpt-4o", 2_500_000, 10_000_000, 1_250_000, null)]
    [InlineData("anthropic", "claude-sonnet-4-5", 3_000_000, 15_000_000, 300_000, 3_750_000)]
    [InlineData("anthropic", "claude-haiku-4-5", 1_000_000, 5_000_000, 100_000, 1_250_000)]
    [InlineData("anthropic", "claude-opus-4-5", 5_000_000, 25_000_000, 500_000, 6_250_000)]
    [InlineData("gemini", "gemini-2.5-pro", 1_250_000, 10_000_000, 125_000, null)]
    [InlineData("gemini", "gemini-2.5-flash", 300_000, 2_500_000, 30_000, null)]
    [InlineData("groq", "llama-3.3-70b-versatile", 590_000, 790_000, null, null)]
    [InlineData("mistral", "mistral-large-latest", 500_000, 1_500_000, null, null)]
    [InlineData("demo", "echo", 0, 0, null, null)]
    public void Prices_are_what_the_makers_ask(string provider, string id, long input, long output, int? cacheRead, int? cacheWrite)
    {
        PriceRates rates = ModelCatalog.Shipped.Find(provider, id)!.Price!.At(Now).Rates;

        Assert.Equal((input, output), (rates.Input, rates.Output));
        if (cacheRead is { } read)
            Assert.Equal(read, rates.CacheRead);
        if (cacheWrite is { } write)
            Assert.Equal(write, rates.CacheWrite);
    }

    [Theory]
    [InlineData("anthropic", "claude-sonnet-4-5", 200_000L, "Text, Image, File", true, true, true)]
    [InlineData("openai", "gpt-4o", 128_000L, "Text, Image, File", true, true, false)]
    [InlineData("openai", "gpt-3.5-turbo", 16_385L, "Text", null, false, null)]
    [InlineData("gemini", "gemini-2.5-pro", 1_048_576L, "All", true, true, true)]
    [InlineData("openai", "o3-mini", 200_000L, "Text", true, true, true)]
    public void Capabilities_are_known(string provider, string id, long context, string inputs, bool? tools, bool? schema, bool? reasoning)
    {
        CatalogModel model = ModelCatalog.Shipped.Find(provider, id)!;

        Assert.Equal((context, inputs, Modalities.Text), (model.Context, model.Inputs.ToString(), model.Outputs));
        Assert.Equal((tools ?? model.Tools, schema, reasoning ?? model.Reasoning), (model.Tools, model.Schema, model.Reasoning));
    }

    [Fact]
    public void What_is_not_known_is_neither_yes_nor_no()
    {
        CatalogModel sure = ModelCatalog.Shipped.Find("openai", "o3-mini")!;
        CatalogModel unsure = ModelCatalog.Shipped.Find("deepinfra", "deepseek-ai/DeepSeek-V3.2")!;
        CatalogModel unheard = ModelCatalog.Shipped.Find("ai21", "jamba-large")!;

        Assert.Equal((true, false, false), (sure.Takes(Modalities.Text), sure.Takes(Modalities.Image), sure.Takes(Modalities.Text | Modalities.Audio)));
        Assert.Equal((true, false, null), (unsure.Takes(Modalities.Text), unsure.Takes(Modalities.Image), unsure.Takes(Modalities.Audio)));
        Assert.Null(unheard.Takes(Modalities.Image));
    }

    [Theory]
    [InlineData("ai21", "jamba-large")]
    [InlineData("alibaba", "qwen3-max")]
    [InlineData("nvidia", "deepseek-ai/deepseek-v4-pro")]
    public void An_unknown_price_is_null_and_never_nothing(string provider, string id)
    {
        CatalogModel model = ModelCatalog.Shipped.Find(provider, id)!;

        Assert.Null(model.Price);
        Assert.Null(model.Estimate(1000, 1000, Now));
        Assert.Equal(0, ModelCatalog.Shipped.Find("demo", "echo")!.Estimate(1000, 1000, Now));
    }

    [Fact]
    public void Only_models_that_are_meant_to_be_free_cost_nothing() =>
        Assert.All(ModelCatalog.Shipped.All.Where(model => model.Price is { } price && price.Rates is { Input: 0, Output: 0 }), model =>
            Assert.True(model.Id.EndsWith(":free", StringComparison.Ordinal) || (model.Provider, model.Id) is ("demo", "echo") or ("zai", _), $"{model.Provider}/{model.Id}"));

    [Theory]
    [InlineData("openai/gpt-5-nano", "Basic")]
    [InlineData("openai/gpt-4o-mini", "Basic")]
    [InlineData("groq/llama-3.1-8b-instant", "Basic")]
    [InlineData("gemini/gemini-2.5-flash-lite", "Basic")]
    [InlineData("openai/gpt-5-mini", "Standard")]
    [InlineData("openai/gpt-4o", "Standard")]
    [InlineData("anthropic/claude-haiku-4-5", "Standard")]
    [InlineData("groq/llama-3.3-70b-versatile", "Standard")]
    [InlineData("anthropic/claude-sonnet-4-5", "Strong")]
    [InlineData("gemini/gemini-2.5-pro", "Strong")]
    [InlineData("deepseek/deepseek-reasoner", "Strong")]
    [InlineData("openrouter/anthropic/claude-opus-4.8", "Frontier")]
    [InlineData("openai/gpt-5.6-sol", "Frontier")]
    [InlineData("bedrock/us.anthropic.claude-opus-5", "Frontier")]
    public void The_tier_of_quality_follows_the_maker_s_naming(string model, string quality)
    {
        int slash = model.IndexOf('/', StringComparison.Ordinal);
        Assert.Equal(quality, ModelCatalog.Shipped.Find(model[..slash], model[(slash + 1)..])!.Quality.ToString());
    }

    [Fact]
    public void The_file_says_which_packages_it_was_made_of()
    {
        string folder = Repository.Path("shared", "Perigee", "Catalog");
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "models.json")));
        using JsonDocument package = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "generate/package.json")));

        Assert.Equal(1, file.RootElement.GetProperty("format").GetInt32());
        Assert.Equal(
            package.RootElement.GetProperty("dependencies").EnumerateObject().Select(member => (member.Name, member.Value.GetString())),
            file.RootElement.GetProperty("sources").EnumerateObject().Select(member => (member.Name, member.Value.GetString())));
        Assert.True(new FileInfo(Path.Combine(folder, "models.json")).Length < 400 * 1024);
    }

    [Fact]
    public void Rows_kept_by_hand_are_all_there()
    {
        string extra = Repository.Path("shared", "Perigee", "Catalog", "generate", "extra.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(extra));
        foreach (JsonElement row in document.RootElement.EnumerateArray())
        {
            CatalogModel? model = ModelCatalog.Shipped.All.SingleOrDefault(one => one.Provider == row.GetProperty("provider").GetString() && one.Id == row.GetProperty("id").GetString());
            Assert.NotNull(model);
            Assert.True(model.Bare);
            Assert.Equal(
                document.RootElement.EnumerateArray().First(one => one.GetProperty("id").GetString() == model.Id).GetProperty("provider").GetString(),
                ModelCatalog.Shipped.Named(model.Id)[0].Provider);
            Assert.Equal(row.GetProperty("kind").GetString(), model.Kind.ToString(), ignoreCase: true);
            if (row.TryGetProperty("context", out JsonElement context))
                Assert.Equal(context.GetInt64(), model.Context);
            if (row.TryGetProperty("aliases", out JsonElement aliases))
                Assert.All(aliases.EnumerateArray(), alias => Assert.Contains(alias.GetString(), model.Aliases));
        }
    }

    [Fact]
    public void Every_row_of_the_file_is_read_in_its_order()
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(Repository.Path("shared", "Perigee", "Catalog", "models.json")));

        Assert.Equal(
            file.RootElement.GetProperty("models").EnumerateObject().SelectMany(
                provider => provider.Value.EnumerateArray().Select(row => (provider.Name, row.GetProperty("id").GetString()!, row.TryGetProperty("p", out _)))),
            ModelCatalog.Shipped.All.Select(model => (model.Provider, model.Id, model.Price is not null)));
    }

    [Fact]
    public void Another_form_of_the_file_is_refused() =>
        Assert.Throws<InvalidDataException>(() => CatalogFile.Providers("""{"format":2,"models":{}}"""u8.ToArray()));
}

using System.Text;
using Perigee.Catalog;
using Perigee.Tests.Configuration;

namespace Perigee.Tests.Catalog;

public sealed class LiteLlmFileTests : IDisposable
{
    private const string Sample = """
        {
          "sample_spec": {"litellm_provider": "one of many", "input_cost_per_token": "a price"},
          "gpt-4o": {"litellm_provider": "openai", "mode": "chat", "max_tokens": 16384, "input_cost_per_token": 3e-06, "output_cost_per_token": 1.1e-05,
            "cache_read_input_token_cost": 1.5e-06, "input_cost_per_token_batches": 1.5e-06, "output_cost_per_token_batches": 5.5e-06,
            "input_cost_per_token_priority": 6e-06, "output_cost_per_token_priority": 2.2e-05, "input_cost_per_audio_token": 4e-05, "supports_vision": true},
          "azure/my-gpt": {"litellm_provider": "azure", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06},
          "claude-made-up": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05,
            "cache_creation_input_token_cost": 3.75e-06, "cache_creation_input_token_cost_above_1hr": 6e-06, "cache_read_input_token_cost": 3e-07,
            "input_cost_per_token_above_200k_tokens": 6e-06, "output_cost_per_token_above_200k_tokens": 2.25e-05, "cache_read_input_token_cost_above_200k_tokens": 6e-07},
          "gemini/made-up": {"litellm_provider": "gemini", "mode": "chat", "input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05, "output_cost_per_reasoning_token": 2e-05, "output_cost_per_image_token": 3e-05},
          "dashscope/tiered": {"litellm_provider": "dashscope", "mode": "chat", "tiered_pricing": [
            {"range": [0, 32000], "input_cost_per_token": 1e-06, "output_cost_per_token": 4e-06}, {"range": [32000, 128000], "input_cost_per_token": 2e-06, "output_cost_per_token": 8e-06}]},
          "text-embedding-made-up": {"litellm_provider": "openai", "mode": "embedding", "input_cost_per_token": 1.3e-07},
          "1024-x-1024/dall-e-2": {"litellm_provider": "openai", "mode": "image_generation", "input_cost_per_pixel": 1.9e-08},
          "half-a-price": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06},
          "free-or-unknown": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 0.0, "output_cost_per_token": 0.0}
        }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("perigee-prices-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_class_service_and_tier_of_a_list_is_read()
    {
        Dictionary<string, CatalogModel> models = Read(Sample, out List<string> faults).ToDictionary(model => $"{model.Provider}/{model.Id}");
        Assert.Empty(faults);
        Assert.Equal(["openai/gpt-4o", "azure/my-gpt", "anthropic/claude-made-up", "gemini/made-up", "alibaba/tiered", "openai/text-embedding-made-up"], models.Keys);

        ModelPrice gpt = models["openai/gpt-4o"].Price!;
        Assert.Equal(new PriceRates(3_000_000, 11_000_000) { CacheRead = 1_500_000, InputAudio = 40_000_000 }, gpt.Rates);
        Assert.Equal((1_500_000L, 6_000_000L, null), (gpt.Batch!.Rates.Input, gpt.Priority!.Rates.Input, gpt.Flex));
        ModelPrice claude = models["anthropic/claude-made-up"].Price!;
        Assert.Equal((3_750_000L, 6_000_000L), (claude.Rates.CacheWrite, claude.Rates.CacheWriteHour));
        Assert.Equal(new PriceTier(200_000, new PriceRates(6_000_000, 22_500_000) { CacheRead = 600_000, CacheWrite = 3_750_000, CacheWriteHour = 6_000_000 }), Assert.Single(claude.Tiers));
        Assert.Equal((20_000_000L, 30_000_000L), (models["gemini/made-up"].Price!.Rates.OutputReasoning, models["gemini/made-up"].Price!.Rates.OutputImage));
        Assert.Equal((1_000_000L, 32_000L, 2_000_000L),
            (models["alibaba/tiered"].Price!.Rates.Input, models["alibaba/tiered"].Price!.Tiers[0].Above, models["alibaba/tiered"].Price!.Tiers[0].Rates.Input));
        Assert.Equal((ModelKind.Embedding, 130_000L, 0L),
            (models["openai/text-embedding-made-up"].Kind, models["openai/text-embedding-made-up"].Price!.Rates.Input, models["openai/text-embedding-made-up"].Price!.Rates.Output));
    }

    [Theory]
    [InlineData("""{"m":{"input_cost_per_token":1}}""", "m.litellm_provider: is needed: the name of the provider, as a string.")]
    [InlineData("""{"m":{"litellm_provider":"openai","input_cost_per_token":"1e-6"}}""", "m.input_cost_per_token: is no number; dollars a token are needed.")]
    [InlineData("""{"m":{"litellm_provider":"openai","input_cost_per_token":-1e-6}}""", "m.input_cost_per_token: is negative.")]
    [InlineData("""{"m":{"litellm_provider":"openai","output_cost_per_token":2}}""", "m.output_cost_per_token: is more than a dollar a token.")]
    [InlineData("""{"m":{"litellm_provider":"openai","output_cost_per_token":1e400}}""", "m.output_cost_per_token: is no number; dollars a token are needed.")]
    [InlineData("""{"m":7}""", "m.: is no object; one with litellm_provider and prices is needed.")]
    [InlineData("[]", ".: is no object of models; LiteLLM's model_prices_and_context_window.json is one.")]
    [InlineData("""{"m":{"litellm_provider":"x","tiered_pricing":[{"range":["a"]}]}}""", "m.tiered_pricing[0]: has no 'range' of two numbers.")]
    public void Faults_name_the_model_and_the_member(string json, string fault)
    {
        Read(json, out List<string> faults);
        Assert.Equal(fault, Assert.Single(faults));
    }

    [Fact]
    public void Of_a_file_full_of_faults_a_few_are_told()
    {
        Read("{" + string.Join(',', Enumerable.Range(0, 5_000).Select(i => $"\"m{i}\":1")) + "}", out List<string> faults);
        Assert.Equal(21, faults.Count);
        Assert.Contains("more than 20 faults", faults[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_price_file_lies_over_the_catalogue_and_the_operators_word_over_both()
    {
        File.WriteAllText(Path.Combine(_folder, "prices.json"), Sample);
        GatewayOptions options = Read("""
            {"priceFiles":["prices.json"],"providers":{"second":{"kind":"openai","keyVariable":"OPENAI_API_KEY"}},
             "models":{"anthropic/claude-made-up":{"price":{"input":9,"output":9}},"openai/gpt-4o":{"quality":"basic"}}}
            """);

        CatalogModel gpt = options.Catalog.Find("openai", "openai", "gpt-4o")!;
        Assert.Equal((3_000_000L, 128_000L, Quality.Basic), (gpt.Price!.Rates.Input, gpt.Context, gpt.Quality));
        Assert.Equal(3_000_000, options.Catalog.Find("second", "openai", "gpt-4o")!.Price!.Rates.Input);
        Assert.Equal(9_000_000, options.Catalog.Find("anthropic", "anthropic", "claude-made-up")!.Price!.Rates.Input);
        Assert.Equal(ModelCatalog.Shipped.Find("openai", "gpt-4o-mini")!.Price, options.Catalog.Find("openai", "openai", "gpt-4o-mini")!.Price);
    }

    [Theory]
    [InlineData("""{"priceFiles":["none.json"]}""", "priceFiles[0]: names 'none.json', but there is no such file.")]
    [InlineData("""{"priceFiles":["bad.json"]}""", "priceFiles[0]: names 'bad.json', which is not valid JSON at line 2, column 3.")]
    [InlineData("""{"priceFiles":["faulty.json"]}""", "priceFiles[0][\"a/b\"].input_cost_per_token: is negative.")]
    [InlineData("""{"priceFiles":"x"}""", "priceFiles: is a string; a list of strings is needed.")]
    public void Faults_of_price_files_are_told_at_start_with_their_path(string json, string fault)
    {
        File.WriteAllText(Path.Combine(_folder, "bad.json"), "{\n  !");
        File.WriteAllText(Path.Combine(_folder, "faulty.json"), """{"a/b":{"litellm_provider":"openai","input_cost_per_token":-1}}""");
        Assert.Equal(fault, Assert.Single(Assert.Throws<ConfigurationException>(() => Read(json)).Faults).ToString());
    }

    private GatewayOptions Read(string json) => Settings.Reader(("OPENAI_API_KEY", "sk-test"), ("ANTHROPIC_API_KEY", "sk-ant-test"))
        .Read(Encoding.UTF8.GetBytes(json), Path.Combine(_folder, "perigee.json"));

    private static IReadOnlyList<CatalogModel> Read(string json, out List<string> faults)
    {
        List<string> found = faults = [];
        return LiteLlmFile.Read(Encoding.UTF8.GetBytes(json), (model, member, message) => found.Add($"{model}.{member}: {message}"));
    }
}

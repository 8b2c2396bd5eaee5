using Perigee.Catalog;

namespace Perigee.Tests.Catalog;

public class ModelNamesTests
{
    [Theory]
    // Exact names and aliases.
    [InlineData("openai", "gpt-4o", "gpt-4o")]
    [InlineData("openai", "gpt-4o-2024-08-06", "gpt-4o")]
    [InlineData("openai", "gpt-4o-2024-11-20", "gpt-4o")]
    [InlineData("openai", "gpt-4o-2024-05-13", "gpt-4o-2024-05-13")]
    [InlineData("openai", "gpt-4o-mini-2024-07-18", "gpt-4o-mini")]
    [InlineData("openai", "gpt-5-chat-latest", "gpt-5-chat-latest")]
    [InlineData("openai", "gpt-3.5-turbo-0301", "gpt-3.5-turbo-0301")]
    [InlineData("openai", "gpt-3.5-turbo-0613", "gpt-3.5-turbo-0613")]
    [InlineData("mistral", "mistral-large-2512", "mistral-large-latest")]
    // Days of snapshots.
    [InlineData("openai", "gpt-5-2025-08-07", "gpt-5")]
    [InlineData("openai", "gpt-5-mini-2025-08-07", "gpt-5-mini")]
    [InlineData("openai", "gpt-5-nano-2099-12-31", "gpt-5-nano")]
    [InlineData("openai", "gpt-4-0613", "gpt-4")]
    [InlineData("openai", "gpt-4-0314", "gpt-4")]
    [InlineData("openai", "o3-2025-04-16", "o3")]
    [InlineData("anthropic", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5")]
    [InlineData("anthropic", "claude-sonnet-4-5@20250929", "claude-sonnet-4-5")]
    [InlineData("anthropic", "claude-haiku-4-5-20251001", "claude-haiku-4-5")]
    [InlineData("anthropic", "claude-opus-4-5-20251101", "claude-opus-4-5")]
    [InlineData("vertex", "claude-haiku-4-5", "claude-haiku-4-5@20251001")]
    [InlineData("vertex", "claude-sonnet-4-5@20250929", "claude-sonnet-4-5@20250929")]
    // The newest.
    [InlineData("anthropic", "claude-sonnet-4-5-latest", "claude-sonnet-4-5")]
    [InlineData("anthropic", "claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022")]
    [InlineData("anthropic", "claude-3-haiku", "claude-3-haiku-20240307")]
    [InlineData("mistral", "codestral-latest", "codestral-latest")]
    [InlineData("mistral", "mistral-medium", "mistral-medium-latest")]
    // Google's paths.
    [InlineData("gemini", "models/gemini-2.5-pro", "gemini-2.5-pro")]
    [InlineData("gemini", "models/gemini-2.5-flash-lite", "gemini-2.5-flash-lite")]
    [InlineData("vertex", "publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro")]
    // Bedrock's.
    [InlineData("anthropic", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5")]
    [InlineData("anthropic", "anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5")]
    [InlineData("anthropic", "eu.anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5")]
    [InlineData("bedrock", "us.anthropic.claude-3-5-haiku-20241022-v1:0", "anthropic.claude-3-5-haiku-20241022-v1:0")]
    [InlineData("bedrock", "sa.anthropic.claude-3-opus-20240229-v1:0", "anthropic.claude-3-opus-20240229-v1:0")]
    // OpenRouter's variants and makers.
    [InlineData("openrouter", "anthropic/claude-sonnet-5", "anthropic/claude-sonnet-5")]
    [InlineData("openrouter", "anthropic/claude-sonnet-5:nitro", "anthropic/claude-sonnet-5")]
    [InlineData("openrouter", "anthropic/claude-sonnet-5:floor", "anthropic/claude-sonnet-5")]
    [InlineData("openrouter", "anthropic/claude-sonnet-5:online", "anthropic/claude-sonnet-5")]
    [InlineData("openrouter", "anthropic/claude-opus-4-8", "anthropic/claude-opus-4.8")]
    [InlineData("openrouter", "claude-opus-4.8", "anthropic/claude-opus-4.8")]
    [InlineData("openrouter", "Anthropic/Claude-Opus-4.8:nitro", "anthropic/claude-opus-4.8")]
    [InlineData("groq", "gpt-oss-120b", "openai/gpt-oss-120b")]
    [InlineData("groq", "meta-llama/llama-3.3-70b-versatile", "llama-3.3-70b-versatile")]
    [InlineData("openai", "openai/gpt-4o", "gpt-4o")]
    [InlineData("openai", "openai/gpt-4o-2024-05-13", "gpt-4o-2024-05-13")]
    [InlineData("anthropic", "anthropic/claude-sonnet-4.5", "claude-sonnet-4-5")]
    [InlineData("gemini", "google/gemini-2.5-flash", "gemini-2.5-flash")]
    [InlineData("deepseek", "deepseek/deepseek-chat", "deepseek-chat")]
    [InlineData("together", "llama-3.3-70b-instruct-turbo", "meta-llama/Llama-3.3-70B-Instruct-Turbo")]
    // Case, dots and dashes.
    [InlineData("openai", "GPT-4o", "gpt-4o")]
    [InlineData("openai", "gpt-4-1-mini", "gpt-4.1-mini")]
    [InlineData("openai", "GPT-5-Mini-2025-08-07", "gpt-5-mini")]
    [InlineData("anthropic", "claude-sonnet-4.5", "claude-sonnet-4-5")]
    [InlineData("anthropic", "claude-opus-4.5-20251101", "claude-opus-4-5")]
    [InlineData("minimax", "minimax-m2.7", "MiniMax-M2.7")]
    [InlineData("huggingface", "openai/gpt-oss-120b:groq", "openai/gpt-oss-120b:groq")]
    // Another model, or nobody knows which.
    [InlineData("openai", "gpt-5-mega", null)]
    [InlineData("openai", "gpt-5-mini-high", null)]
    [InlineData("openai", "gpt-4o-preview", null)]
    [InlineData("openai", "ft:gpt-4o-2024-08-06:acme::1", null)]
    [InlineData("openai", "claude-sonnet-4-5", null)]
    [InlineData("openai", "someone/gpt-4o", null)]
    [InlineData("azure", "my-deployment", null)]
    [InlineData("mistral", "mistral-large-2407", null)]
    [InlineData("mistral", "mistral-nano-2512", null)]
    [InlineData("openrouter", "anthropic/claude-sonnet-5:free", null)]
    [InlineData("openrouter", "someone/claude-sonnet-5", null)]
    [InlineData("openrouter", "nvidia/claude-sonnet-5", null)]
    [InlineData("groq", "meta-llama/gpt-oss-120b", null)]
    [InlineData("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", null)]
    [InlineData("gemini", "gemini-2.5-pro-ultra", null)]
    [InlineData("custom", "gpt-4o", null)]
    [InlineData("nobody", "gpt-4o", null)]
    [InlineData("openai", "", null)]
    [InlineData("openai", "/", null)]
    [InlineData("openai", "-2025-08-07", null)]
    [InlineData("openai", "models/", null)]
    [InlineData("openai", ":nitro", null)]
    [InlineData("openai", "-latest", null)]
    [InlineData("openai", "us.anthropic.", null)]
    public void A_name_means_one_model_or_none(string provider, string name, string? id)
    {
        Assert.Equal(id, ModelCatalog.Shipped.Find(provider, name)?.Id);
        Assert.Equal(id, ModelCatalog.Shipped.Find(provider, name)?.Id);
    }

    [Fact]
    public void Every_id_and_every_alias_finds_its_own_model() => Assert.All(ModelCatalog.Shipped.All, model =>
    {
        Assert.Same(model, ModelCatalog.Shipped.Find(model.Provider, model.Id));
        Assert.All(model.Aliases, alias => Assert.Same(model, ModelCatalog.Shipped.Find(model.Provider, alias)));
    });

    [Fact]
    public void A_word_more_is_never_the_same_model() => Assert.All(ModelCatalog.Shipped.All, model =>
    {
        foreach (string word in (ReadOnlySpan<string>)["-mini", "-pro", "-nano", "-preview", "-turbo", ":free", "-x"])
        {
            if (ModelCatalog.Shipped.Find(model.Provider, model.Id + word) is { } found)
                Assert.Contains(word, found.Id, StringComparison.OrdinalIgnoreCase);
        }
    });

    [Fact]
    public void Names_from_requests_are_remembered_in_bounds()
    {
        for (int i = 0; i < 5000; i++)
            Assert.Null(ModelCatalog.Shipped.Find("openai", $"no-such-model-{i}x"));
        Assert.Null(ModelCatalog.Shipped.Find("openai", new string('a', 1_000_000)));

        Assert.NotNull(ModelCatalog.Shipped.Find("openai", "GPT-4O"));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            ModelCatalog.Shipped.Find("openai", "GPT-4O");
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData("gpt-4o", "openai")]
    [InlineData("claude-sonnet-4-5", "anthropic")]
    [InlineData("gemini-2.5-pro", "gemini")]
    [InlineData("deepseek-chat", "deepseek")]
    [InlineData("grok-4", "xai")]
    [InlineData("gpt-oss-120b", "cerebras")]
    [InlineData("echo", "demo")]
    public void A_bare_name_is_at_home_at_its_maker(string name, string provider) =>
        Assert.Equal(provider, ModelCatalog.Shipped.Named(name)[0].Provider);

    [Theory]
    [InlineData("google/gemini-2.5-pro")]
    [InlineData("meta-llama/Llama-3-8b-chat-hf")]
    [InlineData("GPT-4o")]
    [InlineData("voyage-3")]
    public void A_bare_name_never_leads_to_who_resells_it(string name) => Assert.Empty(ModelCatalog.Shipped.Named(name));
}

using Perigee.Routing;
using Perigee.Tests.Configuration;

namespace Perigee.Tests.Routing;

public class ModelResolverTests
{
    private static readonly (string, string)[] Keys = [("OPENAI_API_KEY", "k"), ("GROQ_API_KEY", "k"), ("OPENROUTER_API_KEY", "k"), ("NVIDIA_API_KEY", "k")];

    private static readonly GatewayOptions Options = Settings.Read("""
        {
          "providers": { "my-vllm": { "baseUrl": "http://10.0.0.1/v1", "network": "private", "models": ["org/own-7b", "gpt-private"] } },
          "aliases": { "fast": "groq/llama-3.3-70b-versatile", "faster": "fast", "openai/gpt-4": "openai/gpt-5.5", "gone": "xai/grok-4.5" },
        }
        """, Keys);

    private readonly ModelResolver _models = new();

    [Theory]
    [InlineData("openai/gpt-4o", "openai/gpt-4o")]
    [InlineData("openai/ft:gpt-4o:acme::1", "openai/ft:gpt-4o:acme::1")]
    [InlineData("openrouter/anthropic/claude-opus-4.8", "openrouter/anthropic/claude-opus-4.8")]
    [InlineData("my-vllm/any/thing", "my-vllm/any/thing")]
    [InlineData("fast", "groq/llama-3.3-70b-versatile")]
    [InlineData("faster", "groq/llama-3.3-70b-versatile")]
    [InlineData("openai/gpt-4", "openai/gpt-5.5")]
    [InlineData("gpt-4o", "openai/gpt-4o")]
    [InlineData("gpt-4o-2024-08-06", "openai/gpt-4o-2024-08-06")]
    [InlineData("gpt-9-of-tomorrow", "openai/gpt-9-of-tomorrow")]
    [InlineData("org/own-7b", "my-vllm/org/own-7b")]
    [InlineData("gpt-private", "my-vllm/gpt-private")]
    [InlineData("demo/echo", "demo/echo")]
    [InlineData("echo", "demo/echo")]
    public void A_name_finds_its_target(string name, string target)
    {
        Assert.True(_models.TryResolve(name, Options, out Target? found, out _));
        Assert.Equal(target, found.ToString());
    }

    [Theory]
    [InlineData("groq/compound", "groq", "groq/compound")]
    [InlineData("groq/groq/compound", "groq", "groq/compound")]
    [InlineData("openrouter/auto", "openrouter", "openrouter/auto")]
    [InlineData("nvidia/nemotron-3-super-120b-a12b", "nvidia", "nvidia/nemotron-3-super-120b-a12b")]
    public void A_provider_that_names_its_models_after_itself_gets_the_whole_name(string name, string provider, string model)
    {
        Assert.True(_models.TryResolve(name, Options, out Target? found, out _));
        Assert.Equal((provider, model), (found.Provider.Name, found.Model));
    }

    [Theory]
    [InlineData("gtp-4o", "Did you mean openai/gpt-4o")]
    [InlineData("opneai/gpt-4o", "Did you mean openai/gpt-4o")]
    [InlineData("fsat", "Did you mean fast")]
    [InlineData("xai/grok-4.5", "the provider 'xai' is off; to turn it on, set XAI_API_KEY.")]
    [InlineData("gone", "the provider 'xai' is off; to turn it on, set XAI_API_KEY.")]
    [InlineData("claude-sonnet-5", "its provider 'anthropic' is off; to turn it on, set ANTHROPIC_API_KEY.")]
    [InlineData("ollama/llama3", "add \"ollama\": {} to the providers in perigee.json.")]
    [InlineData("nothing-like-it-at-all", "GET /v1/models lists those that are on.")]
    [InlineData("/", "is not known")]
    [InlineData("openai/", "is not known")]
    public void An_unknown_name_is_told_what_to_do(string name, string words)
    {
        Assert.False(_models.TryResolve(name, Options, out _, out GatewayError? error));
        Assert.Equal((ErrorKind.ModelNotFound, 404, "model_not_found", "model"), (error.Kind, error.Status, error.Code, error.Param));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_provider_that_is_off_is_never_replaced_by_another()
    {
        GatewayOptions groqAlone = Settings.Read("", ("GROQ_API_KEY", "k"));

        Assert.False(_models.TryResolve("openai/gpt-oss-120b", groqAlone, out _, out GatewayError? error));
        Assert.Contains("OPENAI_API_KEY", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_renamed_provider_takes_the_bare_names_of_its_kind()
    {
        GatewayOptions options = Settings.Read("""{"providers":{"work":{"kind":"openai","keyVariable":"WORK_KEY"}}}""", ("WORK_KEY", "k"));

        Assert.True(_models.TryResolve("gpt-4o", options, out Target? found, out _));
        Assert.Equal("work/gpt-4o", found.ToString());
    }

    [Fact]
    public void A_repeated_name_allocates_nothing()
    {
        Assert.True(_models.TryResolve("gpt-4o", Options, out _, out _));

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            _models.TryResolve("gpt-4o", Options, out _, out _);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_new_snapshot_forgets_what_the_old_one_resolved()
    {
        Assert.True(_models.TryResolve("fast", Options, out _, out _));

        Assert.False(_models.TryResolve("fast", Settings.Read("", Keys), out _, out _));
    }

    [Fact]
    public void A_name_with_control_characters_comes_back_on_one_short_line()
    {
        Assert.False(_models.TryResolve("a\nb" + new string('c', 5000), Options, out _, out GatewayError? error));
        Assert.DoesNotContain('\n', error.Message);
        Assert.True(error.Message.Length < 300);
    }
}

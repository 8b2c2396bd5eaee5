using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Caching.Proving;

/// <summary>The tiers beyond the exact one, as a client sees them.</summary>
public sealed class MeaningTests
{
    private const string Semantic = "\"cache\": {\"mode\": \"semantic\"}";
    private const string Asked = "What is the capital of France?";
    private const string Again = "Hi! Could you please tell me what the capital of France is? Thanks in advance!";

    [Fact]
    public async Task The_same_question_in_other_words_is_replayed_in_every_form_and_says_so()
    {
        await using Scene scene = await Scene.StartAsync(Semantic);
        Instance other = await scene.AddAsync();
        Reply first = await AskAsync(scene.One, Form.AnthropicStream, Asked);
        Assert.True(first is { Status: 200, Cache: "miss" }, first.ToString());
        await scene.WrittenAsync();
        foreach (Instance instance in (Instance[])[scene.One, other])
        {
            foreach (Form form in Form.All.Concat(Form.All))
            {
                Reply again = await AskAsync(instance, form, Again);
                Assert.True(again is { Status: 200, Cache: "semantic" }, $"{form}: {again} {again.Header("x-perigee-cache-verdict")}");
                Assert.Equal(("equivalent", "same", first.Id, first.Key), (again.Header("x-perigee-cache-tier"), again.Header("x-perigee-cache-verdict"), again.Header("x-perigee-cache-source"), again.Key));
                Assert.Equal(Speech.Text.All, Dialects.Tell(form.Dialect, again.Bytes, form.Framing).First.Text);
                Assert.Equal("hit", (await AskAsync(instance, form, Asked)).Cache);
            }
        }

        Assert.Equal(1, scene.Calls);
    }

    [Theory]
    [InlineData("What is the capital of Germany?")]
    [InlineData("What was the capital of France?")]
    [InlineData("What is not the capital of France?")]
    [InlineData("What is the capital of France in 1900?")]
    [InlineData("Who is the capital of France?")]
    public async Task Another_question_is_not(string other)
    {
        await using Scene scene = await Scene.StartAsync(Semantic);
        await AskAsync(scene.One, Form.OpenAi, Asked);
        Reply reply = await AskAsync(scene.One, Form.OpenAi, other);
        Assert.True(reply is { Status: 200, Cache: "miss" }, reply.ToString());
        Assert.Equal(2, scene.Calls);
    }

    [Theory]
    [InlineData("x-perigee-cache", "exact", "miss")]
    [InlineData("x-perigee-cache", "off", "bypass")]
    [InlineData("x-perigee-cache", "refresh", "refresh")]
    [InlineData("x-perigee-cache-namespace", "n", "miss")]
    [InlineData("cache-control", "no-cache", "refresh")]
    [InlineData("cache-control", "no-store", "bypass")]
    [InlineData("cache-control", "max-age=5", "miss")]
    [InlineData("x-portkey-cache", "simple", "miss")]
    [InlineData("x-bf-cache-type", "direct", "miss")]
    [InlineData("x-perigee-strict", "true", "miss")]
    [InlineData("x-perigee-cache", "only", "semantic")]
    [InlineData("x-portkey-cache", "semantic", "semantic")]
    [InlineData("x-bf-cache-type", "semantic", "semantic")]
    public async Task A_request_may_say_how_much_it_wants(string header, string value, string outcome)
    {
        await using Scene scene = await Scene.StartAsync(Semantic);
        await AskAsync(scene.One, Form.OpenAi, Asked);
        scene.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(outcome, (await AskAsync(scene.One, Form.OpenAi, Again, (header, value))).Cache);
    }

    [Theory]
    [InlineData("x-perigee-cache", "semantic")]
    [InlineData("x-portkey-cache", "semantic")]
    [InlineData("x-bf-cache-type", "semantic")]
    [InlineData("x-perigee-cache-threshold", "0.1")]
    public async Task No_request_may_have_what_the_operator_keeps_exact(string header, string value)
    {
        await using Scene scene = await Scene.StartAsync();
        await AskAsync(scene.One, Form.OpenAi, Asked);
        Assert.Equal("miss", (await AskAsync(scene.One, Form.OpenAi, Again, (header, value))).Cache);
    }

    [Theory]
    [InlineData("")]
    [InlineData(", \"semantic\": {\"near\": true}")]
    public async Task Tenants_do_not_meet_in_other_words_either(string near)
    {
        await using Scene scene = await Scene.StartAsync("\"cache\": {\"mode\": \"semantic\"" + near + "}");
        for (int i = 0; i < 20; i++)
        {
            string key = await scene.One.KeyAsync($"t{i}");
            scene.Provider.Says = new Speech($"answer {i}");
            Reply first = await AskAsync(scene.One, Form.OpenAi, i % 2 == 0 ? Asked : Again, ("key", key));
            Assert.True(first.Cache == "miss", $"{i}: {first}");
            Reply again = await AskAsync(scene.One, Form.OpenAi, i % 2 == 0 ? Again : Asked, ("key", key));
            Assert.True(again.Cache == "semantic", $"{i}: {again}");
            Assert.Contains($"answer {i}\"", again.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Where_it_only_watches_it_says_what_would_have_been_and_asks_all_the_same()
    {
        await using Scene scene = await Scene.StartAsync("\"cache\": {\"mode\": \"semantic\", \"semantic\": {\"observe\": true}}");
        await AskAsync(scene.One, Form.OpenAi, Asked);
        Reply again = await AskAsync(scene.One, Form.OpenAi, Again);
        Assert.Equal(("miss", "would-be-equivalent"), (again.Cache, again.Header("x-perigee-cache-verdict")));
        Assert.Equal(2, scene.Calls);
        Assert.Equal("hit", (await AskAsync(scene.One, Form.OpenAi, Again)).Cache);
    }

    /// <summary>Without a tool: those keep a question exact.</summary>
    private static Task<Reply> AskAsync(Instance instance, Form form, string text, params (string, string)[] headers) =>
        instance.PostAsync(form.Path("openai/m"), form.Question("openai/m", text, tools: false), headers);
}

using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Caching.Proving;

/// <summary>What must be asked anew every time: nothing of it may lie in memory or in storage.</summary>
public sealed class NeverStoredTests
{
    public static IEnumerable<TheoryDataRow<string, string, bool>> Finishes =>
        from one in ((string Provider, string Finish)[])
        [
            ("openai", "length"), ("openai", "content_filter"), ("openai", "something_new"),
            ("anthropic", "max_tokens"), ("anthropic", "refusal"), ("anthropic", "pause_turn"), ("anthropic", "model_context_window_exceeded"),
            ("gemini", "MAX_TOKENS"), ("gemini", "SAFETY"), ("gemini", "RECITATION"), ("gemini", "MALFORMED_FUNCTION_CALL"), ("gemini", "OTHER"),
        ]
        from stream in (bool[])[false, true]
        select new TheoryDataRow<string, string, bool>(one.Provider, one.Finish, stream);

    [Theory]
    [MemberData(nameof(Finishes))]
    public async Task An_answer_that_did_not_end_well(string provider, string finish, bool stream)
    {
        await using Scene scene = await Scene.StartAsync();
        scene.Provider.Says = Speech.Text with { Finish = finish };
        foreach (Form form in (Form[])[stream ? Form.OpenAiStream : Form.OpenAi, stream ? Form.AnthropicStream : Form.Anthropic, stream ? Form.GeminiStream : Form.Gemini])
            await NeverAsync(scene, () => scene.One.AskAsync(form, provider + "/m"), form.Name);
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    [InlineData("gemini")]
    public async Task A_truncated_stream(string provider)
    {
        await using Scene scene = await Scene.StartAsync();
        scene.Provider.Says = Speech.Text with { Broken = true };
        foreach (Form form in Form.All.Where(form => form.Stream))
            await NeverAsync(scene, () => scene.One.AskAsync(form, provider + "/m"), form.Name);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(529)]
    [InlineData(200)]
    public async Task An_error_of_the_provider(int status)
    {
        await using Scene scene = await Scene.StartAsync();
        scene.Provider.Instead = async asked =>
        {
            await Provider.SendAsync(asked.Http, status, """{"error":{"message":"Not now.","type":"server_error","param":null,"code":null}}""");
            return true;
        };
        foreach (Form form in (Form[])[Form.OpenAi, Form.OpenAiStream, Form.Anthropic, Form.GeminiArray])
            await NeverAsync(scene, () => scene.One.AskAsync(form, "openai/m"), form.Name, good: false);
    }

    [Fact]
    public async Task An_answer_of_which_a_connection_broke_in_the_middle()
    {
        await using Scene scene = await Scene.StartAsync();
        scene.Provider.Instead = async asked =>
        {
            string whole = Speech.Text.Whole(Dialects.OpenAi);
            asked.Http.Response.ContentLength = whole.Length + 20;
            await Provider.SendAsync(asked.Http, 200, whole);
            await asked.Http.Response.Body.FlushAsync();
            asked.Http.Abort();
            return true;
        };
        await NeverAsync(scene, () => scene.One.AskAsync(Form.OpenAi, "openai/m"), "whole", good: false);
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    [InlineData("gemini")]
    public async Task An_answer_whose_client_went_away(string provider)
    {
        await using Scene scene = await Scene.StartAsync();
        TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationToken gone = default;
        scene.Provider.Instead = asked =>
        {
            gone = asked.Http.RequestAborted;
            return Task.FromResult(false);
        };
        scene.Provider.Between = said => said >= 3 ? left.Task : Task.CompletedTask;
        using (CancellationTokenSource leave = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken))
        {
            using HttpResponseMessage begun = await scene.One.SendAsync(Form.OpenAiStream, provider + "/m", "What is new?", "", leave.Token);
            await using Stream body = await begun.Content.ReadAsStreamAsync(leave.Token);
            Assert.True(await body.ReadAsync(new byte[16], leave.Token) > 0);
            await leave.CancelAsync();
        }

        await Eventually.IsTrueAsync(() => gone.IsCancellationRequested, "the call goes with its client");
        left.SetResult();
        scene.Provider.Between = static _ => Task.CompletedTask;
        Reply again = await scene.One.AskAsync(Form.OpenAiStream, provider + "/m");
        Assert.Equal((200, "miss"), (again.Status, again.Cache));
        Assert.Equal(2, scene.Calls);

        // And the answer of one who stayed is kept.
        Assert.Equal("hit", (await scene.One.AskAsync(Form.OpenAiStream, provider + "/m")).Cache);
    }

    public static IEnumerable<TheoryDataRow<string, string, string, string>> Words =>
    [
        new("x-perigee-cache", "off", "", "bypass"),
        new("cache-control", "no-store", "", "bypass"),
        new("cf-aig-skip-cache", "true", "", "bypass"),
        new("helicone-cache-enabled", "false", "", "bypass"),
        new("x-openrouter-cache", "false", "", "bypass"),
        new("x-bf-cache-no-store", "true", "", "miss"),
        new("", "", "\"cache\":{\"no-store\":true},", "miss"),
        new("", "", "\"cache\":{\"no-store\":true,\"no-cache\":true},", "bypass"),
        new("", "", "\"store\":true,", "bypass"),
    ];

    [Theory]
    [MemberData(nameof(Words))]
    public async Task An_answer_of_which_the_caller_says_so(string header, string value, string more, string outcome)
    {
        await using Scene scene = await Scene.StartAsync();
        foreach (Form form in (Form[])[Form.OpenAi, Form.OpenAiStream])
        {
            (string, string)[] headers = header.Length == 0 ? [] : [(header, value)];
            Reply reply = await NeverAsync(scene, () => scene.One.AskAsync(form, "openai/m", more: more, headers: headers), form.Name);
            Assert.Equal(outcome, reply.Cache);
        }

        Assert.All(scene.Provider.Bodies, body => Assert.False(Json.Parse(body).TryGetProperty("cache", out _), body));

        // The words are of one request: another's answer is kept.
        await scene.One.AskAsync(Form.OpenAi, "openai/m");
        Assert.Equal("hit", (await scene.One.AskAsync(Form.OpenAi, "openai/m")).Cache);
    }

    [Fact]
    public async Task Member_cache_of_the_body_is_not_sent_on_whatever_it_says()
    {
        await using Scene scene = await Scene.StartAsync();
        foreach (string provider in (string[])["openai", "anthropic", "gemini"])
        {
            foreach (Form form in (Form[])[Form.OpenAi, Form.Anthropic, Form.Gemini])
            {
                Reply reply = await scene.One.AskAsync(form, provider + "/m", form.Name, """
                    "cache":{"ttl":60,"namespace":"n","use-cache":true},
                    """);
                Assert.True(reply.Status == 200, $"{form} to {provider}: {reply}");
                Reply bypassed = await scene.One.AskAsync(form, provider + "/m", form.Name, """
                    "cache":{"use-cache":false},
                    """);
                Assert.True(bypassed is { Status: 200, Cache: "bypass" }, $"{form} to {provider}: {bypassed}");
            }
        }

        Assert.All(scene.Provider.Bodies, body => Assert.False(Json.Parse(body).TryGetProperty("cache", out _), body));
    }

    [Fact]
    public async Task Answers_to_a_key_that_has_no_cache()
    {
        await using Scene scene = await Scene.StartAsync();
        string key = await scene.One.KeyAsync("t1", cacheTtlSeconds: 0);
        foreach (string wish in (string[])["on", "refresh", "semantic", "exact"])
        {
            Reply reply = await NeverAsync(scene, () => scene.One.AskAsync(Form.OpenAi, "openai/m", headers: [("key", key), ("x-perigee-cache", wish)]), wish);
            Assert.Equal("bypass", reply.Cache);
        }

        // Nor does it read what others of its tenant keep.
        string other = await scene.One.KeyAsync("t1");
        await scene.One.AskAsync(Form.OpenAi, "openai/m", headers: ("key", other));
        Assert.Equal("hit", (await scene.One.AskAsync(Form.OpenAi, "openai/m", headers: ("key", other))).Cache);
        Assert.Equal("bypass", (await scene.One.AskAsync(Form.OpenAi, "openai/m", headers: ("key", key))).Cache);
    }

    public static IEnumerable<TheoryDataRow<string, string>> Once =>
        from one in (string[])
        [
            "Your code is 493-184.", "Get it at https://b.s3.amazonaws.com/a?X-Amz-Algorithm=AWS4&X-Amz-Signature=abc",
            "https://storage.googleapis.com/b/o?X-Goog-Signature=abc", "https://a.blob.core.windows.net/c/b?sv=2024-01-01&se=2026-01-01&sr=b&sig=abc%3D",
            "https://d.cloudfront.net/a?Expires=1&Signature=abc&Key-Pair-Id=K", "https://b.s3.amazonaws.com/a?AWSAccessKeyId=A&Signature=b&Expires=1",
        ]
        from form in (string[])["openai", "openai stream", "anthropic stream", "gemini stream", "gemini array"]
        select new TheoryDataRow<string, string>(one, form);

    [Theory]
    [MemberData(nameof(Once))]
    public async Task What_holds_once_by_the_operators_rule_or_by_a_signature(string text, string form)
    {
        await using Scene scene = await Scene.StartAsync("""
            "cache": {"neverKeep": ["code is \\d{3}-\\d{3}"]}
            """);

        // A stream cuts words wherever it likes.
        foreach (int length in (int[])[1000, 3])
        {
            scene.Provider.Says = new Speech([.. text.Chunk(length).Select(static piece => new string(piece))]);
            foreach (string provider in (string[])["openai", "anthropic", "gemini"])
                await NeverAsync(scene, () => scene.One.AskAsync(Form.Of(form), provider + "/m"), $"{provider}, pieces of {length}");
        }

        scene.Provider.Says = new Speech("Nothing of the ", "kind.");
        await scene.One.AskAsync(Form.Of(form), "openai/m");
        Assert.Equal("hit", (await scene.One.AskAsync(Form.Of(form), "openai/m")).Cache);
    }

    /// <summary>Asks three times: three calls, and nothing lies anywhere.</summary>
    private static async Task<Reply> NeverAsync(Scene scene, Func<Task<Reply>> ask, string what, bool? good = null)
    {
        Reply reply = null!;
        for (int i = 0; i < 3; i++)
        {
            int before = scene.Calls;
            reply = await ask();
            Assert.True(reply.Cache is "miss" or "bypass" or "refresh", $"{what}: {reply}");
            Assert.True(good is null || good == (reply is { Status: 200, Cut: false }), $"{what}: {reply}");
            Assert.Equal(before + 1, scene.Calls);
        }

        Assert.Equal(0, scene.One.Cache.Memory.Count);
        Assert.Equal(0, scene.One.Cache.WaitingWrites);
        Assert.Empty(await scene.RowsAsync());
        return reply;
    }
}

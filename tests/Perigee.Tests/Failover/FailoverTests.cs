using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Perigee.Tests.Failover;

/// <summary>What failover does beyond the single fault: budgets, breakers, windows, receipts, uploads.</summary>
public sealed class FailoverTests
{
    private const string Two = """
        "r": {"targets": ["a/m", "b/m"]}
        """;

    private const string Calm = """
        "retries": {"max": 0}
        """;

    [Fact]
    public async Task A_storm_of_failures_causes_no_more_retries_than_the_budget()
    {
        await using Scene scene = await Scene.StartAsync("a", """
            "r": {"targets": ["a/m"]}
            """, """
            "retries": {"max": 2, "baseMilliseconds": 1, "budgetPercent": 20}, "breaker": {"failures": 1000, "percent": 100}
            """);
        scene.Fails("a", 500);
        await Parallel.ForEachAsync(Enumerable.Range(0, 100), TestContext.Current.CancellationToken, async (_, _) => Assert.Equal(500, (await scene.AskAsync()).Status));

        // Ten to begin with, and a fifth of a hundred.
        Assert.InRange(scene.Calls("a"), 110, 130);
    }

    [Fact]
    public async Task A_target_that_is_only_ever_second_has_a_share_of_retries_too()
    {
        await using Scene scene = await Scene.StartAsync("a! b", Two, """
            "retries": {"max": 1, "baseMilliseconds": 1, "budgetPercent": 20}
            """);
        scene.Fails("b", 500);

        // A model for each, so that no breaker opens: budgets are of providers.
        await Parallel.ForEachAsync(Enumerable.Range(0, 100), TestContext.Current.CancellationToken, async (i, _) =>
        {
            Heard heard = await scene.PostAsync("/v1/chat/completions", Tongue.OpenAi.Question($"a/m{i}", stream: false, $"\"models\":[\"b/m{i}\"],"));
            Assert.Equal(500, heard.Status);
        });
        Assert.InRange(scene.Calls("b"), 120, 130);
    }

    [Fact]
    public async Task After_five_failures_the_next_request_does_not_touch_the_target()
    {
        await using Scene scene = await Scene.StartAsync("a b", Two, Calm);
        scene.Fails("a", 500).Works("b");
        for (int i = 0; i < 5; i++)
            Assert.Equal("a/m;500, b/m;ok", (await scene.AskAsync()).Attempts);
        Assert.Equal("b/m;ok", (await scene.AskAsync()).Attempts);
        Assert.Equal(5, scene.Calls("a"));

        Heard explained = await scene.AskAsync(headers: ("x-perigee-explain", "1"));
        JsonElement targets = explained.Values[0].GetProperty("targets");
        Assert.Equal([("b/m", "closed"), ("a/m", "open")], targets.EnumerateArray().Select(one => (one.GetProperty("target").GetString(), one.GetProperty("breaker").GetString())));
        Assert.Equal("500", targets[1].GetProperty("why").GetString());
    }

    [Fact]
    public async Task When_all_are_open_the_one_that_is_open_least_long_is_tried()
    {
        await using Scene scene = await Scene.StartAsync("a b", Two, Calm);
        scene.Fails("a", 429, ("retry-after", "300")).Fails("b", 429, ("retry-after", "100"));
        Assert.Equal("a/m;429, b/m;429", (await scene.AskAsync()).Attempts);
        scene.Works("a").Works("b");
        Heard heard = await scene.AskAsync();
        Assert.Equal("b/m;ok", heard.Attempts);
        Assert.Equal("b", heard.Text);
    }

    [Fact]
    public async Task Of_several_rate_limits_the_client_is_told_the_soonest()
    {
        await using Scene scene = await Scene.StartAsync("a b c", """
            "r": {"targets": ["a/m", "b/m", "c/m"]}
            """, Calm);
        scene.Fails("a", 429, ("retry-after", "300")).Fails("b", 429, ("retry-after", "40")).Fails("c", 429, ("retry-after-ms", "90000"));
        Heard heard = await scene.AskAsync();
        Assert.Equal(429, heard.Status);
        Assert.Equal("40", heard.Header("retry-after"));
        Assert.Equal("", heard.Header("retry-after-ms"));
        Assert.Equal("a/m;429, b/m;429, c/m;429", heard.Attempts);
    }

    [Fact]
    public async Task A_question_that_is_too_long_goes_to_larger_windows_only()
    {
        await using Scene scene = await Scene.StartAsync("a b c d", """
            "r": {"targets": ["a/m", "b/m", "c/m"]}, "listed": {"targets": ["a/m", "b/m"], "onContextWindow": ["d/m"]}
            """, Calm + """
            , "models": {"a/m": {"contextTokens": 1000}, "b/m": {"contextTokens": 900}, "c/m": {"contextTokens": 2000}}
            """);
        scene.On("a", talk => talk.SendAsync(400, talk.Tongue.TooLong)).Works("b").Works("c").Works("d");
        Assert.Equal("a/m;context, c/m;ok", (await scene.AskAsync()).Attempts);
        Assert.Equal("a/m;context, d/m;ok", (await scene.AskAsync("listed")).Attempts);
        Assert.Equal(0, scene.Calls("b"));
    }

    [Fact]
    public async Task Where_all_answers_are_empty_the_last_is_the_answer()
    {
        await using Scene scene = await Scene.StartAsync("a b", Two, Calm);
        scene.On("a", talk => talk.SendAsync(200, talk.Tongue.EmptyWhole)).On("b", talk => talk.SendAsync(200, talk.Tongue.EmptyWhole));
        Heard heard = await scene.AskAsync();
        Assert.Equal((200, "", "a/m;empty, b/m;ok"), (heard.Status, heard.Text, heard.Attempts));
    }

    [Fact]
    public async Task Who_explains_calls_nobody()
    {
        await using Scene scene = await Scene.StartAsync("a b", Two);
        scene.Works("a").Works("b");
        foreach (Tongue tongue in (Tongue[])[Tongue.OpenAi, Tongue.Anthropic, Tongue.Gemini])
        {
            Heard heard = await scene.Gateway.AskAsync(tongue, "r", stream: true, ("x-perigee-explain", "1"));
            Assert.Equal(200, heard.Status);
            Assert.Equal(["a/m", "b/m"], heard.Values[0].GetProperty("targets").EnumerateArray().Select(one => one.GetProperty("target").GetString()));
        }

        Heard plain = await scene.AskAsync("a/m", headers: ("x-perigee-explain", "1"));
        Assert.Equal("a/m", plain.Values[0].GetProperty("targets")[0].GetProperty("target").GetString());
        Assert.Equal(0, scene.Calls("a") + scene.Calls("b"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_answer_has_its_receipts(bool stream)
    {
        await using Scene scene = await Scene.StartAsync("a! b", Two, Calm);
        scene.Works("b", stream);
        Heard heard = await scene.AskAsync(stream: stream);
        Assert.Equal("b/m", heard.Header("x-perigee-target"));
        Assert.Equal("r", heard.Header("x-perigee-route"));
        Assert.Equal("a/m;unreachable, b/m;ok", heard.Attempts);
        Assert.Matches(@"^a/m;unreachable;\d+, b/m;ok;\d+$", heard.Header("x-perigee-attempts"));
        Assert.Matches(@"^\d+(\.\d+)?$", heard.Header("x-perigee-overhead-ms"));
        Assert.Matches(@"^caller;dur=[\d.]+, .*upstream;dur=[\d.]+, total;dur=[\d.]+$", heard.Header("Server-Timing"));
    }

    [Fact]
    public async Task Refusals_have_receipts_too()
    {
        await using Scene scene = await Scene.StartAsync("a b", Two, Calm);
        scene.Fails("a", 500).Fails("b", 503);
        Heard heard = await scene.AskAsync();
        Assert.Equal((503, "b/m", "r", "a/m;500, b/m;503"), (heard.Status, heard.Header("x-perigee-target"), heard.Header("x-perigee-route"), heard.Attempts));
        Assert.NotEqual("", heard.Header("Server-Timing"));
    }

    [Fact]
    public async Task An_upload_that_failed_goes_to_the_next_byte_by_byte()
    {
        await using Scene scene = await Scene.StartAsync("a b", Two, Calm);
        byte[] sound = new byte[300_000];
        new Random(7).NextBytes(sound);
        ConcurrentDictionary<string, byte[]> got = new();
        Func<Talk, Task> Take(Func<Talk, Task> then) => async talk =>
        {
            IFormFile file = (await talk.Http.Request.ReadFormAsync(talk.Http.RequestAborted)).Files[0];
            using MemoryStream bytes = new();
            await file.CopyToAsync(bytes);
            got[talk.Who] = bytes.ToArray();
            await then(talk);
        };
        scene.On("a", Take(talk => talk.SendAsync(503, talk.Tongue.Error(503, "Busy.")))).On("b", Take(talk => talk.SendAsync(200, """{"text":"heard"}""")));
        using MultipartFormDataContent form = new();
        using StringContent model = new("r");
        using ByteArrayContent file = new(sound);
        file.Headers.ContentType = new MediaTypeHeaderValue("audio/wav");
        form.Add(model, "model");
        form.Add(file, "file", "sound.wav");
        using HttpResponseMessage answer = await scene.Gateway.Http.PostAsync("/v1/audio/transcriptions", form, TestContext.Current.CancellationToken);
        Heard heard = await GatewayRig.HearAsync(Tongue.OpenAi, answer);
        Assert.True(heard.Status == 200, heard.Body);
        Assert.Equal("""{"text":"heard"}""", heard.Body);
        Assert.Equal("a/m;503, b/m;ok", heard.Attempts);
        Assert.Equal(sound, got["a"]);
        Assert.Equal(sound, got["b"]);
    }

    [Fact]
    public async Task What_a_provider_keeps_goes_to_it_alone()
    {
        await using Scene scene = await Scene.StartAsync("a b", Two, Calm);
        static string Answer(string who) =>
            $$$"""{"id":"resp_{{{who}}}","object":"response","created_at":1,"status":"completed","model":"m","output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"{{{who}}}","annotations":[]}]}],"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}""";
        scene.On("a", talk => talk.SendAsync(503, talk.Tongue.Error(503, "Busy."))).On("b", talk => talk.SendAsync(200, Answer("b")));
        Heard made = await scene.PostAsync("/v1/responses", """{"model":"r","input":"hi"}""");
        Assert.Equal("a/m;503, b/m;ok", made.Attempts);

        Heard next = await scene.PostAsync("/v1/responses", """{"model":"r","input":"and?","previous_response_id":"resp_b"}""");
        Assert.Equal("b/m;ok", next.Attempts);

        int calls = scene.Calls("a");
        scene.On("a", talk => talk.SendAsync(200, Answer("a"))).Fails("b", 503);
        Heard gone = await scene.PostAsync("/v1/responses", """{"model":"r","input":"and?","previous_response_id":"resp_b"}""");
        Assert.Equal((503, "b/m;503"), (gone.Status, gone.Attempts));
        Heard other = await scene.PostAsync("/v1/responses", """{"model":"a/m","input":"and?","previous_response_id":"resp_b"}""");
        Assert.Equal(409, other.Status);
        Assert.Contains("previous_response_id", other.Error, StringComparison.Ordinal);
        Assert.Equal(calls, scene.Calls("a"));
    }
}

using System.Diagnostics;
using System.Text.Json;
using Perigee.Testing;

namespace Perigee.Tests.Failover;

/// <summary>Requests that run beside each other, and those that end early.</summary>
public sealed class RaceTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);

    private const string Hedged = """
        "r": {"targets": ["a/m", "b/m"], "hedge": {"afterMilliseconds": 60, "percent": 100}}
        """;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public Task A_client_that_leaves_before_the_first_token_ends_the_call_at_once(bool stream, bool opened) => Measuring.HoldsAsync(async () =>
    {
        await using Scene scene = await Scene.StartAsync("a b", """
            "r": {"targets": ["a/m", "b/m"]}
            """, """
            "logs": {"flushSeconds": 1}
            """);
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource<long> aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Works("b").On("a", async talk =>
        {
            talk.Http.RequestAborted.Register(() => aborted.TrySetResult(Stopwatch.GetTimestamp()));
            if (opened)
                await talk.EventsAsync(talk.Tongue.Opening);
            asked.TrySetResult();
            await talk.SilenceAsync();
        }, stream);
        using CancellationTokenSource leave = new();
        Task<HttpResponseMessage> asking = scene.Gateway.SendAsync("/v1/chat/completions", Tongue.OpenAi.Question("r", stream), leave.Token);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        long left = Stopwatch.GetTimestamp();
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        TimeSpan took = Stopwatch.GetElapsedTime(left, await aborted.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        TestContext.Current.TestOutputHelper!.WriteLine($"{took.TotalMilliseconds:0.0} ms");
        Assert.Equal(0, scene.Calls("b"));
        await Eventually.IsTrueAsync(() => scene.Gateway.States.Of("a/m").InFlight == 0, "the try to end");

        JsonElement record = Assert.Single(await scene.Gateway.StopAsync(), static one => one.TryGetProperty("status", out _));
        Assert.Equal(499, record.GetProperty("status").GetInt32());
        Assert.Equal("client_gone", record.GetProperty("error").GetProperty("kind").GetString());
        return took <= Soon ? null : $"{took}";
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Fifty_equal_questions_in_flight_are_one_call(bool stream)
    {
        await using Scene scene = await Scene.StartAsync("a b", """
            "r": {"targets": ["a/m", "b/m"]}
            """);
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Works("b", stream).On("a", async talk =>
        {
            await release.Task;
            await talk.AnswerAsync();
        }, stream);
        Task<Heard>[] asking = [.. Enumerable.Range(0, 50).Select(_ => scene.AskAsync(stream: stream, headers: ("x-perigee-cache", "on")))];
        await Task.Delay(500, TestContext.Current.CancellationToken);
        release.SetResult();
        Heard[] heard = await Task.WhenAll(asking);
        Assert.All(heard, one => Assert.Equal((200, "a"), (one.Status, one.Text)));
        Assert.Equal(1, scene.Calls("a"));
        Assert.Equal(49, heard.Count(one => one.Header("x-perigee-cache") == "joined"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_slow_first_is_overtaken_and_its_connection_closed(bool stream)
    {
        await using Scene scene = await Scene.StartAsync("a b", Hedged);
        TaskCompletionSource aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Works("b", stream).On("a", talk =>
        {
            talk.Http.RequestAborted.Register(aborted.SetResult);
            return talk.SilenceAsync();
        }, stream);
        Heard heard = await scene.AskAsync(stream: stream);
        Assert.Equal((200, "b", "a/m;lost, b/m;ok;hedge"), (heard.Status, heard.Text, heard.Attempts));
        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal("b/m", heard.Header("x-perigee-target"));
    }

    [Fact]
    public async Task A_first_that_is_quick_enough_has_no_second()
    {
        await using Scene scene = await Scene.StartAsync("a b", Hedged.Replace("60", "5000", StringComparison.Ordinal));
        scene.Works("a").Works("b");
        Assert.Equal("a/m;ok", (await scene.AskAsync()).Attempts);
        Assert.Equal(0, scene.Calls("b"));
    }

    [Fact]
    public async Task Where_the_second_fails_the_slow_first_still_serves()
    {
        await using Scene scene = await Scene.StartAsync("a b", Hedged, """
            "retries": {"max": 0}
            """);
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.On("a", async talk =>
        {
            await asked.Task;
            await Task.Delay(50, talk.Http.RequestAborted);
            await talk.AnswerAsync();
        });
        scene.On("b", async talk =>
        {
            await talk.SendAsync(500, talk.Tongue.Error(500, "No."));
            asked.SetResult();
        });
        Heard heard = await scene.AskAsync();
        Assert.Equal((200, "a", "a/m;ok, b/m;500;hedge"), (heard.Status, heard.Text, heard.Attempts));
    }

    [Theory]
    [InlineData("/v1/chat/completions", """{"model":"r","messages":[{"role":"user","content":"hi"}],"web_search_options":{}}""")]
    [InlineData("/v1/responses", """{"model":"r","input":"hi","tools":[{"type":"web_search"}]}""")]
    [InlineData("/v1/responses", """{"model":"r","input":"hi","previous_response_id":"resp_1"}""")]
    public async Task What_has_side_effects_or_is_kept_is_never_hedged(string path, string body)
    {
        await using Scene scene = await Scene.StartAsync("a b", Hedged);
        scene.Works("b").On("a", async talk =>
        {
            await Task.Delay(300, talk.Http.RequestAborted);
            await talk.SendAsync(200, path.EndsWith("responses", StringComparison.Ordinal)
                ? """{"id":"resp_2","object":"response","created_at":1,"status":"completed","model":"m","output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"a","annotations":[]}]}]}"""
                : talk.Tongue.Whole("a"));
        });
        Heard heard = await scene.PostAsync(path, body);
        Assert.True(heard.Status == 200, heard.Body);
        Assert.Equal("a/m;ok", heard.Attempts);
        Assert.Equal(0, scene.Calls("b"));
    }
}

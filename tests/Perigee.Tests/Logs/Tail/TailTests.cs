using System.IO.Pipelines;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Perigee.Logs;
using Perigee.Logs.Tail;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Logs.Tail;

public sealed class TailTests
{
    private const string Secret = "sk-canary0AbCdEfGhIjKlMn";

    [Fact]
    public async Task Records_come_as_they_are_made_in_the_form_of_the_blobs()
    {
        await using Scene scene = await Scene.StartAsync("a b", """ "r": {"targets": ["a/m", "b/m"]} """, """ "retries": {"max": 0} """);
        scene.Fails("a", 503).Works("b");
        await using Tailing tailing = await Tailing.StartAsync(scene, "");
        Heard heard = await scene.AskAsync(headers: ("user-agent", "probe " + Secret));

        SseItem<string> one = await tailing.NextAsync();
        Assert.Equal(("exchange", heard.Header("x-request-id")), (one.EventType, one.EventId));
        Assert.DoesNotContain("canary0", one.Data, StringComparison.Ordinal);
        Assert.Contains("[redacted]", one.Data, StringComparison.Ordinal);
        await tailing.DisposeAsync();
        JsonElement written = Assert.Single(await scene.Gateway.ExchangesAsync());
        Assert.Equal(written.GetRawText(), one.Data);
    }

    [Theory]
    [InlineData("provider=b&status=200", "b/m")]
    [InlineData("errors=true", "a/m")]
    [InlineData("status=5xx", "a/m")]
    [InlineData("model=b%2Fm&cache=bypass&key=open&minMilliseconds=0.001", "b/m")]
    public async Task Filters_leave_out_what_is_not_asked_for(string query, string model)
    {
        await using Scene scene = await Scene.StartAsync("a b", "", """ "retries": {"max": 0} """);
        scene.Fails("a", 503).Works("b");
        await using Tailing tailing = await Tailing.StartAsync(scene, "?" + query);
        await scene.AskAsync("a/m");
        await scene.AskAsync("b/m");
        await scene.AskAsync("a/m");
        await scene.AskAsync("b/m");

        for (int i = 0; i < 2; i++)
            Assert.Equal(model, JsonDocument.Parse((await tailing.NextAsync()).Data).RootElement.GetProperty("model").GetString());
    }

    [Fact]
    public async Task Who_was_cut_off_goes_on_where_it_was()
    {
        await using Scene scene = await Scene.StartAsync("a", """ "r": {"targets": ["a/m"]} """);
        scene.Works("a");
        List<string> ids = [];
        await using (Tailing first = await Tailing.StartAsync(scene, ""))
        {
            ids.Add((await scene.AskAsync()).Header("x-request-id"));
            Assert.Equal(ids[0], (await first.NextAsync()).EventId);
        }

        for (int i = 0; i < 2; i++)
            ids.Add((await scene.AskAsync()).Header("x-request-id"));
        await using Tailing second = await Tailing.StartAsync(scene, "", ids[0]);
        Assert.Equal((ids[1], ids[2]), ((await second.NextAsync()).EventId, (await second.NextAsync()).EventId));

        await using Tailing third = await Tailing.StartAsync(scene, "", new string('a', 32));
        Assert.Equal("gap", (await third.NextAsync()).EventType);
    }

    [Theory]
    [InlineData("?status=42", "status")]
    [InlineData("?errors=maybe", "errors")]
    [InlineData("?minMilliseconds=-1", "minMilliseconds")]
    [InlineData("?nonsense=1", "nonsense")]
    [InlineData("?model=a&model=b", "model")]
    public async Task A_filter_that_cannot_be_used_is_named(string query, string name)
    {
        await using Scene scene = await Scene.StartAsync("a", "");
        using HttpResponseMessage answer = await scene.Gateway.Http.GetAsync("/manage/v1/logs/tail" + query, TestContext.Current.CancellationToken);
        Assert.Equal(400, (int)answer.StatusCode);
        Assert.Contains($"'{name}'", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_open_tail_does_not_hold_up_the_stop()
    {
        await using Scene scene = await Scene.StartAsync("a", "");
        await using Tailing tailing = await Tailing.StartAsync(scene, "");
        System.Diagnostics.Stopwatch stopped = System.Diagnostics.Stopwatch.StartNew();
        await scene.Gateway.StopAsync();
        Assert.True(stopped.Elapsed < TimeSpan.FromSeconds(4), $"{stopped.Elapsed}");
    }

    [Fact]
    public void While_nobody_looks_on_no_record_is_wanted()
    {
        FakeTimeProvider time = new();
        LogTail tail = new(new GatewayHost { Mode = "local" }, new Redactor([]), time);
        GatewayOptions options = Exchanges.Options;
        Assert.False(tail.Wants(options));
        using (tail.Join(null))
            Assert.True(tail.Wants(options));
        time.Advance(LogTail.Memory - TimeSpan.FromSeconds(1));
        Assert.True(tail.Wants(options));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(tail.Wants(options));
        Assert.True(tail.Join(new string('a', 32))!.Missed);
    }

    [Fact]
    public void What_a_slow_reader_does_not_take_is_counted_and_readers_are_bounded()
    {
        LogTail tail = new(new GatewayHost { Mode = "local" }, new Redactor([]), TimeProvider.System);
        using LogTail.TailReader slow = tail.Join(null)!;
        for (int i = 0; i < LogTail.Waiting + 7; i++)
            tail.Take(Record());
        Assert.Equal((LogTail.Waiting, 7, 0), (slow.Records.Count, slow.TakeDropped(), slow.TakeDropped()));
        for (int i = 1; i < LogTail.MostReaders; i++)
            Assert.NotNull(tail.Join(null));
        Assert.Null(tail.Join(null));
    }

    [Fact]
    public async Task Silence_is_broken_and_drops_are_told()
    {
        FakeTimeProvider time = new();
        LogTail tail = new(new GatewayHost { Mode = "local" }, new Redactor([]), time);
        TailEndpoint endpoint = new(tail, new Everybody(), time, new Lifetime());
        using CancellationTokenSource gone = new();
        DefaultHttpContext http = new() { RequestAborted = gone.Token };
        Pipe pipe = new();
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(pipe.Writer.AsStream()));
        Task answering = endpoint.AnswerAsync(http);
        StringBuilder heard = new();
        await HearAsync(": records of this instance");
        for (int i = 0; i < 50 && !heard.ToString().Contains(": nothing new", StringComparison.Ordinal); i++)
        {
            time.Advance(TailEndpoint.Heartbeat);
            await Task.Delay(10, TestContext.Current.CancellationToken);
            await HearAsync("");
        }

        Assert.Contains(": nothing new\n\n", heard.ToString(), StringComparison.Ordinal);
        for (int i = 0; i < 2 * LogTail.Waiting; i++)
            tail.Take(Record());
        await HearAsync("event: dropped\ndata: {\"dropped\":");
        await gone.CancelAsync();
        await answering;

        async Task HearAsync(string text)
        {
            do
            {
                if (pipe.Reader.TryRead(out ReadResult read) || text.Length > 0)
                {
                    read = read.Buffer.IsEmpty ? await pipe.Reader.ReadAsync(TestContext.Current.CancellationToken) : read;
                    heard.Append(Encoding.UTF8.GetString(read.Buffer));
                    pipe.Reader.AdvanceTo(read.Buffer.End);
                }
            }
            while (!heard.ToString().Contains(text, StringComparison.Ordinal));
        }
    }

    private static ExchangeRecord Record() => ExchangeRecord.Of(Exchanges.Make("chat", out _), TimeSpan.FromSeconds(1), null);

    private sealed class Everybody : IOwnKeys
    {
        public ValueTask<IReadOnlySet<string>?> OfAsync(HttpContext http) => default;
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => default;

        public CancellationToken ApplicationStopping => default;

        public CancellationToken ApplicationStopped => default;

        public void StopApplication()
        {
        }
    }
}

/// <summary>One who looks on.</summary>
internal sealed class Tailing : IAsyncDisposable
{
    private readonly HttpResponseMessage _answer;
    private readonly IAsyncEnumerator<SseItem<string>> _events;
    private bool _over;

    private Tailing(HttpResponseMessage answer, IAsyncEnumerator<SseItem<string>> events) => (_answer, _events) = (answer, events);

    public static Task<Tailing> StartAsync(Scene scene, string query, string? last = null) => StartAsync(scene.Gateway.Http, query, last is null ? [] : [("Last-Event-ID", last)]);

    public static async Task<Tailing> StartAsync(HttpClient http, string query, params (string Name, string Value)[] headers)
    {
        HttpRequestMessage request = new(HttpMethod.Get, "/manage/v1/logs/tail" + query);
        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}");
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        return new Tailing(answer, SseParser.Create(await answer.Content.ReadAsStreamAsync()).EnumerateAsync().GetAsyncEnumerator(TestContext.Current.CancellationToken));
    }

    public async Task<SseItem<string>> NextAsync()
    {
        Assert.True(await _events.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
        return _events.Current;
    }

    public ValueTask DisposeAsync()
    {
        if (!_over)
            _answer.Dispose();
        _over = true;
        return default;
    }
}

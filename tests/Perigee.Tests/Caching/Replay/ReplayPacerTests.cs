using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Perigee.Caching;
using Perigee.Caching.Replay;
using Perigee.Tests.Wire.Proving;
using Perigee.Tests.Wire.Proving.Grammar;

namespace Perigee.Tests.Caching.Replay;

public sealed class ReplayPacerTests
{
    private static readonly AnswerForm Sse = new(Dialects.OpenAi, true, false, true);

    [Theory]
    [InlineData(11, 5.0, 5.0)] // as long as the original
    [InlineData(11, 60.0, 10.0)] // no gap over a second
    [InlineData(201, 300.0, 30.0)] // at most 30 s
    [InlineData(11, 0.0, 0.0)]
    [InlineData(1, 5.0, 0.0)]
    public void Events_are_spread_over_the_time_that_the_first_answer_took(int events, double took, double due)
    {
        string[] sent = [.. Enumerable.Range(0, events).Select(i => $"data: {{\"n\":{i}}}\n\n")];
        Run run = new(string.Concat(sent), Sse, TimeSpan.FromSeconds(took));
        run.ToEnd();
        Assert.True(run.Done);
        Assert.Equal(sent, run.Client.Flushed.Select(f => f.Text));
        Assert.Equal(due, run.Client.Flushed[^1].At.TotalSeconds, 0.02);
        TimeSpan[] moments = [.. run.Client.Flushed.Select(f => f.At)];
        Assert.Equal(TimeSpan.Zero, moments[0]);
        Assert.All(moments.Zip(moments.Skip(1)), pair => Assert.InRange((pair.Second - pair.First).TotalSeconds, 0, 1.02));
    }

    [Fact]
    public void Original_boundaries_are_kept_in_every_framing()
    {
        foreach (Cassette cassette in Cassettes.All.Where(c => c.Name is "plain" or "odd characters"))
        {
            foreach (AnswerForm form in Cassette.Of(cassette.Dialect).Where(f => f.Stream))
            {
                CachedAnswer kept = cassette.Kept(form);
                Run run = new(Encoding.UTF8.GetString(kept.Body.Span), form, TimeSpan.FromSeconds(1));
                run.ToEnd();
                Assert.Equal(Encoding.UTF8.GetString(kept.Body.Span), string.Concat(run.Client.Flushed.Select(f => f.Text)));
                if (form.AsArray)
                    Assert.All(run.Client.Flushed.SkipLast(2), f => Assert.NotNull(Json.TryParse(f.Text.TrimStart('[', ',', '\r', '\n', ' '))));
                else
                    Assert.Equal(StreamGrammar.Boundaries(kept.Body.Span).Count + 1, run.Client.Flushed.Count);
            }
        }
    }

    [Fact]
    public void Whole_answer_never_waits()
    {
        Run run = new("{\"a\":\"\\n\\n\"}\n\n{}", new AnswerForm(Dialects.OpenAi, false, false, false), TimeSpan.FromSeconds(20));
        Assert.True(run.Done);
        Assert.Single(run.Client.Flushed);
    }

    [Fact]
    public async Task Client_that_goes_stops_it()
    {
        string stream = string.Concat(Enumerable.Repeat("data: {}\n\n", 10));
        Run gone = new(stream, Sse, TimeSpan.FromSeconds(9));
        gone.Advance(TimeSpan.FromSeconds(3.5));
        await gone.Gone.CancelAsync();
        Assert.False(await gone.Task);
        Assert.Equal(4, gone.Client.Flushed.Count);

        Run closed = new(stream, Sse, TimeSpan.FromSeconds(9));
        closed.Client.Closed = true;
        closed.ToEnd();
        Assert.False(closed.Done);
        Assert.Equal(2, closed.Client.Flushed.Count);
    }

    [Fact]
    public void Timers_that_strike_late_do_not_add_up()
    {
        Run run = new(string.Concat(Enumerable.Repeat("data: {}\n\n", 101)), Sse, TimeSpan.FromSeconds(10));
        while (run.Client.Flushed.Count < 101)
            run.Advance(TimeSpan.FromMilliseconds(70), TimeSpan.FromMilliseconds(70));
        Assert.InRange(run.Client.Flushed[^1].At.TotalSeconds, 10, 10.1);
    }

    private sealed class Run
    {
        private readonly FakeTimeProvider _time = new(Cassette.Then);

        public Run(string body, AnswerForm form, TimeSpan took)
        {
            Client = new Recording(_time);
            Task = ReplayPacer.PlayAsync(Client, Encoding.UTF8.GetBytes(body), form, took, _time, Gone.Token).AsTask();
        }

        public Task<bool> Task { get; }

        public Recording Client { get; }

        public CancellationTokenSource Gone { get; } = new();

        /// <summary>Nothing here leaves the thread: what is not done by now waits for the clock.</summary>
        public bool Done => Task.IsCompleted ? Task.GetAwaiter().GetResult() : throw new InvalidOperationException("It still waits.");

        public void ToEnd()
        {
            for (int i = 0; i < 4000 && !Task.IsCompleted; i++)
                _time.Advance(TimeSpan.FromMilliseconds(10));
        }

        public void Advance(TimeSpan time, TimeSpan? step = null)
        {
            for (TimeSpan at = TimeSpan.Zero; at < time; at += step ?? TimeSpan.FromMilliseconds(10))
                _time.Advance(step ?? TimeSpan.FromMilliseconds(10));
        }
    }

    private sealed class Recording(FakeTimeProvider time) : PipeWriter
    {
        private readonly System.Buffers.ArrayBufferWriter<byte> _buffer = new();
        private readonly long _start = time.GetTimestamp();

        public List<(TimeSpan At, string Text)> Flushed { get; } = [];

        public bool Closed { get; set; }

        public override void Advance(int bytes) => _buffer.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _buffer.GetSpan(sizeHint);

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            Flushed.Add((time.GetElapsedTime(_start), Encoding.UTF8.GetString(_buffer.WrittenSpan)));
            _buffer.Clear();
            return new(new FlushResult(false, Closed));
        }
    }
}

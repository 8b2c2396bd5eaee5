using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Perigee.Routing.Health;

namespace Perigee.Tests.Routing.Health;

public class TargetBreakerTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);
    private static readonly BreakerOptions Rules = new();
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// A script in words: <c>ok fail none unusable limited limited:60</c> are outcomes of tries that take no time, <c>+5</c> lets seconds
    /// pass, <c>enter</c> and <c>full</c> expect the place of a probe to be had or not, <c>begin</c> begins a try,
    /// <c>old:fail:20</c> is an outcome of a try that began 20 s ago.
    /// </summary>
    [Theory]
    [InlineData("", "Closed")]
    [InlineData("fail fail fail fail", "Closed")]
    [InlineData("fail fail fail fail fail", "Open 5 failing")]
    [InlineData("fail fail fail fail ok fail fail fail fail", "Closed")]
    [InlineData("fail fail fail fail none fail", "Open 5 failing")]
    [InlineData("fail fail fail fail fail +4.9", "Open 5 failing")]
    [InlineData("fail fail fail fail fail +5", "HalfOpen 5 failing")]
    [InlineData("fail fail fail fail fail +5 ok", "Closed")]
    [InlineData("fail fail fail fail fail +5 fail", "Open 15 failing")]
    [InlineData("fail fail fail fail fail +5 fail +10 fail +20 fail", "Open 75 failing")]
    [InlineData("fail fail fail fail fail +5 fail +10 fail +20 fail +40 fail +80 fail +120 fail", "Open 395 failing")]
    [InlineData("fail fail fail fail fail +5 fail +10 ok fail fail fail fail fail", "Open 20 failing")]
    [InlineData("fail fail fail fail fail fail fail fail", "Open 5 failing")]
    [InlineData("fail fail fail fail fail +2 ok", "Closed")]
    [InlineData("fail fail fail fail fail +2 old:ok:60", "Open 5 failing")]
    [InlineData("fail fail fail fail fail +5 old:fail:60", "HalfOpen 5 failing")]
    [InlineData("+60 fail fail fail fail fail +5 ok old:fail:20 old:fail:20 old:fail:20 old:fail:20 old:fail:20", "Closed")]
    [InlineData("ok fail ok fail ok fail ok fail ok fail", "Open 5 failing")]
    [InlineData("ok fail ok fail ok fail ok fail +31 ok fail", "Closed")]
    [InlineData("ok ok ok ok ok fail fail fail fail ok fail fail", "Open 5 failing")]
    [InlineData("ok ok ok ok ok ok ok fail fail fail fail ok fail ok fail ok", "Closed")]
    [InlineData("unusable", "Open 5 unusable")]
    [InlineData("unusable +5 unusable", "Open 15 unusable")]
    [InlineData("limited:60", "Open 60 limited")]
    [InlineData("limited:7200", "Open 3600 limited")]
    [InlineData("limited:60 +60", "HalfOpen 60 limited")]
    [InlineData("limited:60 +60 limited:30", "Open 90 limited")]
    [InlineData("limited:60 +30 ok", "Closed")]
    [InlineData("limited:60 +30 old:ok:40", "Open 60 limited")]
    [InlineData("limited:60 +5 limited:60", "Open 60 limited")]
    [InlineData("limited:60 +20 limited:60", "Open 80 limited")]
    [InlineData("limited:0.5 limited:0.5", "Closed")]
    [InlineData("limited limited", "Closed")]
    [InlineData("limited limited limited", "Open 5 limited")]
    [InlineData("limited limited ok limited", "Closed")]
    [InlineData("limited limited limited +5 limited", "Open 15 limited")]
    [InlineData("fail fail fail fail fail full +5 enter full full", "HalfOpen 5 failing")]
    [InlineData("fail fail fail fail fail +5 enter none enter", "HalfOpen 5 failing")]
    [InlineData("fail fail fail fail fail +5 enter +4.9 full +0.1 enter", "HalfOpen 5 failing")]
    [InlineData("fail fail fail fail fail +5 enter begin +29.9 full +0.1 enter", "HalfOpen 5 failing")]
    [InlineData("fail fail fail fail fail +5 enter fail +10 enter", "HalfOpen 15 failing")]
    [InlineData("enter enter fail enter", "Closed")]
    public void Outcomes_move_it(string script, string expected)
    {
        TargetBreaker breaker = new();
        DateTimeOffset now = Start;
        foreach (string word in script.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = word.Split(':');
            double Number(int at) => double.Parse(parts[at], System.Globalization.CultureInfo.InvariantCulture);
            if (word[0] == '+')
                now += TimeSpan.FromSeconds(Number(0));
            else if (word is "enter" or "full")
                Assert.Equal(word == "enter", breaker.TryEnter(now));
            else if (word == "begin")
                breaker.Began(now);
            else if (parts[0] == "old")
                breaker.Take(new TryOutcome(Effect(parts[1])) { Total = TimeSpan.FromSeconds(Number(2)) }, now, Rules, Wait, 0.5);
            else
                breaker.Take(new TryOutcome(Effect(parts[0])) { RetryAfter = parts.Length > 1 ? TimeSpan.FromSeconds(Number(1)) : null }, now, Rules, Wait, 0.5);
        }

        BreakerState state = breaker.State(now);
        double until = (new DateTimeOffset(breaker.OpenUntil, TimeSpan.Zero) - Start).TotalSeconds;
        Assert.Equal(expected, state == BreakerState.Closed ? "Closed" : FormattableString.Invariant($"{state} {until} {breaker.Why}"));
    }

    [Fact]
    public void Dice_keep_instances_from_probing_in_step_and_within_the_longest_time()
    {
        foreach (double dice in (double[])[0, 0.25, 0.999])
        {
            TargetBreaker breaker = new();
            DateTimeOffset now = Start;
            for (double expected = 5; expected < 1000; expected *= 2)
            {
                Assert.True(breaker.Take(new TryOutcome(HealthEffect.Unusable), now, Rules, Wait, dice));
                DateTimeOffset until = new(breaker.OpenUntil, TimeSpan.Zero);
                Assert.Equal(Math.Min(120, expected * (0.8 + (0.4 * dice))), (until - now).TotalSeconds, 0.001);
                now = until;
            }
        }
    }

    [Fact]
    public void What_others_saw_earlier_changes_nothing()
    {
        TargetBreaker breaker = new();
        BreakerNews news = new(Start, Start + TimeSpan.FromSeconds(5), "503", 1);
        DateTimeOffset now = Start + TimeSpan.FromSeconds(6);
        breaker.Merge(news, now);
        Assert.True(breaker.TryEnter(now));

        // The same row, read again two seconds later: the probe is still on its way.
        breaker.Merge(news, now);
        Assert.False(breaker.TryEnter(now));

        breaker.Take(new TryOutcome(HealthEffect.Failure), now, Rules, Wait, 0.5);
        breaker.Merge(new(Start + TimeSpan.FromSeconds(3), null, null, 0), now);
        Assert.Equal(BreakerState.Open, breaker.State(now));
    }

    [Theory]
    [InlineData(86_400, 3_600)]
    [InlineData(30, 30)]
    public void A_clock_that_goes_wrong_elsewhere_opens_for_an_hour_at_most(double until, double expected)
    {
        TargetBreaker breaker = new();
        DateTimeOffset ahead = Start + TimeSpan.FromMinutes(1);
        breaker.Merge(new(ahead, Start + TimeSpan.FromSeconds(until), "503", 1), Start);
        Assert.Equal(expected, (new DateTimeOffset(breaker.OpenUntil, TimeSpan.Zero) - Start).TotalSeconds);

        // What is found here a second later is newer all the same.
        Assert.True(breaker.Take(new TryOutcome(HealthEffect.Success), Start + TimeSpan.FromSeconds(1), Rules, Wait, 0.5));
    }

    [Fact]
    public void N_failures_are_one_piece_of_news()
    {
        TargetBreaker breaker = new();
        int news = 0;
        for (int i = 0; i < 1000; i++)
            news += breaker.Take(new TryOutcome(HealthEffect.Failure), Start, Rules, Wait, 0.5) ? 1 : 0;
        Assert.Equal(1, news);
    }

    /// <summary>What must hold after any walk: the four sentences that the steps around it rely on.</summary>
    [Fact]
    public void Any_walk_keeps_the_rules() => Gen.Select(Gen.Int[0, 7], Gen.Int[0, 40]).Array[1, 120].Sample(walk =>
    {
        TargetBreaker breaker = new();
        DateTimeOffset now = Start;
        int inRow = 0;
        foreach ((int step, int tenths) in walk)
        {
            BreakerState before = breaker.State(now);
            long until = breaker.OpenUntil;
            switch (step)
            {
                case 0:
                    now += TimeSpan.FromSeconds(tenths / 4.0);
                    break;
                case 1:
                    // A success of now closes, always.
                    breaker.Take(new TryOutcome(HealthEffect.Success), now, Rules, Wait, 0.5);
                    Assert.Equal(BreakerState.Closed, breaker.State(now));
                    inRow = 0;
                    break;
                case 2 or 3:
                    bool news = breaker.Take(new TryOutcome(HealthEffect.Failure), now, Rules, Wait, tenths / 40.0);
                    inRow = before == BreakerState.Closed ? inRow + 1 : 0;
                    Assert.NotEqual(BreakerState.HalfOpen, breaker.State(now));
                    if (before == BreakerState.Open)
                        Assert.Equal((false, until), (news, breaker.OpenUntil));
                    if (inRow >= Rules.Failures)
                        Assert.Equal(BreakerState.Open, breaker.State(now));
                    break;
                case 4:
                    breaker.Take(new TryOutcome(HealthEffect.None), now, Rules, Wait, 0.5);
                    Assert.Equal((before, until), (breaker.State(now), breaker.OpenUntil));
                    break;
                case 5:
                    breaker.Take(new TryOutcome(HealthEffect.Limited) { RetryAfter = TimeSpan.FromSeconds(tenths) }, now, Rules, Wait, 0.5);
                    Assert.True(breaker.OpenUntil >= until);
                    inRow = breaker.OpenUntil == until ? inRow : 0;
                    break;
                case 6 when before == BreakerState.HalfOpen && breaker.TryEnter(now):
                    Assert.False(breaker.TryEnter(now));
                    break;
                default:
                    // Never longer than an hour, and after that somebody finds out.
                    Assert.True(breaker.OpenUntil <= (now + TimeSpan.FromHours(1)).UtcTicks);
                    break;
            }

            if (breaker.State(now) != BreakerState.Closed)
                inRow = 0;
        }

        now += TimeSpan.FromHours(1);
        Assert.True(breaker.TryEnter(now));
    }, iter: 3000, seed: "0000KhYcYkl3");

    [Fact]
    public async Task Of_many_at_once_one_is_the_probe()
    {
        FakeTimeProvider time = new();
        TargetState state = new("a/b", time);
        for (int round = 0; round < 50; round++)
        {
            state.Began();
            state.Ended(new TryOutcome(HealthEffect.Unusable));
            time.Advance(TimeSpan.FromMinutes(3));
            Assert.Equal(BreakerState.HalfOpen, state.Breaker);
            using Barrier barrier = new(8);
            int entered = 0;
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(() =>
            {
                barrier.SignalAndWait();
                if (state.TryEnter())
                    Interlocked.Increment(ref entered);
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            Assert.Equal(1, entered);
        }
    }

    private static HealthEffect Effect(string word) => word switch
    {
        "ok" => HealthEffect.Success,
        "fail" => HealthEffect.Failure,
        "limited" => HealthEffect.Limited,
        "unusable" => HealthEffect.Unusable,
        "none" => HealthEffect.None,
        _ => throw new ArgumentException(word),
    };
}

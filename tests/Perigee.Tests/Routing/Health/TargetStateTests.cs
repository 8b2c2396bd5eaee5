using Microsoft.Extensions.Time.Testing;
using Perigee.Providers;
using Perigee.Routing.Health;

namespace Perigee.Tests.Routing.Health;

public class TargetStateTests
{
    private static readonly Target Target = new(Exchanges.Provider, "model");

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(20, 1)]
    [InlineData(200, 2)]
    [InlineData(2_000, 3)]
    [InlineData(100_000, 4)]
    public void The_slow_tail_is_within_a_tenth_of_the_true_one(int count, int seed)
    {
        Random dice = new(seed);
        TargetState state = new("a/b", _time);
        List<double> samples = [];
        for (int i = 0; i < count; i++)
        {
            // Log-normal, with one in twenty ten times as slow: what providers look like.
            double normal = Math.Sqrt(-2 * Math.Log(1 - dice.NextDouble())) * Math.Cos(2 * Math.PI * dice.NextDouble());
            double sample = 400 * Math.Exp(0.6 * normal) * (dice.NextDouble() < 0.05 ? 10 : 1);
            samples.Add(sample);
            state.Began();
            state.Ended(new TryOutcome(HealthEffect.Success) { ToContent = TimeSpan.FromMilliseconds(sample), Total = TimeSpan.FromMinutes(1) });
        }

        samples.Sort();
        double exact = samples[(int)Math.Ceiling(count * 0.95) - 1];
        Assert.InRange(state.SlowTtft!.Value.TotalMilliseconds, exact * 0.9, exact * 1.1);
    }

    [Fact]
    public void The_slow_tail_needs_twenty_of_the_last_ten_minutes()
    {
        TargetState state = new("a/b", _time);
        Answer(state, 100, times: 19);
        Assert.Null(state.SlowTtft);
        Answer(state, 100);
        Assert.NotNull(state.SlowTtft);
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Null(state.SlowTtft);
    }

    [Fact]
    public void What_lost_a_race_counts_as_at_least_as_slow_as_it_was_then()
    {
        TargetState state = new("a/b", _time);
        Answer(state, 100, times: 90);
        for (int i = 0; i < 10; i++)
            state.Ended(new TryOutcome(HealthEffect.None) { LostRace = true, Total = TimeSpan.FromSeconds(1) });
        Assert.InRange(state.SlowTtft!.Value.TotalMilliseconds, 900, 1100);
        Assert.Equal(100, state.Ttft!.Value.TotalMilliseconds, 1.0);
    }

    [Fact]
    public void The_mean_forgets_by_half_a_minute_and_altogether_after_ten()
    {
        TargetState state = new("a/b", _time);
        Assert.Null(state.Ttft);
        Answer(state, 1000);
        _time.Advance(TimeSpan.FromSeconds(60));
        Answer(state, 100);
        Assert.Equal((1000 * 0.5 + 100) / 1.5, state.Ttft!.Value.TotalMilliseconds, 0.01);
        _time.Advance(TimeSpan.FromMinutes(10.1));
        Assert.Null(state.Ttft);
    }

    [Theory]
    [InlineData(1.0, 3.0, 100, 50)]
    [InlineData(null, 4.0, 100, 25)]
    [InlineData(3.99, 4.0, 100, 25)]
    public void Throughput_is_of_the_time_of_writing(double? toContent, double total, long tokens, double expected)
    {
        TargetState state = new("a/b", _time);
        state.Ended(new TryOutcome(HealthEffect.Success)
        {
            ToContent = toContent is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Total = TimeSpan.FromSeconds(total),
            OutputTokens = tokens,
        });
        Assert.Equal(expected, state.TokensPerSecond!.Value, 0.01);
    }

    [Fact]
    public void Headroom_is_forgotten_at_its_reset()
    {
        TargetState state = new("a/b", _time);
        Assert.Null(state.Headroom);
        state.Heard(0.25, TimeSpan.FromSeconds(10));
        Assert.Equal(0.25, state.Headroom);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(state.Headroom);
    }

    [Fact]
    public void A_try_allocates_nothing()
    {
        TargetStates states = new(_time, null, new Half());
        TargetState state = states.Of(Target);
        RoutePlan plan = new() { Targets = [Target], Timeouts = new(), Retries = new(), Hedge = new(), Route = "r" };
        Round();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            Round();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Round()
        {
            states.Counted(Target, plan);
            TargetState of = states.Of(Target);
            _ = of.TryEnter();
            of.Began();
            of.Heard(0.5, TimeSpan.FromSeconds(1));
            of.Ended(new TryOutcome(HealthEffect.Success) { ToContent = TimeSpan.FromSeconds(1), Total = TimeSpan.FromSeconds(2), OutputTokens = 5 });
            _ = (of.Breaker, of.Ttft, of.SlowTtft, of.TokensPerSecond, of.Headroom, of.InFlight);
        }
    }

    [Theory]
    [InlineData(0, 20, 10)]
    [InlineData(100, 20, 20)]
    [InlineData(25, 20, 15)]
    [InlineData(1000, 20, 20)]
    [InlineData(10, 0, 0)]
    public void Retries_are_a_share_of_the_requests_to_a_provider(int requests, int percent, int expected)
    {
        TargetStates states = new(_time);
        RoutePlan plan = new() { Targets = [Target], Timeouts = new(), Retries = new() { BudgetPercent = percent } };
        for (int i = 0; i < requests; i++)
            states.Counted(Target, plan);
        Assert.Equal(expected, Enumerable.Range(0, 100).Count(_ => states.TryRetry(Target, percent)));

        // Another model of that provider has no budget of its own, another provider has.
        Assert.False(states.TryRetry(new Target(Exchanges.Provider, "other"), percent));
        Assert.Equal(percent > 0, states.TryRetry(new Target(new Provider { Name = "b", Title = "B", BaseUrl = "https://b.invalid", Auth = AuthStyle.None }, "m"), percent));
    }

    [Fact]
    public void Hedges_are_never_more_than_their_share_and_the_first()
    {
        TargetStates states = new(_time);
        Target second = new(Exchanges.Provider, "second");
        RoutePlan plan = new() { Targets = [Target, second], Timeouts = new(), Retries = new(), Hedge = new() { Percent = 5 }, Route = "r" };
        int hedges = 0;
        for (int i = 1; i <= 10_000; i++)
        {
            states.Counted(Target, plan);
            states.Counted(second, plan);
            hedges += states.TryHedge("r", 5) ? 1 : 0;
            Assert.True(hedges <= (i * 0.05) + 1);
        }

        Assert.Equal(501, hedges);
        Assert.True(states.TryHedge("another", 5));
    }

    [Fact]
    public void Names_that_clients_make_up_do_not_fill_the_memory()
    {
        TargetStates states = new(_time);
        TargetState used = states.Of("used");
        used.Began();
        for (int i = 0; i < 20_000; i++)
            states.Of($"a/{i}");
        Assert.True(states.All.Count() <= 8192);
        _time.Advance(TimeSpan.FromMinutes(11));
        states.Of("a/new");
        Assert.Equal(["a/new", "used"], states.All.Select(state => state.Name).Order(StringComparer.Ordinal));
    }

    private static void Answer(TargetState state, double milliseconds, int times = 1)
    {
        for (int i = 0; i < times; i++)
        {
            state.Began();
            state.Ended(new TryOutcome(HealthEffect.Success) { ToContent = TimeSpan.FromMilliseconds(milliseconds), Total = TimeSpan.FromSeconds(2) });
        }
    }

    /// <summary>Dice that always fall in the middle.</summary>
    private sealed class Half : Random
    {
        protected override double Sample() => 0.5;

        public override double NextDouble() => 0.5;
    }
}

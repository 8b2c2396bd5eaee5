using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Perigee.Routing.Health;
using Perigee.Storage;

namespace Perigee.Tests.Routing.Health;

/// <summary>Instances with a clock and a table in common.</summary>
public sealed class SharedHealthTests : IAsyncDisposable
{
    private static readonly Target Target = new(Exchanges.Provider, "model");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly MemoryTables _tables = new();
    private readonly List<Instance> _instances = [];

    public async ValueTask DisposeAsync()
    {
        foreach (Instance instance in _instances)
            await instance.DisposeAsync();
    }

    [Fact]
    public async Task Another_instance_knows_within_five_seconds_without_having_met_it()
    {
        (Instance a, Instance b) = (Start("a"), Start("b"));
        b.Serve();
        await SettleAsync();
        a.Fail(times: 50);
        Assert.Equal(BreakerState.Closed, b.State.Breaker);

        await PassAsync(2.5, b);

        Assert.Equal((BreakerState.Open, "503"), (b.State.Breaker, b.State.Why));
        Assert.Equal(a.State.OpenUntil, b.State.OpenUntil);
        Assert.Equal(1, _tables.Writes);
    }

    [Fact]
    public async Task One_probe_closes_it_for_all()
    {
        (Instance a, Instance b) = (Start("a"), Start("b"));
        b.Serve();
        a.Fail(times: 5);
        await PassAsync(7, a, b);
        Assert.Equal((BreakerState.HalfOpen, BreakerState.HalfOpen), (a.State.Breaker, b.State.Breaker));

        Assert.True(b.State.TryEnter());
        b.End(HealthEffect.Success);
        await PassAsync(2.5, a, b);

        Assert.Equal((BreakerState.Closed, BreakerState.Closed), (a.State.Breaker, b.State.Breaker));
        Assert.Equal(2, _tables.Writes);
    }

    [Fact]
    public async Task A_failed_probe_opens_it_longer_for_all_and_doubling_goes_on_elsewhere()
    {
        (Instance a, Instance b) = (Start("a"), Start("b"));
        b.Serve();
        a.Fail(times: 5);
        await PassAsync(7, a, b);
        a.End(HealthEffect.Failure);
        await PassAsync(2.5, a, b);
        Assert.Equal(a.State.OpenUntil, b.State.OpenUntil);

        await PassAsync(11, a, b);
        DateTimeOffset now = _time.GetUtcNow();
        b.End(HealthEffect.Failure);
        Assert.Equal(20, (b.State.OpenUntil - now).TotalSeconds, 0.01);
    }

    [Fact]
    public async Task What_an_instance_saw_later_itself_is_worth_more()
    {
        (Instance a, Instance b) = (Start("a"), Start("b"));
        b.Serve();
        await SettleAsync();
        a.Fail(times: 5);
        Advance(0.1);
        b.End(HealthEffect.Success);

        await PassAsync(2.5, b);

        Assert.Equal((BreakerState.Open, BreakerState.Closed), (a.State.Breaker, b.State.Breaker));
    }

    [Fact]
    public async Task The_latest_finding_stays_whoever_writes_last()
    {
        Instance a = Start("a");
        await _tables.WriteAsync(HealthRow.Of("local", Target.Name, new(_time.GetUtcNow() + TimeSpan.FromSeconds(1), null, null, 0), "z"), WriteWhen.Always, default);
        a.Fail(times: 5);
        await SettleAsync();
        Assert.Equal("closed", Assert.Single(_tables.Rows).Text("state"));
    }

    [Fact]
    public async Task An_idle_instance_reads_nothing_and_the_first_request_reads_at_once()
    {
        (Instance a, Instance b) = (Start("a"), Start("b"));
        await PassAsync(300);
        Assert.Equal(0, _tables.Reads);

        a.Fail(times: 5);
        await SettleAsync();
        b.Serve();
        await SettleAsync();
        Assert.Equal(BreakerState.Open, b.State.Breaker);

        await PassAsync(120);
        int reads = _tables.Reads;
        Assert.InRange(reads, 29, 32);
        await PassAsync(120);
        Assert.Equal(reads, _tables.Reads);
    }

    [Fact]
    public async Task Another_region_is_not_heard()
    {
        (Instance a, Instance b) = (Start("a"), Start("b", region: "East US"));
        b.Serve();
        a.Fail(times: 5);
        await PassAsync(6, a, b);
        Assert.Equal(BreakerState.Closed, b.State.Breaker);
    }

    [Fact]
    public async Task A_restarted_instance_hears_of_what_its_forerunner_saw()
    {
        Start("a").End(new TryOutcome(HealthEffect.Limited) { RetryAfter = TimeSpan.FromMinutes(10), Why = "quota" });
        await PassAsync(240);
        Instance again = Start("a2");
        again.Serve();
        await SettleAsync();
        Assert.Equal((BreakerState.Open, "quota", 360.0), (again.State.Breaker, again.State.Why, (again.State.OpenUntil - _time.GetUtcNow()).TotalSeconds));
    }

    [Fact]
    public async Task A_storage_that_is_down_breaks_nothing_and_is_told_once_a_minute()
    {
        (Instance a, Instance b) = (Start("a"), Start("b"));
        b.Serve();
        _tables.Down = true;
        a.Fail(times: 5);
        await PassAsync(30, a, b);
        Assert.Equal((1, 1), (a.Warnings, b.Warnings));
        await PassAsync(60, a, b);
        Assert.Equal((2, 2), (a.Warnings, b.Warnings));

        _tables.Down = false;
        a.Fail(times: 1);
        await PassAsync(5, a, b);
        Assert.Equal(a.State.OpenUntil, b.State.OpenUntil);
    }

    [Fact]
    public async Task Rows_older_than_a_day_are_removed_by_whoever_sees_them()
    {
        Instance a = Start("a");
        a.Fail(times: 5);
        await SettleAsync();
        Advance(25 * 3600);
        Start("b").Serve();
        await SettleAsync();
        Assert.Empty(_tables.Rows);
    }

    [Fact]
    public async Task The_operator_closes_it_for_all()
    {
        (Instance a, Instance b) = (Start("a"), Start("b"));
        b.Serve();
        a.End(new TryOutcome(HealthEffect.Limited) { RetryAfter = TimeSpan.FromMinutes(10) });
        await PassAsync(3, b);
        Assert.Equal(BreakerState.Open, b.State.Breaker);
        a.State.Close();
        await PassAsync(3, b);
        Assert.Equal(BreakerState.Closed, b.State.Breaker);
    }

    [Theory]
    [InlineData("openai/gpt-5", "openai|gpt-5")]
    [InlineData("openrouter/anthropic/claude-opus-4.8:beta", "openrouter|anthropic|claude-opus-4.8:beta")]
    [InlineData("a/b?c", "~")]
    [InlineData("a/b|c", "~")]
    [InlineData("", "~")]
    public void A_name_becomes_a_key(string name, string key) => Assert.StartsWith(key, HealthRow.Key(name), StringComparison.Ordinal);

    [Fact]
    public async Task Models_that_clients_make_up_do_not_fill_the_table()
    {
        Instance a = Start("a");
        for (int i = 0; i < 1000; i++)
            a.States.Of($"openai/none-{i}").Ended(new TryOutcome(HealthEffect.Unusable));
        await SettleAsync();
        Assert.Equal(256, _tables.Rows.Count);
    }

    private Instance Start(string name, string region = "local")
    {
        Instance instance = new(name, region, _tables, _time);
        _instances.Add(instance);
        return instance;
    }

    /// <summary>Lets time pass in steps of a quarter of a second; the instances named serve a request at each.</summary>
    private async Task PassAsync(double seconds, params Instance[] serving)
    {
        for (double passed = 0; passed < seconds; passed += 0.25)
        {
            foreach (Instance instance in serving)
                instance.Serve();
            await SettleAsync();
            Advance(0.25);
        }

        await SettleAsync();
    }

    /// <summary>What waits for the clock goes on before this returns: without a context of the test's own it does so in here.</summary>
    private void Advance(double seconds)
    {
        SynchronizationContext? context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        _time.Advance(TimeSpan.FromSeconds(seconds));
        SynchronizationContext.SetSynchronizationContext(context);
    }

    private async Task SettleAsync()
    {
        long started = Stopwatch.GetTimestamp();
        while (!_instances.TrueForAll(static instance => instance.Rests))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(90), "Never comes to rest.");
            await Task.Yield();
        }
    }

    private sealed class Instance : ILogger<SharedHealth>, IAsyncDisposable
    {
        private readonly SharedHealth _shared;

        public Instance(string name, string region, IStorage storage, TimeProvider time)
        {
            States = new(time);
            _shared = new(storage, new GatewayHost { Mode = "local", Region = region, Instance = name }, States, time, this);
            _shared.StartAsync(default).GetAwaiter().GetResult();
        }

        public TargetStates States { get; }

        public TargetState State => States.Of(Target.Name);

        public bool Rests => _shared.Rests;

        public int Warnings { get; private set; }

        public void Serve() => States.Of(Target);

        public void Fail(int times)
        {
            for (int i = 0; i < times; i++)
                End(new TryOutcome(HealthEffect.Failure) { Why = "503" });
        }

        public void End(HealthEffect effect) => End(new TryOutcome(effect));

        public void End(TryOutcome outcome)
        {
            State.Began();
            State.Ended(outcome);
        }

        public async ValueTask DisposeAsync()
        {
            using CancellationTokenSource now = new();
            await now.CancelAsync();
            await _shared.StopAsync(now.Token);
            _shared.Dispose();
        }

        IDisposable? ILogger.BeginScope<TState>(TState state) => null;

        bool ILogger.IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Warnings += logLevel == LogLevel.Warning ? 1 : 0;
    }
}

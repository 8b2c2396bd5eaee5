using System.Text;
using Microsoft.Extensions.Time.Testing;
using Perigee.Limits;
using Perigee.Limits.Estimating;
using Perigee.Routing;
using Perigee.Routing.Health;
using Perigee.Routing.Policies;

namespace Perigee.Tests.Limits;

public sealed class LimitsMiddlewareTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 22, 18, 30, 40, 504, TimeSpan.Zero));
    private readonly FakeLedger _ledger = new() { Reset = TimeSpan.FromMilliseconds(19_496) };
    private readonly LimitMetrics _metrics = new();
    private int _passed;

    public void Dispose() => _metrics.Dispose();

    [Theory]
    [InlineData(0, "0ms")]
    [InlineData(6, "6ms")]
    [InlineData(999, "999ms")]
    [InlineData(1_000, "1s")]
    [InlineData(19_496, "19.496s")]
    [InlineData(59_999, "59.999s")]
    [InlineData(60_000, "1m0s")]
    [InlineData(90_000, "1m30s")]
    [InlineData(3_600_000, "1h0m0s")]
    [InlineData(90_061_500, "25h1m1.5s")]
    [InlineData(-5, "0ms")]
    public void Durations_are_written_as_OpenAI_does(int milliseconds, string expected) =>
        Assert.Equal(expected, Durations.Format(TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public async Task A_limited_caller_sees_its_limit_on_every_answer()
    {
        Exchange admitted = await AskAsync(limit: 1);
        Assert.Equal(1, _passed);
        Assert.Equal("1", Header(admitted, "x-ratelimit-limit-requests"));
        Assert.Equal("0", Header(admitted, "x-ratelimit-remaining-requests"));
        Assert.Equal("19.496s", Header(admitted, "x-ratelimit-reset-requests"));
        Assert.Equal((1L, 0L, TimeSpan.FromMilliseconds(19_496)), (admitted.Limit!.Rule.Amount, admitted.Limit.Remaining, admitted.Limit.Reset));

        Exchange refused = await AskAsync(limit: 1);
        Assert.Equal(1, _passed);
        Assert.Equal(429, refused.Http.Response.StatusCode);
        Assert.Equal("20", Header(refused, "Retry-After"));
        Assert.Equal("0", Header(refused, "x-ratelimit-remaining-requests"));
        Assert.Equal(ErrorKind.LimitReached, refused.Error!.Kind);
        Assert.Equal("The limit 'requests-minute' of the key 'key_a' is reached: 1 requests a minute. Try again in 19.496s.", refused.Error.Message);
        Assert.Contains("rate_limit_exceeded", Body(refused), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_without_a_limit_costs_nothing()
    {
        Exchange exchange = await AskAsync(limit: null);
        Assert.Equal(1, _passed);
        Assert.Null(exchange.Limit);
        Assert.DoesNotContain(exchange.Http.Response.Headers, static header => header.Key.StartsWith("x-ratelimit", StringComparison.OrdinalIgnoreCase));
        Assert.Empty(_ledger.Asked);

        // Not a byte, however often.
        LimitsMiddleware step = Step();
        Task first = step.InvokeAsync(exchange.Http);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
            first = step.InvokeAsync(exchange.Http);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(first.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Without_the_storage_a_limited_caller_is_refused()
    {
        _ledger.Down = true;
        Exchange exchange = await AskAsync(limit: 5);
        Assert.Equal(0, _passed);
        Assert.Equal(503, exchange.Http.Response.StatusCode);
        Assert.Equal(ErrorKind.StorageDown, exchange.Error!.Kind);
    }

    [Fact]
    public async Task Who_gives_up_waiting_is_not_counted()
    {
        Exchange exchange = Make(5, []);
        exchange.Http.RequestAborted = new CancellationToken(canceled: true);
        await Step().InvokeAsync(exchange.Http);
        Assert.Equal((0, ErrorKind.ClientGone), (_passed, exchange.Error!.Kind));
        Assert.Empty(_ledger.Settled);
    }

    [Fact]
    public async Task Of_each_meter_the_limit_that_leaves_the_least_is_shown_and_only_rules_of_the_model_count()
    {
        LimitRule[] rules =
        [
            Rule("a", LimitMeter.Requests, 100), Rule("b", LimitMeter.Requests, 10), Rule("c", LimitMeter.Requests, 1) with { Model = "other/*" },
            Rule("d", LimitMeter.InputTokens, 5_000), Rule("e", LimitMeter.OutputTokens, 9_000), Rule("f", LimitMeter.Concurrency, 4) with { Period = LimitPeriod.None },
        ];
        Exchange exchange = await AskAsync(limit: null, rules);

        Assert.Equal(["a", "b", "d", "e", "f"], _ledger.Rules.Single().Select(rule => rule.Name));
        Assert.Equal(("10", "9"), (Header(exchange, "x-ratelimit-limit-requests"), Header(exchange, "x-ratelimit-remaining-requests")));
        Assert.Equal("9000", Header(exchange, "x-ratelimit-limit-tokens"));
        Assert.Equal((4096L, 0L), (_ledger.Asked.Single().OutputTokens, _ledger.SpentOf("key_a|f")));
    }

    [Fact]
    public async Task A_rule_of_the_same_counter_is_counted_once()
    {
        await AskAsync(limit: 60, Rule("requests-minute", LimitMeter.Requests, 30));

        LimitRule only = Assert.Single(_ledger.Rules.Single());
        Assert.Equal(30, only.Amount);
    }

    [Fact]
    public async Task A_crash_behind_the_step_settles_too()
    {
        Exchange exchange = Make(5, [Rule("t", LimitMeter.Tokens, 100_000)]);
        LimitsMiddleware step = new(static _ => throw new InvalidOperationException("crash"), _ledger, Estimator(), Reached(), _metrics, _time);
        await Assert.ThrowsAsync<InvalidOperationException>(() => step.InvokeAsync(exchange.Http));
        Assert.Equal(new LimitAmounts(0, 0, 0), _ledger.Settled.Single());
    }

    [Fact]
    public async Task What_is_more_than_the_whole_limit_is_not_told_to_wait()
    {
        Exchange exchange = await AskAsync(limit: null, Rule("t", LimitMeter.Tokens, 100));
        Assert.Equal(429, exchange.Http.Response.StatusCode);
        Assert.Null(Header(exchange, "Retry-After"));
        Assert.Equal("false", Header(exchange, "x-should-retry"));
        Assert.Contains("allows 100 tokens a minute, and this request alone may take", exchange.Error!.Message, StringComparison.Ordinal);
    }

    private static LimitRule Rule(string name, LimitMeter meter, long amount) =>
        new() { Name = name, Level = LimitLevel.Key, Owner = "key_a", Meter = meter, Amount = amount, Period = LimitPeriod.Minute };

    private static Estimator Estimator() => new(Reached(), new OutputHistory());

    private static ReachedTargets Reached()
    {
        TargetStates states = new(TimeProvider.System, dice: new Random(1));
        ModelResolver models = new();
        return new(models, new PlanDrafter(models, states, new Random(1)));
    }

    private LimitsMiddleware Step() => new(
        _ =>
        {
            _passed++;
            return Task.CompletedTask;
        },
        _ledger, Estimator(), Reached(), _metrics, _time);

    private static Exchange Make(int? limit, IReadOnlyList<LimitRule> rules)
    {
        Exchange exchange = Exchanges.Make("chat", out _);
        exchange.Model = "test/model";
        exchange.Caller = new Caller("key_a", "tenant", "name", limit) { Limits = rules };
        return exchange;
    }

    private async Task<Exchange> AskAsync(int? limit, params LimitRule[] rules)
    {
        Exchange exchange = Make(limit, rules);
        await Step().InvokeAsync(exchange.Http);
        await exchange.Http.Response.BodyWriter.FlushAsync();
        return exchange;
    }

    private static string? Header(Exchange exchange, string name) => exchange.Http.Response.Headers[name];

    private static string Body(Exchange exchange) => Encoding.UTF8.GetString(((MemoryStream)exchange.Http.Response.Body).ToArray());
}

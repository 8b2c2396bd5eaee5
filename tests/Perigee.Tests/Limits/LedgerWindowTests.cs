using Perigee.Limits;

namespace Perigee.Tests.Limits;

/// <summary>What the ledger counts, in which window, and what it tells of it.</summary>
public sealed class LedgerWindowTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 18, 30, 20, TimeSpan.Zero);

    private readonly MovedClock _time = new(Start);
    private readonly TestStorage _storage;

    public LedgerWindowTests() => _storage = new TestStorage(time: _time);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _storage.Dispose();

    [Fact]
    public async Task A_sliding_window_admits_its_limit_and_gives_it_back_as_it_slides()
    {
        using LimitLedger ledger = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Requests, 5);
        Assert.Equal(3, await ledger.AdmittedAsync(3, rule));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(2, await ledger.AdmittedAsync(10, rule));

        // No stretch of a minute may hold six: nothing before the first three are a minute old, and then three.
        _time.Advance(TimeSpan.FromSeconds(29.9));
        Assert.Equal(0, await ledger.AdmittedAsync(5, rule));
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(3, await ledger.AdmittedAsync(10, rule));
    }

    [Fact]
    public async Task What_is_left_is_told_without_what_the_request_itself_took()
    {
        foreach (bool strict in (bool[])[false, true])
        {
            using LimitLedger ledger = Make();
            LimitRule rule = Ledgers.Rule(LimitMeter.Requests, 4, owner: $"key_{strict}") with { Strict = strict };
            List<long> left = [];
            for (int request = 0; request < 4; request++)
                left.Add((await ledger.AskAsync(rule)).Stands[0].Remaining);
            Assert.Equal([3, 2, 1, 0], left);
        }
    }

    [Fact]
    public async Task A_fixed_window_begins_anew_at_its_edge()
    {
        using LimitLedger ledger = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Requests, 5, window: LimitWindow.Fixed);
        Reservation last = await ledger.AskAsync(rule);
        Assert.InRange(last.Stands[0].Reset, TimeSpan.FromSeconds(39.9), TimeSpan.FromSeconds(40.1));
        Assert.Equal(4, await ledger.AdmittedAsync(10, rule));
        _time.Advance(TimeSpan.FromSeconds(39.9));
        Assert.Equal(0, await ledger.AdmittedAsync(5, rule));
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(5, await ledger.AdmittedAsync(10, rule));
    }

    [Fact]
    public async Task A_month_of_money_in_a_time_zone_ends_at_its_midnight()
    {
        using LimitLedger ledger = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Money, 100, LimitPeriod.Month, LimitWindow.Fixed) with { TimeZone = "America/New_York" };
        Reservation first = await ledger.AskAsync(60, rule);
        Assert.Equal(ReservationVerdict.Admitted, first.Verdict);
        Assert.InRange(first.Stands[0].Reset, new TimeSpan(8, 10, 29, 39), new TimeSpan(8, 10, 29, 41));
        Reservation second = await ledger.AskAsync(60, rule);
        Assert.Equal(ReservationVerdict.Refused, second.Verdict);
        Assert.Equal((rule, 60L, 40L), (second.RefusedBy!.Value.Rule, second.RefusedBy.Value.Spent, second.RefusedBy.Value.Remaining));
        _time.Advance(new TimeSpan(8, 10, 29, 41));
        Assert.Equal(ReservationVerdict.Admitted, (await ledger.AskAsync(60, rule)).Verdict);
    }

    [Theory]
    [InlineData((int)LimitPeriod.Day, "05:29:40")]
    [InlineData((int)LimitPeriod.Week, "05:29:40")]
    [InlineData((int)LimitPeriod.Month, "8.05:29:40")]
    public async Task A_budget_of_which_nothing_was_taken_says_when_its_window_ends(int period, string ends)
    {
        using LimitLedger ledger = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Money, 100, (LimitPeriod)period, LimitWindow.Fixed);
        TimeSpan expected = TimeSpan.Parse(ends, System.Globalization.CultureInfo.InvariantCulture);
        LimitStand told = (await ledger.AskAsync(0, rule)).Stands[0];
        Assert.Equal((0L, 100L), (told.Spent, told.Remaining));
        Assert.InRange(told.Reset, expected - TimeSpan.FromMilliseconds(50), expected);
        Assert.InRange((await ledger.StandAsync([rule], Cancel))[0].Reset, expected - TimeSpan.FromMilliseconds(50), expected + TimeSpan.FromMilliseconds(50));

        // And what was spent of a window that is over is not told of the next; how late it is is not known to the second after days.
        Assert.Equal(ReservationVerdict.Admitted, (await ledger.AskAsync(100, rule)).Verdict);
        _time.Advance(expected + TimeSpan.FromMinutes(10));
        told = (await ledger.AskAsync(0, rule)).Stands[0];
        Assert.Equal((0L, 100L), (told.Spent, told.Remaining));
        Assert.True(told.Reset > TimeSpan.FromHours(23), $"{told}");
    }

    [Fact]
    public async Task A_budget_for_ever_is_spent_once()
    {
        using LimitLedger ledger = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Money, 100, LimitPeriod.Total, LimitWindow.Fixed);
        Assert.Equal(ReservationVerdict.Admitted, (await ledger.AskAsync(100, rule)).Verdict);
        _time.Advance(TimeSpan.FromDays(400));
        Reservation refused = await ledger.AskAsync(1, rule);
        Assert.Equal(ReservationVerdict.Refused, refused.Verdict);
        Assert.Equal(TimeSpan.Zero, refused.RefusedBy!.Value.Reset);
    }

    [Theory]
    [InlineData((int)LimitMeter.InputTokens, 7)]
    [InlineData((int)LimitMeter.OutputTokens, 5)]
    [InlineData((int)LimitMeter.Tokens, 12)]
    [InlineData((int)LimitMeter.Money, 300)]
    [InlineData((int)LimitMeter.Requests, 1)]
    public async Task Every_meter_counts_its_own(int meter, long expected)
    {
        using LimitLedger ledger = Make();
        LimitRule rule = Ledgers.Rule((LimitMeter)meter, 1_000, LimitPeriod.Hour);
        await ledger.ReserveAsync([rule], new LimitAmounts(7, 5, 300), Cancel);
        await ledger.StopAsync(Cancel);
        Assert.Equal(expected, await ledger.SpentAsync(rule));
    }

    [Fact]
    public async Task All_limits_or_none()
    {
        using LimitLedger ledger = Make();
        LimitRule wide = Ledgers.Rule(LimitMeter.Requests, 100, owner: "team_a");
        LimitRule narrow = Ledgers.Rule(LimitMeter.Tokens, 10);
        Assert.Equal(ReservationVerdict.Admitted, (await ledger.AskAsync(8, wide, narrow)).Verdict);
        for (int request = 0; request < 20; request++)
        {
            Reservation refused = await ledger.AskAsync(8, wide, narrow);
            Assert.Equal(ReservationVerdict.Refused, refused.Verdict);
            Assert.Equal(narrow, refused.RefusedBy!.Value.Rule);
            Assert.Equal(2, refused.Stands.Count);
        }

        await ledger.StopAsync(Cancel);
        Assert.Equal(1, await ledger.SpentAsync(wide));
        Assert.Equal(8, await ledger.SpentAsync(narrow));
    }

    [Fact]
    public async Task The_trips_of_several_limits_are_made_side_by_side()
    {
        using LimitLedger ledger = Make();
        LimitRule[] rules = [.. Enumerable.Range(0, 6).Select(n => Ledgers.Rule(LimitMeter.Requests, 100, owner: "team_" + n))];
        await ledger.AskAsync(rules[0]);
        TaskCompletionSource gate = new();
        _storage.Gate = gate.Task;
        int before = _storage.Calls;
        Task<Reservation> waiting = ledger.AskAsync([.. rules[1..]]).AsTask();
        Assert.Equal(before + 5, _storage.Calls);
        gate.SetResult();
        Assert.Equal(ReservationVerdict.Admitted, (await waiting).Verdict);
    }

    [Fact]
    public async Task What_was_not_taken_goes_back_once()
    {
        using LimitLedger ledger = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Money, 100, LimitPeriod.Day);
        Reservation reservation = await ledger.AskAsync(90, rule);
        reservation.Settle(new LimitAmounts(30, 0, 30));
        reservation.Settle(LimitAmounts.None);
        reservation.Settle(new LimitAmounts(0, 0, 0));
        await ledger.StopAsync(Cancel);
        Assert.Equal(30, await ledger.SpentAsync(rule));
    }

    [Fact]
    public async Task What_was_taken_beyond_the_reservation_counts_even_over_the_limit()
    {
        using LimitLedger ledger = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Money, 100, LimitPeriod.Day);
        Reservation reservation = await ledger.AskAsync(90, rule);
        reservation.Settle(new LimitAmounts(130, 0, 130));
        Assert.Equal(ReservationVerdict.Refused, (await ledger.AskAsync(1, rule)).Verdict);
        await ledger.StopAsync(Cancel);
        Assert.Equal(130, await ledger.SpentAsync(rule));
    }

    [Fact]
    public async Task A_request_that_was_not_made_costs_nothing()
    {
        using LimitLedger ledger = Make();
        LimitRule[] rules = [Ledgers.Rule(LimitMeter.Requests, 1), Ledgers.Rule(LimitMeter.Money, 10, LimitPeriod.Day)];
        for (int request = 0; request < 5; request++)
        {
            Reservation reservation = await ledger.AskAsync(10, rules);
            Assert.Equal(ReservationVerdict.Admitted, reservation.Verdict);
            reservation.Settle(LimitAmounts.None);
        }
    }

    [Fact]
    public async Task Far_from_the_limit_most_requests_need_no_storage()
    {
        using LimitLedger ledger = Make();
        LimitRule[] rules = [Ledgers.Rule(LimitMeter.Requests, 1_000_000), Ledgers.Rule(LimitMeter.Tokens, 10_000_000, LimitPeriod.Hour)];
        const int Requests = 20_000;
        Assert.Equal(Requests, await ledger.AdmittedAsync(Requests, rules));
        Assert.InRange(_storage.Calls, 1, Requests / 50);
    }

    [Fact]
    public async Task A_changed_limit_holds_at_once_and_goes_on_with_what_was_counted()
    {
        using LimitLedger ledger = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Requests, 5);
        Assert.Equal(5, await ledger.AdmittedAsync(8, rule));
        Assert.Equal(2, await ledger.AdmittedAsync(8, rule with { Amount = 7 }));
        Assert.Equal(0, await ledger.AdmittedAsync(8, rule with { Amount = 3 }));
    }

    [Fact]
    public async Task A_wall_clock_that_is_wrong_changes_nothing()
    {
        // The storage's clock is right; this instance's is five seconds ahead, which would be the next window.
        using LimitLedger ledger = Make();
        using LimitLedger skewed = Ledgers.Make(_storage, new SkewedClock(_time, TimeSpan.FromSeconds(35)));
        LimitRule rule = Ledgers.Rule(LimitMeter.Requests, 5, window: LimitWindow.Fixed);
        _time.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal(5, await ledger.AdmittedAsync(8, rule));
        Assert.Equal(0, await skewed.AdmittedAsync(8, rule));
    }

    private LimitLedger Make() => Ledgers.Make(_storage, _time);

    private sealed class SkewedClock(TimeProvider inner, TimeSpan skew) : TimeProvider
    {
        public override long TimestampFrequency => inner.TimestampFrequency;

        public override long GetTimestamp() => inner.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + skew;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            inner.CreateTimer(callback, state, dueTime, period);
    }
}

using Perigee.Limits;

namespace Perigee.Tests.Limits;

public sealed class LimitLedgerTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 18, 30, 20, TimeSpan.Zero);

    private readonly MovedClock _time = new(Start);
    private readonly TestStorage _storage;

    public LimitLedgerTests() => _storage = new TestStorage(time: _time);

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
    public async Task Requests_under_way_are_counted_while_they_last()
    {
        using LimitLedger one = Make();
        using LimitLedger two = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Concurrency, 3, LimitPeriod.None);
        Reservation first = await one.AskAsync(rule);
        Assert.Equal(2, await two.AdmittedAsync(5, rule));
        Assert.Equal(0, await one.AdmittedAsync(5, rule));
        first.Settle(new LimitAmounts(1, 1, 1));
        first.Settle(new LimitAmounts(1, 1, 1));
        Assert.Equal(1, await one.AdmittedAsync(5, rule));
    }

    [Fact]
    public async Task Permits_of_a_process_that_died_lapse()
    {
        LimitRule rule = Ledgers.Rule(LimitMeter.Concurrency, 3, LimitPeriod.None);
        using (LimitLedger dead = Make())
            Assert.Equal(3, await dead.AdmittedAsync(3, rule));
        using LimitLedger next = Make();
        Assert.Equal(0, await next.AdmittedAsync(3, rule));
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(0, await next.AdmittedAsync(3, rule));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(3, await next.AdmittedAsync(5, rule));
    }

    [Fact]
    public async Task Permits_in_use_are_renewed_and_those_given_back_serve_others()
    {
        using LimitLedger one = Make();
        using LimitLedger two = Make();
        await one.StartAsync(Cancel);
        LimitRule rule = Ledgers.Rule(LimitMeter.Concurrency, 2, LimitPeriod.None);
        Reservation held = await one.AskAsync(rule);
        Reservation brief = await one.AskAsync(rule);
        for (int step = 0; step < 30; step++)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            await Eventually.IsTrueAsync(
                async () =>
                {
                    _time.Advance(TimeSpan.FromMilliseconds(100));
                    return (await _storage.Table("limits").ReadAsync(rule.Id, null, null, Cancel).FirstAsync(Cancel)).WrittenAt > _time.GetUtcNow().AddSeconds(-30);
                },
                "Permits should be renewed.");
            Assert.Equal(0, await two.AdmittedAsync(2, rule));
        }

        brief.Settle(default);
        await Eventually.IsTrueAsync(
            async () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return await two.AdmittedAsync(1, rule) == 1;
            },
            "An idle permit should go back.");
        held.Settle(default);
    }

    [Fact]
    public async Task A_strict_limit_writes_every_request_and_strands_nothing()
    {
        LimitRule rule = Ledgers.Rule(LimitMeter.Money, 1_000, LimitPeriod.Total, LimitWindow.Fixed) with { Strict = true };
        using LimitLedger ledger = Make();
        await ledger.AskAsync(rule);
        for (int request = 0; request < 20; request++)
        {
            int writes = _storage.Log.Count(static call => call == "write");
            Reservation reservation = await ledger.AskAsync(10, rule);
            Assert.True(_storage.Log.Count(static call => call == "write") > writes);
            Assert.Equal(11 + (4 * request), await ledger.SpentAsync(rule));
            reservation.Settle(new LimitAmounts(4, 0, 4));
            reservation.Settle(LimitAmounts.None);
            await Eventually.IsTrueAsync(async () => await ledger.SpentAsync(rule) == 5 + (4 * request), "It should be settled at once.");
        }
    }

    [Fact]
    public async Task A_strict_reservation_that_nobody_settles_is_given_back()
    {
        LimitRule rule = Ledgers.Rule(LimitMeter.Money, 100, LimitPeriod.Total, LimitWindow.Fixed) with { Strict = true };
        Reservation orphan;
        using LimitLedger crashed = Make();
        orphan = await crashed.AskAsync(100, rule);
        using LimitLedger ledger = Make();
        Assert.Equal(ReservationVerdict.Refused, (await ledger.AskAsync(50, rule)).Verdict);
        _time.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal(ReservationVerdict.Admitted, (await ledger.AskAsync(50, rule)).Verdict);

        // It was only slow after all: what it took counts, once.
        orphan.Settle(new LimitAmounts(70, 0, 70));
        await Eventually.IsTrueAsync(async () => await ledger.SpentAsync(rule) == 120, "A late truth should count.");
    }

    [Fact]
    public async Task While_the_storage_is_down_a_limit_refuses()
    {
        using LimitLedger ledger = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Requests, 5);
        _storage.Next = static _ => Mishap.Down;
        Reservation down = await ledger.AskAsync(rule);
        Assert.Equal(ReservationVerdict.StorageDown, down.Verdict);
        Assert.Null(down.RefusedBy);
        _storage.Next = static _ => Mishap.None;
        Assert.Equal(5, await ledger.AdmittedAsync(10, rule));
    }

    [Fact]
    public async Task Or_lets_an_instance_spend_its_share_once_a_window()
    {
        using LimitLedger one = Make();
        using LimitLedger two = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Tokens, 100) with { StorageDown = WhenStorageDown.Share };
        Assert.Equal(1, await one.AdmittedAsync(1, rule));
        Assert.Equal(1, await two.AdmittedAsync(1, rule));
        Assert.Equal(1, await one.AdmittedAsync(1, rule));
        _storage.Next = static _ => Mishap.Down;
        int admitted = await one.AdmittedAsync(100, rule);
        Assert.InRange(admitted, 49, 56);
        for (int second = 0; second < 50; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(0, await one.AdmittedAsync(3, rule));
        }

        // What was spent meanwhile is counted once the storage answers.
        _storage.Next = static _ => Mishap.None;
        await one.StopAsync(Cancel);
        Assert.InRange(await one.SpentAsync(rule), admitted + 3, admitted + 9);
    }

    [Fact]
    public async Task An_instance_that_never_saw_the_others_has_no_share()
    {
        using LimitLedger ledger = Make();
        _storage.Next = static _ => Mishap.Down;
        LimitRule rule = Ledgers.Rule(LimitMeter.Requests, 100) with { StorageDown = WhenStorageDown.Share };
        Assert.Equal(0, await ledger.AdmittedAsync(10, rule));
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
    public async Task Stopping_gives_back_what_was_leased_and_not_spent()
    {
        using LimitLedger ledger = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Requests, 10_000, LimitPeriod.Day);
        await ledger.AdmittedAsync(500, rule);
        Assert.True(await ledger.SpentAsync(rule) > 500, "It should have taken slices ahead of demand.");
        await ledger.StopAsync(Cancel);
        Assert.Equal(500, await ledger.SpentAsync(rule));
    }

    [Fact]
    public async Task An_idle_instance_gives_back_what_it_did_not_spend()
    {
        using LimitLedger ledger = Make();
        await ledger.StartAsync(Cancel);
        LimitRule rule = Ledgers.Rule(LimitMeter.Requests, 10_000, LimitPeriod.Day);
        await ledger.AdmittedAsync(500, rule);
        await Eventually.IsTrueAsync(
            async () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(100));
                return await ledger.SpentAsync(rule) == 500;
            },
            "The timer should have given the slices back.");
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_a_storage_that_hangs()
    {
        using LimitLedger ledger = Make();
        await ledger.AdmittedAsync(500, Ledgers.Rule(LimitMeter.Requests, 10_000, LimitPeriod.Day));
        _storage.Gate = new TaskCompletionSource().Task;
        Task stopped = ledger.StopAsync(Cancel);
        Assert.False(stopped.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(3.5));
        await stopped.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
    }

    [Fact]
    public async Task Who_gives_up_waiting_is_not_counted()
    {
        using LimitLedger ledger = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Requests, 1);
        TaskCompletionSource gate = new();
        _storage.Gate = gate.Task;
        using CancellationTokenSource gone = new();
        Task<Reservation> first = ledger.ReserveAsync([rule], new LimitAmounts(0, 0, 0), gone.Token).AsTask();
        Task<Reservation> second = ledger.AskAsync(rule).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        gate.SetResult();
        Assert.Equal(ReservationVerdict.Admitted, (await second).Verdict);
        Assert.Equal(ReservationVerdict.Refused, (await ledger.AskAsync(rule)).Verdict);
    }

    [Theory]
    [InlineData((int)Mishap.LostReply)]
    [InlineData((int)Mishap.ConflictWithItself)]
    public async Task A_debit_whose_reply_was_lost_is_found_again_and_counted_once(int mishap)
    {
        using LimitLedger ledger = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Requests, 10, LimitPeriod.Day);
        await ledger.AskAsync(rule);
        int writes = 0;
        _storage.Next = call => call == "write" && Interlocked.Increment(ref writes) == 3 ? (Mishap)mishap : Mishap.None;
        Assert.Equal(9, await ledger.AdmittedAsync(30, rule));
        await ledger.StopAsync(Cancel);
        Assert.Equal(10, await ledger.SpentAsync(rule));
    }

    [Theory]
    [InlineData((int)Mishap.Down)]
    [InlineData((int)Mishap.LostReply)]
    [InlineData((int)Mishap.ConflictWithItself)]
    public async Task A_return_whose_reply_was_lost_never_gives_back_twice(int mishap)
    {
        using LimitLedger ledger = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Tokens, 10_000, LimitPeriod.Total, LimitWindow.Fixed);
        await ledger.AdmittedAsync(500, rule);
        int writes = 0;
        _storage.Next = call => call == "write" && Interlocked.Increment(ref writes) == 1 ? (Mishap)mishap : Mishap.None;
        await ledger.StopAsync(Cancel);
        await ledger.StopAsync(Cancel);
        Assert.Equal(500, await ledger.SpentAsync(rule));
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

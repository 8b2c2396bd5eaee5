using Microsoft.Extensions.Logging.Abstractions;
using Perigee.Limits;
using Perigee.Storage;

namespace Perigee.Tests.Limits;

/// <summary>Storage that fails, processes that stop or die, callers that go away; and what lasts over them: permits, strict reservations.</summary>
public sealed class LedgerFaultTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 18, 30, 20, TimeSpan.Zero);

    private readonly MovedClock _time = new(Start);
    private readonly TestStorage _storage;

    public LedgerFaultTests() => _storage = new TestStorage(time: _time);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _storage.Dispose();

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
        Assert.InRange(admitted, 44, 52);
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
    public async Task The_share_is_one_of_what_was_left_and_grows_as_the_window_slides()
    {
        using LimitLedger one = Make();
        using LimitLedger two = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Tokens, 100) with { StorageDown = WhenStorageDown.Share };
        for (int request = 0; request < 4; request++)
        {
            Assert.Equal(ReservationVerdict.Admitted, (await one.AskAsync(10, rule)).Verdict);
            Assert.Equal(ReservationVerdict.Admitted, (await two.AskAsync(10, rule)).Verdict);
        }

        // Each saw the row when it asked last: of what the other took after that it does not know.
        Assert.Equal(1, await one.AdmittedAsync(1, rule));
        _storage.Next = static _ => Mishap.Down;
        int first = await one.AdmittedAsync(100, rule) + await two.AdmittedAsync(100, rule);
        Assert.InRange(81 + first, 90, 104);

        // What was spent before the outage has left the window, what was spent in it has not.
        _time.Advance(TimeSpan.FromSeconds(58));
        int middle = await one.AdmittedAsync(100, rule) + await two.AdmittedAsync(100, rule);
        Assert.InRange(81 + first + middle, 90, 104);
        _time.Advance(TimeSpan.FromSeconds(6));
        int later = await one.AdmittedAsync(200, rule) + await two.AdmittedAsync(200, rule);
        Assert.InRange(later, 80, 100);
        for (int second = 0; second < 50; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(0, await one.AdmittedAsync(3, rule));
        }
    }

    [Fact]
    public async Task While_the_storages_clock_is_set_back_the_limit_goes_on_as_if_time_stood_still()
    {
        SteppedClock clock = new(_time);
        using TestStorage storage = new(time: clock);
        using LimitLedger one = Ledgers.Make(storage, _time);
        LimitRule rule = Ledgers.Rule(LimitMeter.Requests, 5);
        Assert.Equal(3, await one.AdmittedAsync(3, rule));
        clock.Ahead = TimeSpan.FromSeconds(-50);
        _time.Advance(TimeSpan.FromSeconds(25));
        using LimitLedger two = Ledgers.Make(storage, _time);
        Assert.Equal(1, await two.AdmittedAsync(1, rule).WaitAsync(TimeSpan.FromSeconds(90), Cancel));
        Assert.Equal(1, await one.AdmittedAsync(9, rule).WaitAsync(TimeSpan.FromSeconds(90), Cancel));

        // Nothing leaves before its minute is over, and everything has left when the clock is there again and a minute has passed.
        _time.Advance(TimeSpan.FromSeconds(34));
        Assert.Equal(0, await two.AdmittedAsync(3, rule));
        _time.Advance(TimeSpan.FromSeconds(56));
        Assert.Equal(5, await two.AdmittedAsync(9, rule));
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
        await stopped.WaitAsync(TimeSpan.FromSeconds(90), Cancel);
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
    public async Task A_write_that_happens_late_is_counted_once()
    {
        LateTable table = new(_storage.Table("limits"));
        GatewayHost host = new() { Mode = "local", Region = "local", Instance = "0000cafe" };
        using LimitLedger ledger = new(table, null, host, _time, new Random(1), NullLogger<LimitLedger>.Instance);
        LimitRule rule = Ledgers.Rule(LimitMeter.Tokens, 10, LimitPeriod.Day);
        (await ledger.AskAsync(1, rule)).Settle(new LimitAmounts(6, 0, 0));

        // Twice the storage does not answer; the first write happens after the second was given up.
        for (int lost = 1; lost <= 2; lost++)
        {
            table.Holds = true;
            ledger.Tidy();
            await Eventually.IsTrueAsync(() => table.Held.Count == lost, "What was taken beyond the reservation should be written.");
        }

        table.Holds = false;
        Assert.True((await table.WriteAsync(table.Held[0], WriteWhen.Unchanged, Cancel)).Written);
        Assert.Equal(4, await ledger.AdmittedAsync(9, rule));
        await ledger.StopAsync(Cancel);
        Assert.Equal(10, await ledger.SpentAsync(rule));
    }

    [Fact]
    public async Task A_counter_that_was_forgotten_takes_no_old_write_for_its_own()
    {
        using LimitLedger ledger = Make();
        LimitRule rule = Ledgers.Rule(LimitMeter.Requests, 10, LimitPeriod.Day);
        Assert.Equal(1, await ledger.AdmittedAsync(1, rule));
        _time.Advance(TimeSpan.FromMinutes(3));
        ledger.Tidy();
        await ledger.SpentAsync(rule);

        // The first write asks for the storage's time.
        int writes = 0;
        _storage.Next = call => call == "write" && Interlocked.Increment(ref writes) > 1 ? Mishap.Down : Mishap.None;
        Assert.Equal(0, await ledger.AdmittedAsync(1, rule));
        _storage.Next = static _ => Mishap.None;
        Assert.Equal(9, await ledger.AdmittedAsync(20, rule));
        Assert.Equal(10, await ledger.SpentAsync(rule));
    }

    private LimitLedger Make() => Ledgers.Make(_storage, _time);

    /// <summary>A storage's clock that somebody sets.</summary>
    private sealed class SteppedClock(TimeProvider inner) : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + Ahead;
    }

    /// <summary>A table whose writes get lost on the way and may happen later.</summary>
    private sealed class LateTable(ITable table) : ITable
    {
        public bool Holds { get; set; }

        public List<TableRow> Held { get; } = [];

        public ValueTask<TableRow?> FindAsync(string partition, string row, CancellationToken cancel) => table.FindAsync(partition, row, cancel);

        public ValueTask<WriteResult> WriteAsync(TableRow row, WriteWhen when, CancellationToken cancel)
        {
            if (!Holds || row.Row == "clock")
                return table.WriteAsync(row, when, cancel);
            Holds = false;
            Held.Add(row);
            throw new StorageException("held for a test");
        }

        public IAsyncEnumerable<TableRow> ReadAsync(string partition, string? from, string? to, CancellationToken cancel) => table.ReadAsync(partition, from, to, cancel);

        public IAsyncEnumerable<TableRow> ScanAsync(CancellationToken cancel) => table.ScanAsync(cancel);

        public ValueTask<WriteResult> WriteTogetherAsync(IReadOnlyList<TableWrite> writes, CancellationToken cancel) => table.WriteTogetherAsync(writes, cancel);

        public ValueTask<bool> RemoveAsync(string partition, string row, string? etag, CancellationToken cancel) => table.RemoveAsync(partition, row, etag, cancel);
    }
}

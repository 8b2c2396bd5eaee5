using Microsoft.Extensions.Logging.Abstractions;
using Perigee.Limits;
using Perigee.Storage;

namespace Perigee.Tests.Limits;

public sealed class RequestLimiterTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 18, 30, 20, TimeSpan.Zero);

    private readonly TestStorage _storage = new();
    private readonly MovedClock _time = new(Start);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _storage.Dispose();

    [Fact]
    public async Task A_window_admits_its_limit_and_the_next_begins_anew()
    {
        using RequestLimiter limiter = Make();
        for (int left = 4; left >= 0; left--)
        {
            Admission admission = await limiter.AdmitAsync("key_a", 5, Cancel);
            Assert.Equal(new Admission(Verdict.Admitted, 5, left, Start.AddSeconds(40)), admission);
        }

        Assert.Equal(new Admission(Verdict.Refused, 5, 0, Start.AddSeconds(40)), await limiter.AdmitAsync("key_a", 5, Cancel));
        Assert.Equal(Verdict.Admitted, (await limiter.AdmitAsync("key_b", 5, Cancel)).Verdict);
        _time.Advance(TimeSpan.FromSeconds(39.999));
        Assert.Equal(Verdict.Refused, (await limiter.AdmitAsync("key_a", 5, Cancel)).Verdict);
        _time.Advance(TimeSpan.FromSeconds(0.001));
        Assert.Equal(new Admission(Verdict.Admitted, 5, 4, Start.AddSeconds(100)), await limiter.AdmitAsync("key_a", 5, Cancel));
    }

    [Fact]
    public async Task The_count_survives_the_process()
    {
        using (RequestLimiter first = Make())
        {
            for (int request = 0; request < 3; request++)
                await first.AdmitAsync("key_a", 5, Cancel);
        }

        using RequestLimiter second = Make();
        Assert.Equal(2, await AdmittedAsync(second, "key_a", 5, 10));
    }

    [Fact]
    public async Task Far_from_the_limit_most_requests_need_no_storage()
    {
        using RequestLimiter limiter = Make();
        const int Requests = 20_000;
        for (int request = 0; request < Requests; request++)
            Assert.Equal(Verdict.Admitted, (await limiter.AdmitAsync("key_a", 1_000_000, Cancel)).Verdict);
        Assert.InRange(_storage.Calls, 1, Requests / 50);
    }

    [Fact]
    public async Task Near_the_limit_nothing_is_taken_ahead()
    {
        using RequestLimiter first = Make();
        using RequestLimiter second = Make();
        int admitted = 0;
        for (int round = 0; round < 300; round++)
        {
            admitted += (await first.AdmitAsync("key_a", 400, Cancel)).Verdict == Verdict.Admitted ? 1 : 0;
            admitted += (await second.AdmitAsync("key_a", 400, Cancel)).Verdict == Verdict.Admitted ? 1 : 0;
        }

        Assert.Equal(400, admitted);
    }

    [Fact]
    public async Task A_used_up_limit_is_refused_from_memory_and_looked_at_again_after_a_while()
    {
        using RequestLimiter limiter = Make();
        using RequestLimiter other = Make();
        await AdmittedAsync(limiter, "key_a", 10, 10);
        Assert.Equal(Verdict.Refused, (await limiter.AdmitAsync("key_a", 10, Cancel)).Verdict);
        int calls = _storage.Calls;
        Assert.Equal(0, await AdmittedAsync(limiter, "key_a", 10, 100));
        Assert.Equal(calls, _storage.Calls);

        // Somebody else gives three back.
        ITable table = _storage.Table("limits");
        TableRow row = (await table.FindAsync("rpm|key_a", "202611221830", Cancel))!;
        await table.WriteAsync(row.Set("used", 7).Set("mark", "x"), WriteWhen.Unchanged, Cancel);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal(3, await AdmittedAsync(limiter, "key_a", 10, 100));
    }

    [Fact]
    public async Task An_idle_process_gives_back_what_it_did_not_spend()
    {
        using RequestLimiter idle = Make();
        await idle.StartAsync(Cancel);
        await AdmittedAsync(idle, "key_a", 10_000, 1_000);
        Assert.True(await UsedAsync("key_a") > 1_000, "It should have taken slices ahead of demand.");
        await idle.TidyAsync();
        Assert.True(await UsedAsync("key_a") > 1_000, "Not while requests still come.");
        await Eventually.IsTrueAsync(
            async () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(10));
                return await UsedAsync("key_a") == 1_000;
            },
            "The timer should have given the slices back.");

        using RequestLimiter other = Make();
        Assert.Equal(9_000, await AdmittedAsync(other, "key_a", 10_000, 9_500) + await AdmittedAsync(idle, "key_a", 10_000, 500));
    }

    [Fact]
    public async Task Stopping_gives_back_at_once()
    {
        using RequestLimiter limiter = Make();
        await AdmittedAsync(limiter, "key_a", 10_000, 500);
        await AdmittedAsync(limiter, "key_b", 10_000, 700);
        await limiter.StopAsync(Cancel);
        Assert.Equal(500, await UsedAsync("key_a"));
        Assert.Equal(700, await UsedAsync("key_b"));
        Assert.Equal(Verdict.Admitted, (await limiter.AdmitAsync("key_a", 10_000, Cancel)).Verdict);
        Assert.Equal(501, await UsedAsync("key_a"));
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_a_storage_that_hangs()
    {
        using RequestLimiter limiter = Make();
        await AdmittedAsync(limiter, "key_a", 10_000, 500);
        _storage.Gate = new TaskCompletionSource().Task;
        Task stopped = limiter.StopAsync(Cancel);
        Assert.False(stopped.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(4));
        await stopped.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
    }

    [Fact]
    public async Task A_crash_can_only_admit_fewer()
    {
        using (RequestLimiter crashed = Make())
            await AdmittedAsync(crashed, "key_a", 1_000, 200);
        using RequestLimiter next = Make();
        int admitted = 200 + await AdmittedAsync(next, "key_a", 1_000, 2_000);
        Assert.InRange(admitted, 900, 1_000);
    }

    [Fact]
    public async Task Requests_that_wait_share_one_debit()
    {
        using RequestLimiter limiter = Make();
        TaskCompletionSource gate = new();
        _storage.Gate = gate.Task;
        Task<Admission>[] waiting = [.. Enumerable.Range(0, 40).Select(_ => limiter.AdmitAsync("key_a", 30, Cancel).AsTask())];
        gate.SetResult();
        Admission[] admissions = await Task.WhenAll(waiting);
        Assert.Equal(30, admissions.Count(static admission => admission.Verdict == Verdict.Admitted));
        Assert.Single(_storage.Log, static call => call == "write");
        Assert.All(admissions[..30], static admission => Assert.Equal(Verdict.Admitted, admission.Verdict));
    }

    [Fact]
    public async Task Who_gives_up_waiting_is_not_counted()
    {
        using RequestLimiter limiter = Make();
        TaskCompletionSource gate = new();
        _storage.Gate = gate.Task;
        using CancellationTokenSource gone = new();
        Task<Admission> first = limiter.AdmitAsync("key_a", 1, gone.Token).AsTask();
        Task<Admission> second = limiter.AdmitAsync("key_a", 1, Cancel).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        gate.SetResult();
        Assert.Equal(Verdict.Admitted, (await second).Verdict);
        Assert.Equal(Verdict.Refused, (await limiter.AdmitAsync("key_a", 1, Cancel)).Verdict);
    }

    [Fact]
    public async Task A_storage_that_is_down_refuses_and_recovers()
    {
        using RequestLimiter limiter = Make();
        _storage.Next = static _ => Mishap.Down;
        Assert.Equal(Verdict.StorageDown, (await limiter.AdmitAsync("key_a", 5, Cancel)).Verdict);
        _storage.Next = static _ => Mishap.None;
        Assert.Equal(5, await AdmittedAsync(limiter, "key_a", 5, 10));
    }

    [Fact]
    public async Task A_storage_that_hangs_refuses_in_time()
    {
        using RequestLimiter limiter = Make();
        TaskCompletionSource never = new();
        _storage.Gate = never.Task;
        Task<Admission> waiting = limiter.AdmitAsync("key_a", 5, Cancel).AsTask();
        _time.Advance(TimeSpan.FromSeconds(5));
        never.SetResult();
        Assert.Equal(Verdict.StorageDown, (await waiting).Verdict);
    }

    [Theory]
    [InlineData((int)Mishap.LostReply)]
    [InlineData((int)Mishap.ConflictWithItself)]
    public async Task A_debit_whose_reply_was_lost_is_found_again_and_counted_once(int mishap)
    {
        using RequestLimiter limiter = Make();
        int writes = 0;
        _storage.Next = call => call == "write" && Interlocked.Increment(ref writes) == 3 ? (Mishap)mishap : Mishap.None;
        int admitted = 0;
        for (int request = 0; request < 30; request++)
            admitted += (await limiter.AdmitAsync("key_a", 10, Cancel)).Verdict == Verdict.Admitted ? 1 : 0;
        Assert.Equal(10, admitted);
        Assert.Equal(10, await UsedAsync("key_a"));
    }

    [Theory]
    [InlineData((int)Mishap.Down)]
    [InlineData((int)Mishap.LostReply)]
    [InlineData((int)Mishap.ConflictWithItself)]
    public async Task A_return_whose_reply_was_lost_never_gives_back_twice(int mishap)
    {
        using RequestLimiter limiter = Make();
        await AdmittedAsync(limiter, "key_a", 10_000, 1_000);
        _storage.Next = call => call == "write" ? (Mishap)mishap : Mishap.None;
        _time.Advance(TimeSpan.FromSeconds(1));
        await limiter.TidyAsync();
        _storage.Next = static _ => Mishap.None;
        await limiter.TidyAsync();
        await limiter.StopAsync(Cancel);
        Assert.True(await UsedAsync("key_a") >= 1_000);
        if (mishap != (int)Mishap.Down)
            Assert.Equal(1_000, await UsedAsync("key_a"));
    }

    [Fact]
    public async Task A_changed_limit_holds_at_once()
    {
        using RequestLimiter limiter = Make();
        Assert.Equal(5, await AdmittedAsync(limiter, "key_a", 5, 8));
        Assert.Equal(2, await AdmittedAsync(limiter, "key_a", 7, 8));
        Assert.Equal(0, await AdmittedAsync(limiter, "key_a", 3, 8));
    }

    [Fact]
    public async Task Rows_of_past_minutes_are_removed()
    {
        using RequestLimiter limiter = Make();
        for (int minute = 0; minute < 25; minute++)
        {
            await limiter.AdmitAsync("key_a", 5, Cancel);
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        await Eventually.IsTrueAsync(
            async () => await _storage.Table("limits").ReadAsync("rpm|key_a", null, null, Cancel).CountAsync(Cancel) <= 12, "Old rows should be gone.");
        using RequestLimiter later = Make();
        await later.AdmitAsync("key_a", 5, Cancel);
        await Eventually.IsTrueAsync(
            async () => await _storage.Table("limits").ReadAsync("rpm|key_a", null, null, Cancel).CountAsync(Cancel) <= 2, "A new lease sweeps.");
    }

    private RequestLimiter Make() => new(
        _storage, new GatewayHost { Mode = "local" }, _time, new Random(1), NullLogger<RequestLimiter>.Instance);

    private async Task<long?> UsedAsync(string keyId) =>
        (await _storage.Table("limits").FindAsync("rpm|" + keyId, "202611221830", Cancel))?.Number("used");

    private static async Task<int> AdmittedAsync(RequestLimiter limiter, string keyId, int limit, int requests)
    {
        int admitted = 0;
        for (int request = 0; request < requests; request++)
            admitted += (await limiter.AdmitAsync(keyId, limit, Cancel)).Verdict == Verdict.Admitted ? 1 : 0;
        return admitted;
    }
}

using System.Text;
using Microsoft.Extensions.Time.Testing;
using Perigee.Callers;
using Perigee.Storage;

namespace Perigee.Tests.Callers;

public sealed class KeyLookupTests : IDisposable
{
    private readonly TestStorage _storage = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 22, 18, 30, 20, TimeSpan.Zero));
    private readonly KeyStore _store;
    private readonly KeyLookup _lookup;

    public KeyLookupTests()
    {
        _store = new KeyStore(SharedTables.OfOne(_storage), _time);
        _lookup = new KeyLookup(_store, new OwnerLookup(new OwnerStore(SharedTables.OfOne(_storage)), _time), _time);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _storage.Dispose();

    [Fact]
    public async Task A_key_is_stored_as_its_hash_only()
    {
        (string key, KeyRecord record) = await MakeAsync();
        Assert.StartsWith("pk-", key, StringComparison.Ordinal);
        Assert.Equal(46, key.Length);
        Assert.NotEqual(key, (await MakeAsync()).Key);
        Assert.DoesNotContain(key[3..], record.ToString(), StringComparison.Ordinal);
        await foreach (TableRow row in _storage.Table("keys").ScanAsync(Cancel))
        {
            Assert.Equal(row.Row[..2], row.Partition);
            Assert.DoesNotContain(key[3..], string.Join(' ', row.Values.Values) + row.Row + Encoding.UTF8.GetString(RowBody.Read(row)!.Value.Span), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_key_leads_to_its_caller_and_its_id_to_the_key()
    {
        (string key, KeyRecord record) = await _store.CreateAsync("ci", "team-a", 60, _time.GetUtcNow().AddDays(1), Cancel);
        Assert.Equal((record.Id, "team-a", "ci", 60), CallerMiddlewareTests.Told((await _lookup.FindAsync(key, Cancel)).Caller));
        Assert.Equal(Shown.Of(record).ToArray(), Shown.Of((await _store.FindByIdAsync(record.Id, Cancel))!).ToArray());
        (string own, KeyRecord plain) = await MakeAsync();
        Assert.Equal((plain.Id, plain.Id, "name", null), CallerMiddlewareTests.Told((await _lookup.FindAsync(own, Cancel)).Caller));
        foreach (string id in (string[])["", "key_", record.Id[..^1], record.Id + "0", "key_" + new string('0', 24), "key_ZZ" + record.Id[6..]])
            Assert.Null(await _store.FindByIdAsync(id, Cancel));
    }

    [Fact]
    public async Task What_cannot_be_a_key_is_not_looked_up()
    {
        string key = KeyText.New();
        int calls = _storage.Calls;
        foreach (string text in (string[])["pk-", key[..^1], key + "A", key[..^1] + "é", key[..^1] + "=", "PK-" + key[3..], "sk-" + key[3..], ""])
            Assert.Same(KeyFinding.Unknown, await _lookup.FindAsync(text, Cancel));
        Assert.Equal(calls, _storage.Calls);
    }

    [Fact]
    public async Task Known_and_unknown_keys_come_from_memory_for_ten_seconds()
    {
        (string key, _) = await MakeAsync();
        string wrong = KeyText.New();
        int calls = _storage.Calls;
        for (int round = 0; round < 50; round++)
        {
            Assert.NotNull((await _lookup.FindAsync(key, Cancel)).Caller);
            Assert.Same(KeyFinding.Unknown, await _lookup.FindAsync(wrong, Cancel));
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.Equal(calls + 2, _storage.Calls);
    }

    [Fact]
    public async Task A_key_revoked_elsewhere_is_refused_ten_seconds_later_at_the_latest()
    {
        (string key, KeyRecord record) = await MakeAsync();
        Assert.NotNull((await _lookup.FindAsync(key, Cancel)).Caller);
        await new KeyStore(SharedTables.OfOne(_storage), _time).RevokeAsync(record.Id, Cancel);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.NotNull((await _lookup.FindAsync(key, Cancel)).Caller);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Same(KeyFinding.Revoked, await _lookup.FindAsync(key, Cancel));
    }

    [Fact]
    public async Task A_key_in_use_is_read_again_behind_the_requests()
    {
        (string key, KeyRecord record) = await MakeAsync();
        await _lookup.FindAsync(key, Cancel);
        await _store.RevokeAsync(record.Id, Cancel);
        _time.Advance(TimeSpan.FromSeconds(7));
        TaskCompletionSource gate = new();
        _storage.Gate = gate.Task;
        int calls = _storage.Calls;
        for (int request = 0; request < 20; request++)
        {
            Task<KeyFinding> found = _lookup.FindAsync(key, Cancel).AsTask();
            Assert.True(found.IsCompletedSuccessfully, "The request should not wait for the storage.");
            Assert.NotNull((await found).Caller);
        }

        Assert.Equal(calls + 1, _storage.Calls);
        gate.SetResult();
        await Eventually.IsTrueAsync(
            async () => await _lookup.FindAsync(key, Cancel) == KeyFinding.Revoked, "The read in the background should have been kept.");
    }

    [Fact]
    public async Task Requests_at_the_same_time_share_one_read_and_nobody_cancels_it_for_the_others()
    {
        (string key, _) = await MakeAsync();
        TaskCompletionSource gate = new();
        _storage.Gate = gate.Task;
        int calls = _storage.Calls;
        using CancellationTokenSource gone = new();
        Task<KeyFinding> first = _lookup.FindAsync(key, gone.Token).AsTask();
        Task<KeyFinding>[] others = [.. Enumerable.Range(0, 20).Select(_ => _lookup.FindAsync(key, Cancel).AsTask())];
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        gate.SetResult();
        Assert.All(await Task.WhenAll(others), static found => Assert.NotNull(found.Caller));
        Assert.Equal(calls + 1, _storage.Calls);
    }

    [Fact]
    public async Task Revoking_holds_at_once_in_this_process_even_against_an_older_read()
    {
        (string key, KeyRecord record) = await MakeAsync();
        TaskCompletionSource gate = new();
        _storage.Gate = gate.Task;
        Task<KeyFinding> old = _lookup.FindAsync(key, Cancel).AsTask();

        // The read has not reached the table yet; what it finds there is the key as it was.
        _lookup.Put(record with { RevokedAt = _time.GetUtcNow() });
        gate.SetResult();
        Assert.Same(KeyFinding.Revoked, await old);
        Assert.Same(KeyFinding.Revoked, await _lookup.FindAsync(key, Cancel));
    }

    [Fact]
    public async Task An_expired_key_is_refused_to_the_moment()
    {
        (string key, _) = await _store.CreateAsync("short", null, null, _time.GetUtcNow().AddSeconds(3), Cancel);
        Assert.NotNull((await _lookup.FindAsync(key, Cancel)).Caller);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Same(KeyFinding.Expired, await _lookup.FindAsync(key, Cancel));
    }

    [Fact]
    public async Task Without_the_storage_a_key_that_was_good_is_believed_for_ten_minutes_and_not_longer()
    {
        (string key, _) = await MakeAsync();
        (string late, _) = await MakeAsync();
        await _lookup.FindAsync(key, Cancel);
        _storage.Next = static _ => Mishap.Down;
        _time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(0.1));
        Assert.NotNull((await _lookup.FindAsync(key, Cancel)).Caller);
        await Assert.ThrowsAsync<StorageException>(async () => await _lookup.FindAsync(late, Cancel));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        await Assert.ThrowsAsync<StorageException>(async () => await _lookup.FindAsync(key, Cancel));
        _storage.Next = static _ => Mishap.None;
        Assert.NotNull((await _lookup.FindAsync(key, Cancel)).Caller);
    }

    [Fact]
    public async Task A_storage_that_hangs_costs_a_known_key_one_wait_of_a_second()
    {
        (string key, _) = await MakeAsync();
        await _lookup.FindAsync(key, Cancel);
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _storage.Gate = gate.Task;
        _time.Advance(TimeSpan.FromSeconds(30));
        ValueTask<KeyFinding> first = _lookup.FindAsync(key, Cancel);
        Assert.False(first.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull((await first).Caller);
        for (int more = 0; more < 10; more++)
        {
            _time.Advance(TimeSpan.FromSeconds(0.7));
            ValueTask<KeyFinding> next = _lookup.FindAsync(key, Cancel);
            Assert.True(next.IsCompleted);
            Assert.NotNull((await next).Caller);
        }

        gate.SetResult();
        _storage.Gate = Task.CompletedTask;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_known_of_a_key_holds_without_the_storage_too(bool changedElsewhere)
    {
        (string key, _) = await _store.CreateAsync("short", null, null, _time.GetUtcNow().AddMinutes(3), Cancel);
        await _lookup.FindAsync(key, Cancel);
        _storage.Next = static _ => Mishap.Down;
        _time.Advance(TimeSpan.FromMinutes(2));
        if (changedElsewhere)
        {
            // It may be this one that was revoked.
            _lookup.Forget();
            _time.Advance(TimeSpan.FromSeconds(3));
            await Assert.ThrowsAsync<StorageException>(async () => await _lookup.FindAsync(key, Cancel));
            return;
        }

        Assert.NotNull((await _lookup.FindAsync(key, Cancel)).Caller);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Same(KeyFinding.Expired, await _lookup.FindAsync(key, Cancel));
    }

    [Fact]
    public async Task When_the_storage_is_back_a_key_that_was_revoked_meanwhile_is_refused_within_a_second()
    {
        (string key, KeyRecord record) = await MakeAsync();
        await _lookup.FindAsync(key, Cancel);
        _storage.Next = static _ => Mishap.Down;
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull((await _lookup.FindAsync(key, Cancel)).Caller);
        _storage.Next = static _ => Mishap.None;
        await _store.RevokeAsync(record.Id, Cancel);
        _time.Advance(TimeSpan.FromSeconds(1));
        await _lookup.FindAsync(key, Cancel);
        await Eventually.IsTrueAsync(async () => await _lookup.FindAsync(key, Cancel) == KeyFinding.Revoked, "the key should be read again");
    }

    [Fact]
    public async Task Guessing_does_not_buy_trips_to_the_storage_without_end()
    {
        (string key, _) = await MakeAsync();
        await _lookup.FindAsync(key, Cancel);
        (string late, _) = await MakeAsync();
        int calls = _storage.Calls;
        int busy = 0;
        for (int guess = 0; guess < 3_000; guess++)
            busy += await _lookup.FindAsync(KeyText.New(), Cancel) == KeyFinding.Busy ? 1 : 0;
        Assert.Equal(2_000, busy);
        Assert.Equal(calls + 1_000, _storage.Calls);
        Assert.NotNull((await _lookup.FindAsync(key, Cancel)).Caller);
        Assert.Same(KeyFinding.Busy, await _lookup.FindAsync(late, Cancel));

        _time.Advance(TimeSpan.FromMilliseconds(10));
        Assert.NotNull((await _lookup.FindAsync(late, Cancel)).Caller);
    }

    private ValueTask<(string Key, KeyRecord Record)> MakeAsync() => _store.CreateAsync("name", null, null, null, Cancel);
}

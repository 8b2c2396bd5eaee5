using Perigee.Caching;
using Perigee.Caching.Store;
using Perigee.Storage;

namespace Perigee.Tests.Caching.Store;

public sealed class InvalidationTests : IDisposable
{
    private static readonly CacheScope[] Scopes =
    [
        new("t1", "", "a", ""), new("t1", "n", "a", ""), new("t1", "n", "b", ""), new("t2", "", "a", ""), new("t2", "n", "b", ""),
    ];

    private readonly CacheRig _rig = new();

    public static TheoryData<string?, string?, string?, string?, string> Wishes() => new()
    {
        { null, null, null, null, "" },
        { "t1", null, null, null, "34" },
        { null, "n", null, null, "03" },
        { null, "", null, null, "124" },
        { null, null, "a", null, "24" },
        { "t1", "n", null, null, "034" },
        { "t1", "n", "b", null, "0134" },
        { null, null, null, "r2", "0134" },
        { "t2", null, null, "r2", "01234" },
        { "t3", null, null, null, "01234" },
        { "", null, null, null, "01234" },
    };

    [Theory]
    [MemberData(nameof(Wishes))]
    public async Task Dead_is_what_meets_all_that_is_said_in_memory_in_the_table_and_in_other_instances(
        string? tenant, string? space, string? model, string? key, string alive)
    {
        AnswerCache one = await _rig.WriteAsync([.. Scopes.Select((scope, i) => (Key(i), _rig.Answer(scope: scope)))]);
        AnswerCache other = _rig.Instance();
        Assert.Equal("01234", await AliveAsync(other));
        _rig.Time.Advance(TimeSpan.FromSeconds(1));
        await one.InvalidateAsync(new CacheInvalidation(tenant, space, model, key is null ? null : AnswerCache.IdOf(Key(key[1] - '0'))), default);
        Assert.Equal(alive, await AliveAsync(one));

        AnswerCache third = _rig.Instance();
        await other.Stamps.ReadAsync(default);
        await third.Stamps.ReadAsync(default);
        Assert.Equal(alive, await AliveAsync(other));
        Assert.Equal(alive, await AliveAsync(third));
        Assert.Equal(alive.Length, other.Memory.Count);

        // What is made from now on is alive, whoever made it.
        _rig.Time.Advance(TimeSpan.FromSeconds(1));
        await _rig.WriteAsync([.. Scopes.Select((scope, i) => (Key(i), _rig.Answer(scope: scope)))]);
        Assert.Equal("01234", await AliveAsync(third));
    }

    [Fact]
    public async Task Answer_that_was_under_way_when_the_word_came_is_dead()
    {
        AnswerCache cache = _rig.Instance();
        await cache.InvalidateAsync(new CacheInvalidation(Tenant: "t1"), default);
        _rig.Time.Advance(TimeSpan.FromSeconds(5));
        cache.Keep(Key(0), _rig.Answer() with { Took = TimeSpan.FromSeconds(6) });
        cache.Keep(Key(1), _rig.Answer() with { Took = TimeSpan.FromSeconds(4) });
        Assert.Null(cache.FindInMemory(Key(0)));
        Assert.NotNull(cache.FindInMemory(Key(1)));
    }

    [Fact]
    public async Task Stamp_lasts_as_long_as_an_answer_can_and_then_goes()
    {
        _rig.Cache = new CacheOptions { MostTtl = TimeSpan.FromHours(48) };
        AnswerCache cache = _rig.Instance();
        cache.Keep(Key(0), _rig.Answer(hours: 100));
        await cache.InvalidateAsync(CacheInvalidation.All, default);
        _rig.Time.Advance(TimeSpan.FromHours(48) - TimeSpan.FromSeconds(1));
        AnswerCache late = _rig.Instance();
        await late.Stamps.ReadAsync(default);
        await cache.Stamps.CleanAsync(default);
        Assert.True(late.IsStale(_rig.Answer() with { StoredAt = _rig.Time.GetUtcNow().AddHours(-48) }));
        _rig.Time.Advance(TimeSpan.FromSeconds(1));
        await late.Stamps.ReadAsync(default);
        Assert.False(late.IsStale(_rig.Answer() with { StoredAt = _rig.Time.GetUtcNow().AddHours(-48) }));
        await late.Stamps.CleanAsync(default);
        Assert.Equal(0, await RowsAsync("stamps"));
    }

    [Fact]
    public async Task It_holds_here_although_the_others_cannot_be_told_and_who_asked_hears_it()
    {
        AnswerCache cache = _rig.Instance();
        cache.Keep(Key(0), _rig.Answer());
        _rig.Storage.Before = static _ => throw new StorageException("down");
        await Assert.ThrowsAsync<StorageException>(() => cache.InvalidateAsync(CacheInvalidation.All, default).AsTask());
        Assert.Null(cache.FindInMemory(Key(0)));
    }

    [Fact]
    public async Task Damaged_stamp_invalidates_nothing()
    {
        DateTimeOffset now = _rig.Time.GetUtcNow();
        await _rig.State.WriteAsync(new TableRow("stamps", "9").Set("before", now).Set("until", now.AddHours(1)), WriteWhen.Always, default);
        await _rig.State.WriteAsync(new TableRow("stamps", "8").Set("all", true), WriteWhen.Always, default);
        AnswerCache cache = _rig.Instance();
        cache.Keep(Key(0), _rig.Answer());
        await cache.Stamps.ReadAsync(default);
        Assert.NotNull(cache.FindInMemory(Key(0)));
    }

    [Fact]
    public async Task Only_what_is_new_is_read_and_one_reads_at_a_time()
    {
        AnswerCache cache = _rig.Instance();
        await cache.Stamps.ReadAsync(default);
        TaskCompletionSource hold = new();
        _rig.Storage.Before = _ => hold.Task;
        Task first = cache.Stamps.ReadAsync(default).AsTask();
        await cache.Stamps.ReadAsync(default);
        hold.SetResult();
        await first;
        Assert.Equal(2, _rig.Storage.Calls.Count(static call => call == "read cachestate stamps"));
    }

    [Fact]
    public async Task Checking_a_hit_costs_no_allocation_where_nothing_is_invalid_and_little_where_something_is()
    {
        AnswerCache cache = _rig.Instance();
        CacheKey key = Key(0);
        await cache.InvalidateAsync(new CacheInvalidation(Tenant: "t9"), default);
        await cache.InvalidateAsync(new CacheInvalidation(Key: new string('0', 32)), default);
        cache.Keep(key, _rig.Answer());
        cache.FindInMemory(key);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Assert.NotNull(cache.FindInMemory(key));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200 * 100);
        _rig.Time.Advance(TimeSpan.FromSeconds(1));
        cache.Keep(key, _rig.Answer());
        before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Assert.NotNull(cache.FindInMemory(key));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    public void Dispose() => _rig.Dispose();

    private static CacheKey Key(int i) => CacheRig.Key($"r{i}");

    private static async Task<string> AliveAsync(AnswerCache cache)
    {
        string alive = "";
        for (int i = 0; i < Scopes.Length; i++)
        {
            if (cache.FindInMemory(Key(i)) is not null || await cache.FindInTableAsync(Key(i), CacheRig.Budget, default) is not null)
                alive += i;
        }

        return alive;
    }

    private async Task<int> RowsAsync(string partition)
    {
        int rows = 0;
        await foreach (TableRow _ in _rig.State.ReadAsync(partition, null, null, default))
            rows++;
        return rows;
    }
}

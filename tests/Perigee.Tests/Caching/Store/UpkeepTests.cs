using Perigee.Caching;
using Perigee.Caching.Store;
using Perigee.Storage;

namespace Perigee.Tests.Caching.Store;

public sealed class UpkeepTests : IDisposable
{
    private readonly CacheRig _rig = new();

    [Fact]
    public async Task Instance_in_use_hears_of_an_invalidation_within_two_seconds()
    {
        AnswerCache one = _rig.Instance(), other = _rig.Instance();
        other.Keep(CacheRig.Key("r"), _rig.Answer());
        using CacheUpkeep upkeep = Make(other);
        await upkeep.StartAsync(default);
        await PausesAsync(1);
        await one.InvalidateAsync(CacheInvalidation.All, default);
        Assert.NotNull(other.FindInMemory(CacheRig.Key("r")));

        // The pause may begin only now, on a slow machine: then it is the next step of the clock that ends it.
        await Eventually.IsTrueAsync(
            () =>
            {
                _rig.Time.Advance(TimeSpan.FromSeconds(2));
                return other.Memory.Count == 0;
            },
            "the dead answer is still in memory");
        Assert.Null(other.FindInMemory(CacheRig.Key("r")));
        await upkeep.StopAsync(default);
    }

    [Fact]
    public async Task Idle_instance_that_holds_nothing_reads_nothing_until_it_is_used()
    {
        AnswerCache cache = _rig.Instance();
        using CacheUpkeep upkeep = Make(cache);
        await upkeep.StartAsync(default);
        await PausesAsync(1);
        for (int i = 0; i < 20; i++)
        {
            _rig.Time.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }

        Assert.Equal(1, Reads());
        cache.FindInMemory(CacheRig.Key("r"));
        await Eventually.IsTrueAsync(
            () =>
            {
                _rig.Time.Advance(TimeSpan.FromSeconds(1));
                return Reads() >= 2;
            },
            "not read although it is used");
        await upkeep.StopAsync(default);
    }

    [Fact]
    public async Task Round_a_minute_writes_the_counts_and_takes_the_expired_out_of_memory()
    {
        AnswerCache cache = _rig.Instance();
        using CacheUpkeep upkeep = Make(cache);
        await upkeep.RoundAsync(default);
        cache.Keep(CacheRig.Key("r"), _rig.Answer(hours: 0.001));
        await upkeep.RoundAsync(default);
        Assert.Equal(1, cache.Memory.Count);
        _rig.Time.Advance(TimeSpan.FromMinutes(1));
        _rig.Cache = new CacheOptions { MemoryBytes = 12345 };
        await upkeep.RoundAsync(default);
        Assert.Equal((0, 12345L, false), (cache.Memory.Count, cache.Memory.MostBytes, cache.Counts.Changed));
        Assert.NotNull(await _rig.State.FindAsync("counts", $"20261124|{cache.Instance}", default));
    }

    [Fact]
    public async Task Counts_are_written_at_the_end()
    {
        AnswerCache cache = _rig.Instance();
        using CacheUpkeep upkeep = Make(cache);
        await upkeep.StartAsync(default);
        await PausesAsync(1);
        cache.Counts.Add(CacheScope.None, CacheEvent.Miss);
        await upkeep.StopAsync(default);
        Assert.NotNull(await _rig.State.FindAsync("counts", $"20261124|{cache.Instance}", default));
    }

    [Fact]
    public async Task Buckets_are_swept_at_the_start_and_then_every_few_minutes()
    {
        await _rig.WriteAsync((CacheRig.Key("r"), _rig.Answer()));
        _rig.Time.Advance(TimeSpan.FromHours(11));
        AnswerCache cache = _rig.Instance();
        using CacheUpkeep upkeep = Make(cache);
        await upkeep.RoundAsync(default);
        await upkeep.Sweeping;
        Assert.Contains("drop cache24h20781", _rig.Storage.Calls);
        _rig.Storage.Calls.Clear();
        for (int seconds = 0; seconds < 20 * 60; seconds += 2)
        {
            _rig.Time.Advance(TimeSpan.FromSeconds(2));
            await upkeep.RoundAsync(default);
            await upkeep.Sweeping;
        }

        Assert.InRange(_rig.Storage.Calls.Count(static call => call == "read cachestate buckets"), 3, 6);
    }

    [Fact]
    public async Task Storage_that_fails_or_hangs_is_said_once_a_minute_and_holds_nothing_up()
    {
        AnswerCache cache = _rig.Instance();
        using CacheUpkeep upkeep = Make(cache);
        _rig.Storage.Before = static _ => throw new StorageException("down");
        for (int i = 0; i < 10; i++)
        {
            await upkeep.RoundAsync(default);
            _rig.Time.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.Single(_rig.Log.Lines);
        _rig.Storage.Before = static _ => new TaskCompletionSource().Task;
        Task round = upkeep.RoundAsync(default);
        while (!round.IsCompleted)
        {
            _rig.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await round;
    }

    public void Dispose() => _rig.Dispose();

    private CacheUpkeep Make(AnswerCache cache) =>
        new(cache, new CountStore(_rig.State, cache.Instance), _rig, _rig.Time, _rig.Log, new Random(5));

    private int Reads() => _rig.Storage.Calls.Count(static call => call == "read cachestate stamps");

    private Task PausesAsync(int reads) => Eventually.IsTrueAsync(() => Reads() >= reads, $"not read {reads} times");
}

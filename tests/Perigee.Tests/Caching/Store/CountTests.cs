using Perigee.Caching;
using Perigee.Caching.Store;
using Perigee.Storage;

namespace Perigee.Tests.Caching.Store;

public sealed class CountTests : IDisposable
{
    private static readonly CacheScope One = new("t1", "n", "m", "");
    private readonly CacheRig _rig = new();

    [Fact]
    public async Task Counts_of_instances_and_days_add_up_and_a_restart_loses_nothing()
    {
        CacheCounts first = new(_rig.Time), second = new(_rig.Time), restarted = new(_rig.Time);
        first.Hit(One, CacheEvent.ExactMemory, _rig.Answer());
        first.Add(One, CacheEvent.Miss, 2);
        second.Hit(One, CacheEvent.Near, _rig.Answer());
        await FlushAsync(first, "i1");
        await FlushAsync(first, "i1");
        await FlushAsync(second, "i2");
        _rig.Time.Advance(TimeSpan.FromDays(1));
        second.Days();
        restarted.Days();
        second.Add(One, CacheEvent.Miss);
        await FlushAsync(second, "i2");
        restarted.Add(One, CacheEvent.Miss, 10);

        // The one who asks has newer numbers than its row.
        await FlushAsync(restarted, "i3");
        restarted.Add(One, CacheEvent.Miss);
        long[] sum = await SumAsync(restarted, "i3", 2);
        Assert.Equal((1, 1, 14), (sum[(int)CacheEvent.ExactMemory], sum[(int)CacheEvent.Near], sum[(int)CacheEvent.Miss]));
        Assert.Equal((20, 10, 2000), (sum[(int)CacheEvent.SavedInputTokens], sum[(int)CacheEvent.SavedOutputTokens], sum[(int)CacheEvent.SavedPicoDollars]));
        Assert.Equal(12, (await SumAsync(restarted, "i3", 1))[(int)CacheEvent.Miss]);
    }

    [Fact]
    public async Task Day_that_could_not_be_written_is_written_later()
    {
        CacheCounts counts = new(_rig.Time);
        counts.Add(One, CacheEvent.Miss);
        _rig.Time.Advance(TimeSpan.FromDays(1));
        counts.Failed(counts.Take());
        Assert.True(counts.Changed);
        await FlushAsync(counts, "i1");
        Assert.False(counts.Changed);
        Assert.Equal(1, (await SumAsync(new CacheCounts(_rig.Time), "i2", 2))[(int)CacheEvent.Miss]);
    }

    [Fact]
    public async Task Scopes_beyond_a_bound_are_counted_as_one()
    {
        CacheCounts counts = new(_rig.Time);
        for (int i = 0; i < 1500; i++)
            counts.Add(new CacheScope("t", "", $"m{i}", ""), CacheEvent.Miss);
        counts.Add(new CacheScope(new string('t', 101), "", "m", ""), CacheEvent.Miss);
        CountDay day = Assert.Single(counts.Days());
        Assert.Equal(CountDay.MostScopes + 1, day.Cells.Count());
        Assert.Equal(501, day.Of(CountScope.Other)[(int)CacheEvent.Miss]);
        await FlushAsync(counts, "i1");
        (Dictionary<CountScope, long[]> sums, bool whole) = await new CountStore(_rig.State, "i2").SumAsync(day.Date, [], default);
        Assert.Equal((true, 1501L), (whole, sums.Values.Sum(static cell => cell[(int)CacheEvent.Miss])));
    }

    [Fact]
    public async Task While_the_storage_is_down_the_own_counts_are_told_and_that_they_are_not_all()
    {
        CacheCounts counts = new(_rig.Time);
        counts.Add(One, CacheEvent.Miss);
        _rig.Storage.Before = static _ => throw new StorageException("down");
        (Dictionary<CountScope, long[]> sums, bool whole) = await new CountStore(_rig.State, "i1").SumAsync(default, counts.Days(), default);
        Assert.Equal((1, false), (sums.Count, whole));
    }

    [Fact]
    public async Task Damaged_and_old_rows_count_for_nothing()
    {
        CacheCounts counts = new(_rig.Time);
        counts.Add(One, CacheEvent.Miss);
        await FlushAsync(counts, "i1");
        TableRow row = new("counts", "20261124|i9");
        RowBody.Write(row, """[{"tenant":1},{"miss":5}]"""u8);
        await _rig.State.WriteAsync(row, WriteWhen.Always, default);
        CountStore store = new(_rig.State, "i2");
        DateOnly today = DateOnly.FromDateTime(_rig.Time.GetUtcNow().UtcDateTime);
        Assert.Single((await store.SumAsync(today, [], default)).Sums);
        await store.CleanAsync(today.AddDays(CountStore.Kept), default);
        Assert.Single((await store.SumAsync(today, [], default)).Sums);
        await store.CleanAsync(today.AddDays(CountStore.Kept + 1), default);
        Assert.Empty((await store.SumAsync(today, [], default)).Sums);
    }

    [Fact]
    public void Counting_costs_no_allocation()
    {
        CacheCounts counts = new(_rig.Time);
        CachedAnswer answer = _rig.Answer();
        counts.Hit(One, CacheEvent.ExactMemory, answer);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            counts.Hit(One, CacheEvent.ExactMemory, answer);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task Numbers_are_right_under_parallel_use()
    {
        CacheCounts counts = new(_rig.Time);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 20_000; i++)
                counts.Add(new CacheScope("t", "", $"m{i % 50}", ""), CacheEvent.Miss);
        })));
        Assert.All(counts.Days()[0].Cells, static cell => Assert.Equal(1600, cell.Value[(int)CacheEvent.Miss]));
    }

    public void Dispose() => _rig.Dispose();

    private async Task FlushAsync(CacheCounts counts, string instance)
    {
        foreach (CountDay day in counts.Take())
            await new CountStore(_rig.State, instance).WriteAsync(day, default);
    }

    private async Task<long[]> SumAsync(CacheCounts own, string instance, int days)
    {
        DateOnly since = DateOnly.FromDateTime(_rig.Time.GetUtcNow().UtcDateTime).AddDays(1 - days);
        (Dictionary<CountScope, long[]> sums, bool whole) = await new CountStore(_rig.State, instance).SumAsync(since, own.Days(), default);
        Assert.True(whole);
        return Assert.Single(sums).Value;
    }
}

using Perigee.Caching;
using Perigee.Caching.Store;
using Perigee.Storage;

namespace Perigee.Tests.Caching.Store;

public sealed class SweepTests : IDisposable
{
    private const string First = "cache24h20781";
    private const string Second = "cache24h20782";

    private readonly CacheRig _rig = new();

    [Fact]
    public async Task Table_blobs_and_note_of_a_bucket_that_is_over_go_and_the_others_stay()
    {
        await WriteAsync();
        Assert.Equal(0, await SweepAsync());
        _rig.Time.Advance(TimeSpan.FromHours(10.2));
        Assert.Equal(1, await SweepAsync());
        Assert.Equal((0, 0, 1, 1), (await RowsAsync(First), await BlobsAsync(First), await RowsAsync(Second), await BlobsAsync(Second)));
        Assert.Equal([Second], await ListAsync());
        Assert.Null(await _rig.State.FindAsync("lease", "sweep", default));
        _rig.Time.Advance(TimeSpan.FromHours(24));
        Assert.Equal(1, await SweepAsync());
        Assert.Equal((0, 0), (await RowsAsync(Second), await BlobsAsync(Second)));
        Assert.Equal(0, await SweepAsync());
    }

    [Fact]
    public async Task Bucket_is_noted_before_anything_is_written_to_it_and_once_by_an_instance()
    {
        await WriteAsync();
        List<string> writes = [.. _rig.Storage.Calls.Where(static call => call.StartsWith("write", StringComparison.Ordinal))];
        Assert.Equal("write cachestate", writes[0]);
        Assert.Equal(2, writes.Count(static call => call == "write cachestate"));
        Assert.Equal([First, Second], await ListAsync());
    }

    [Fact]
    public async Task Of_two_that_come_at_once_one_cleans()
    {
        await WriteAsync();
        _rig.Time.Advance(TimeSpan.FromHours(10.2));
        TaskCompletionSource dropping = new(), hold = new();
        _rig.Storage.Before = async call =>
        {
            if (!call.StartsWith("drop", StringComparison.Ordinal))
                return;
            dropping.TrySetResult();
            await hold.Task;
        };
        Task<int?> first = SweepAsync().AsTask();
        await dropping.Task.WaitAsync(TimeSpan.FromSeconds(90));
        Assert.Null(await SweepAsync());
        hold.SetResult();
        Assert.Equal(1, await first);
        Assert.Single(_rig.Storage.Calls, static call => call.StartsWith("drop", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Racers_for_an_expired_lease_have_one_winner()
    {
        _rig.Time.Advance(TimeSpan.FromMinutes(1));
        for (int round = 0; round < 5; round++)
        {
            bool[] taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
                Task.Run(() => new SweepLease(_rig.State, $"i{i}", _rig.Time).TakeAsync(default).AsTask())));
            Assert.Single(taken, static won => won);
            _rig.Time.Advance(TimeSpan.FromMinutes(3));
        }
    }

    [Theory]
    [InlineData("drop " + First)]
    [InlineData("remove blobs cache")]
    [InlineData("remove cachestate buckets")]
    [InlineData("remove cachestate lease")]
    public async Task Whoever_comes_after_a_crash_finishes(string where)
    {
        await WriteAsync();
        _rig.Time.Advance(TimeSpan.FromHours(10.2));
        _rig.Storage.Before = call => call == where ? throw new StorageException("killed") : Task.CompletedTask;
        await Assert.ThrowsAsync<StorageException>(() => SweepAsync().AsTask());
        _rig.Storage.Before = static _ => Task.CompletedTask;

        // The dead one's lease is respected until it is over, unless nothing is left to be done.
        bool done = where.EndsWith("lease", StringComparison.Ordinal);
        Assert.Equal(done ? 0 : null, await SweepAsync());
        _rig.Time.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(done ? 0 : 1, await SweepAsync());
        Assert.Equal((0, 0), (await RowsAsync(First), await BlobsAsync(First)));
        Assert.Equal([Second], await ListAsync());
    }

    [Fact]
    public async Task Note_that_names_no_bucket_drops_nothing()
    {
        foreach (string name in (string[])["keys", "cachestate", "cache24h", "cache24h1x", "cache24h99"])
            await _rig.State.WriteAsync(new TableRow("buckets", name).Set("until", _rig.Time.GetUtcNow().AddDays(-1)), WriteWhen.Always, default);
        Assert.Equal(1, await SweepAsync());
        Assert.Equal("drop cache24h99", Assert.Single(_rig.Storage.Calls, static call => call.StartsWith("drop", StringComparison.Ordinal)));
    }

    public void Dispose() => _rig.Dispose();

    private Task<AnswerCache> WriteAsync() => _rig.WriteAsync(
        (CacheRig.Key("r"), _rig.Answer()), (CacheRig.Key("s"), _rig.Answer(CacheRig.Noise(1_000_000), TimeSpan.FromHours(20))));

    private ValueTask<int?> SweepAsync() => _rig.Instance().Sweeper.SweepAsync(null, default);

    private async Task<List<string>> ListAsync() => [.. (await _rig.Instance().Buckets.ListAsync(default)).Select(static bucket => bucket.Name)];

    private async Task<int> RowsAsync(string table)
    {
        int rows = 0;
        await foreach (TableRow _ in _rig.Storage.Table(table).ScanAsync(default))
            rows++;
        return rows;
    }

    private async Task<int> BlobsAsync(string bucket)
    {
        int blobs = 0;
        await foreach (BlobItem _ in _rig.Storage.Blobs("cache").ListAsync(bucket + "/", default))
            blobs++;
        return blobs;
    }
}

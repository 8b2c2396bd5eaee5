using System.Text;
using Perigee.Caching;
using Perigee.Caching.Store;
using Perigee.Storage;

namespace Perigee.Tests.Caching.Store;

public sealed class AnswerTableTests : IDisposable
{
    private readonly CacheRig _rig = new();

    [Fact]
    public async Task Answer_of_one_instance_is_found_by_another_in_one_point_read()
    {
        await _rig.WriteAsync((CacheRig.Key("r"), _rig.Answer(scope: new CacheScope("t", "n", "m", "r"))));
        AnswerCache other = _rig.Instance();
        _rig.Storage.Calls.Clear();
        Assert.Null(other.FindInMemory(CacheRig.Key("r")));
        CachedAnswer found = (await other.FindInTableAsync(CacheRig.Key("r"), CacheRig.Budget, default))!;
        Assert.Equal("hello", Encoding.UTF8.GetString(found.Body.Span));
        Assert.Equal(["find cache24h20781"], _rig.Storage.Calls);
        Assert.Equal(new CacheScope("t", "n", "m", "r").Hidden(), found.Scope);
        Assert.Equal(new CacheScope("t", "1b16b1df538ba12dc3f97edbb85caa70", "62c66a7a5dd70c3146618063c344e531", "r"), found.Scope);
        Assert.Equal(AnswerCache.IdOf(CacheRig.Key("r")), found.Id);
        Assert.Same(found, other.FindInMemory(CacheRig.Key("r")));
        Assert.Null(await other.FindInTableAsync(CacheRig.Key("s"), CacheRig.Budget, default));
        Assert.Null(await other.FindInTableAsync(CacheRig.Key("r", "q"), CacheRig.Budget, default));
    }

    [Fact]
    public async Task Answer_written_just_before_a_border_is_found_after_it_until_it_expires()
    {
        _rig.Time.Advance(TimeSpan.FromHours(10) - TimeSpan.FromSeconds(1));
        await _rig.WriteAsync((CacheRig.Key("r"), _rig.Answer(hours: 1)), (CacheRig.Key("s"), _rig.Answer("short", hours: 0.5 / 3600)));
        Assert.Equal("hello", await _rig.FindAsync(CacheRig.Key("r")));
        _rig.Time.Advance(TimeSpan.FromSeconds(2));
        _rig.Storage.Calls.Clear();
        Assert.Equal("hello", await _rig.FindAsync(CacheRig.Key("r")));
        Assert.Equal(["find cache24h20782"], _rig.Storage.Calls);
        Assert.Null(await _rig.Storage.Table("cache24h20782").FindAsync("p", "s", default));
        _rig.Time.Advance(TimeSpan.FromHours(1));
        Assert.Null(await _rig.FindAsync(CacheRig.Key("r")));
    }

    [Fact]
    public async Task Longest_life_touches_two_buckets_and_is_found_to_its_end()
    {
        await _rig.WriteAsync((CacheRig.Key("r"), _rig.Answer(hours: 1000)));
        foreach (double hours in (double[])[0, 9.999, 0.002, 13.9, 0.098])
        {
            _rig.Time.Advance(TimeSpan.FromHours(hours));
            Assert.Equal("hello", await _rig.FindAsync(CacheRig.Key("r")));
        }

        _rig.Time.Advance(TimeSpan.FromSeconds(4));
        Assert.Null(await _rig.FindAsync(CacheRig.Key("r")));
    }

    [Theory]
    [InlineData(0.1, 1)]
    [InlineData(1.5, 2)]
    [InlineData(24, 24)]
    [InlineData(10_000, 744)]
    public void Bucket_is_the_longest_life_in_whole_hours(double life, int hours)
    {
        TimeSpan most = TimeSpan.FromHours(life);
        for (DateTimeOffset at = _rig.Time.GetUtcNow(); at < _rig.Time.GetUtcNow().AddDays(40); at = at.AddMinutes(37))
        {
            Bucket bucket = Bucket.At(most, at);
            Assert.Equal(hours, bucket.Hours);
            Assert.True(bucket.End > at && bucket.Next.End >= at + Bucket.MostLife(most));
            Assert.Equal(bucket.Next, Bucket.At(most, bucket.End));
        }
    }

    [Fact]
    public async Task Answer_that_replaces_a_longer_lived_one_does_not_let_it_come_back()
    {
        AnswerCache writer = _rig.Instance();
        await writer.StartAsync(default);
        writer.Keep(CacheRig.Key("r"), _rig.Answer("old", hours: 20));
        writer.Keep(CacheRig.Key("r"), _rig.Answer("new", hours: 0.5), replaces: true);
        await writer.StopAsync(default);
        Assert.Equal("new", await _rig.FindAsync(CacheRig.Key("r")));
        _rig.Time.Advance(TimeSpan.FromHours(11));
        Assert.Null(await _rig.FindAsync(CacheRig.Key("r")));
    }

    [Fact]
    public async Task Many_answers_of_many_partitions_are_written_together()
    {
        await _rig.WriteAsync([.. Enumerable.Range(0, 40).Select(i => (CacheRig.Key($"r{i}", $"p{i % 4}"), _rig.Answer($"a{i}")))]);
        for (int i = 0; i < 40; i++)
            Assert.Equal($"a{i}", await _rig.FindAsync(CacheRig.Key($"r{i}", $"p{i % 4}")));
        Assert.InRange(_rig.Storage.Calls.Count(call => call.StartsWith("write cache24h", StringComparison.Ordinal)), 4, 12);
    }

    [Fact]
    public async Task One_row_that_the_storage_would_refuse_takes_no_other_with_it()
    {
        AnswerCache writer = await _rig.WriteAsync(
            (CacheRig.Key("r"), _rig.Answer()), (CacheRig.Key("s"), _rig.Answer(scope: new CacheScope("\ud800", "", "m", ""))), (CacheRig.Key("t"), _rig.Answer()));
        Assert.Equal(1, writer.MissedWrites);
        Assert.Equal("hello", await _rig.FindAsync(CacheRig.Key("r")));
        Assert.Equal("hello", await _rig.FindAsync(CacheRig.Key("t")));
    }

    [Theory]
    [InlineData(RowBody.MaxBytes, false)]
    [InlineData(RowBody.MaxBytes + 1, true)]
    [InlineData(CachedAnswer.MostBytes, true)]
    public async Task Body_that_fits_no_row_lies_in_a_blob(int length, bool blob)
    {
        byte[] body = CacheRig.Noise(length);
        AnswerCache writer = await _rig.WriteAsync((CacheRig.Key("r"), _rig.Answer(body, TimeSpan.FromHours(20))));
        Assert.Equal(0, writer.MissedWrites);
        Assert.Equal(blob ? 2 : 0, (await BlobsAsync()).Count);
        CachedAnswer found = (await _rig.Instance().FindInTableAsync(CacheRig.Key("r"), TimeSpan.FromSeconds(10), default))!;
        Assert.True(found.Body.Span.SequenceEqual(body));
        _rig.Time.Advance(TimeSpan.FromHours(15));
        found = (await _rig.Instance().FindInTableAsync(CacheRig.Key("r"), TimeSpan.FromSeconds(10), default))!;
        Assert.True(found.Body.Span.SequenceEqual(body));
    }

    [Fact]
    public async Task Blob_is_written_before_the_row_that_points_to_it()
    {
        await _rig.WriteAsync((CacheRig.Key("r"), _rig.Answer(CacheRig.Noise(1_000_000), TimeSpan.FromHours(1))));
        Assert.Equal(["write cachestate", "write blobs cache", "write cache24h20781"], _rig.Storage.Calls);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("short")]
    [InlineData("long")]
    [InlineData("other")]
    public async Task Blob_that_is_not_what_the_row_says_is_a_miss(string fault)
    {
        byte[] body = CacheRig.Noise(1_000_000);
        await _rig.WriteAsync((CacheRig.Key("r"), _rig.Answer(body, TimeSpan.FromHours(1))));
        IBlobs blobs = _rig.Storage.Blobs("cache");
        string name = Assert.Single(await BlobsAsync()).Name;
        Stream open = (await blobs.OpenAsync(name, default))!;
        byte[] stored = new byte[open.Length];
        await open.ReadExactlyAsync(stored);
        await open.DisposeAsync();
        await blobs.RemoveAsync(name, default);
        stored[1000] ^= 1;
        if (fault != "missing")
            await blobs.WriteAsync(name, fault switch { "short" => stored[..^1], "long" => [.. stored, 0], _ => stored }, "x/y", default);
        Assert.Null(await _rig.FindAsync(CacheRig.Key("r")));
    }

    [Theory]
    [InlineData("blob", "../../etc/passwd")]
    [InlineData("blob", "cache24h1/../x")]
    [InlineData("blob", "cache24h1/zz")]
    [InlineData("blob", "")]
    [InlineData("blob", 7)]
    [InlineData("blobLength", 1_000_000_000)]
    [InlineData("blobLength", -1)]
    [InlineData("blobLength", null)]
    [InlineData("length", 999_999)]
    [InlineData("expires", "soon")]
    public async Task Row_that_points_nowhere_is_a_miss(string name, object? value)
    {
        await _rig.WriteAsync((CacheRig.Key("r"), _rig.Answer(CacheRig.Noise(1_000_000), TimeSpan.FromHours(1))));
        ITable table = _rig.Storage.Table("cache24h20781");
        TableRow row = (await table.FindAsync("p", "r", default))!;
        await table.WriteAsync(row.Set(name, value), WriteWhen.Always, default);
        Assert.Null(await _rig.FindAsync(CacheRig.Key("r")));
        Assert.Empty(_rig.Log.Lines);
    }

    [Fact]
    public async Task Waiting_answers_are_bounded_in_bytes_and_the_oldest_drop_out()
    {
        AnswerCache writer = _rig.Instance();
        byte[] body = new byte[10_000_000];
        for (int i = 0; i < 10; i++)
            writer.Keep(CacheRig.Key($"r{i}"), _rig.Answer(body, TimeSpan.FromHours(1)));
        Assert.Equal(4, writer.MissedWrites);
        await writer.StartAsync(default);
        await writer.StopAsync(default);
        Assert.Null(await _rig.FindAsync(CacheRig.Key("r3")));
        Assert.NotNull(await _rig.FindAsync(CacheRig.Key("r4")));
    }

    public void Dispose() => _rig.Dispose();

    private async Task<List<BlobItem>> BlobsAsync()
    {
        List<BlobItem> items = [];
        await foreach (BlobItem item in _rig.Storage.Blobs("cache").ListAsync("", default))
            items.Add(item);
        return items;
    }
}

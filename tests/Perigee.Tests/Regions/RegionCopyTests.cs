using Perigee.Regions;
using Perigee.Storage;

namespace Perigee.Tests.Regions;

/// <summary>However many publish at once, and however long one is paused: the region ends with the home's newest row.</summary>
public sealed class RegionCopyTests : IDisposable
{
    private static readonly SharedRow Row = new("keys", "p", "r");

    private readonly TestStorage _home = new();
    private readonly TestStorage _region = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _home.Dispose();
        _region.Dispose();
    }

    [Theory]
    [InlineData("find")]
    [InlineData("write")]
    public async Task One_that_was_paused_does_not_bring_back_an_older_row(string before)
    {
        await PutAsync("one");
        RegionCopy paused = new(_home, _region);
        TaskCompletionSource gate = new(), reached = new();
        int met = 0;
        _region.Next = call =>
        {
            if (call == before && Interlocked.Exchange(ref met, 1) == 0)
            {
                reached.SetResult();
                gate.Task.Wait(Cancel);
            }

            return Mishap.None;
        };
        Task<bool> copying = Task.Run(async () => await paused.CopyAsync(Row, Cancel), Cancel);
        await reached.Task;
        await PutAsync("two");
        Assert.True(await new RegionCopy(_home, _region).CopyAsync(Row, Cancel));
        gate.SetResult();
        await copying;
        Assert.Equal("two", await ReadAsync());
    }

    [Fact]
    public async Task Many_at_once_end_with_the_newest()
    {
        int seed = Environment.TickCount & 0xFFFF;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        Random dice = new(seed);
        for (int round = 0; round < 20; round++)
        {
            await PutAsync($"{round} old");
            List<Task> all = [];
            for (int i = 0; i < 6; i++)
            {
                int wait = dice.Next(3);
                all.Add(Task.Run(
                    async () =>
                    {
                        for (int j = 0; j < wait; j++)
                            await Task.Yield();
                        await new RegionCopy(_home, _region).CopyAsync(Row, Cancel);
                    },
                    Cancel));
            }

            await PutAsync($"{round} new");
            all.Add(Task.Run(async () => await new RegionCopy(_home, _region).CopyAsync(Row, Cancel), Cancel));
            await Task.WhenAll(all);
            Assert.Equal($"{round} new", await ReadAsync());
        }
    }

    [Fact]
    public async Task A_row_that_the_home_has_no_longer_is_taken_away_and_one_that_was_never_brought_is_not()
    {
        await PutAsync("one");
        await _region.Table("keys").WriteAsync(new TableRow("p", "own").Set("name", "own"), WriteWhen.Always, Cancel);
        RegionCopy copy = new(_home, _region);
        Assert.Equal((1, 1), await copy.CopyAllAsync(Cancel));
        await _home.Table("keys").RemoveAsync("p", "r", null, Cancel);
        Assert.Equal((1, 1), await copy.CopyAllAsync(Cancel));
        Assert.Null(await _region.Table("keys").FindAsync("p", "r", Cancel));
        Assert.NotNull(await _region.Table("keys").FindAsync("p", "own", Cancel));
        Assert.Equal((0, 1), await copy.CopyAllAsync(Cancel));
    }

    [Fact]
    public async Task A_lost_reply_is_no_second_change()
    {
        await PutAsync("one");
        _region.Next = static call => call == "write" ? Mishap.ConflictWithItself : Mishap.None;
        RegionCopy copy = new(_home, _region);
        await copy.CopyAsync(Row, Cancel);
        Assert.Equal("one", await ReadAsync());
    }

    [Fact]
    public async Task A_region_that_was_too_slow_to_see_a_change_compares_everything()
    {
        Microsoft.Extensions.Time.Testing.FakeTimeProvider time = new();
        PublishedRegion region = new("east", _region, new RegionCopy(_home, _region), time, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await region.PublishAsync([], Cancel);
        TaskCompletionSource gate = new();
        _region.Gate = gate.Task;
        Task slow = region.PublishAsync([new AnnouncedChange("a", Row, time.GetTimestamp())], Cancel);
        await PutAsync("one");
        AnnouncedChange unseen = new("b", new SharedRow("keys", "p", "other"), time.GetTimestamp());
        await _home.Table("keys").WriteAsync(new TableRow("p", "other").Set("value", "x"), WriteWhen.Always, Cancel);
        await region.PublishAsync([unseen], Cancel);
        region.Drop(unseen.Id);
        gate.SetResult();
        await slow;
        Assert.Null(await _region.Table("keys").FindAsync("p", "other", Cancel));
        await region.PublishAsync([], Cancel);
        Assert.NotNull(await _region.Table("keys").FindAsync("p", "other", Cancel));
    }

    [Fact]
    public async Task All_kinds_of_values_arrive()
    {
        TableRow row = new TableRow("p", "r").Set("text", "ä").Set("number", 5L).Set("small", 3).Set("flag", true).Set("at", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
            .Set("bytes", new byte[] { 1, 2, 3 }).Set("real", 0.5);
        await _home.Table("keys").WriteAsync(row, WriteWhen.Always, Cancel);
        RegionCopy copy = new(_home, _region);
        Assert.True(await copy.CopyAsync(Row, Cancel));
        TableRow there = (await _region.Table("keys").FindAsync("p", "r", Cancel))!;
        foreach ((string name, object value) in row.Values)
            Assert.Equal(value, there.Values[name]);
        Assert.False(await copy.CopyAsync(Row, Cancel));
    }

    [Fact]
    public async Task The_configuration_comes_with_its_blob_or_not_at_all()
    {
        SharedRow current = new("configuration", "configuration", "current");
        await _home.Table("configuration").WriteAsync(new TableRow("configuration", "current").Set("hash", "abc"), WriteWhen.Always, Cancel);
        RegionCopy copy = new(_home, _region);
        await Assert.ThrowsAsync<StorageException>(async () => await copy.CopyAsync(current, Cancel));
        Assert.Null(await _region.Table("configuration").FindAsync("configuration", "current", Cancel));
        await _home.Blobs("configuration").WriteAsync("abc.json", "{}"u8.ToArray(), "application/json", Cancel);
        Assert.True(await copy.CopyAsync(current, Cancel));
        await using Stream? blob = await _region.Blobs("configuration").OpenAsync("abc.json", Cancel);
        Assert.NotNull(blob);
    }

    private async Task PutAsync(string value) => await _home.Table("keys").WriteAsync(new TableRow("p", "r").Set("value", value), WriteWhen.Always, Cancel);

    private async Task<string?> ReadAsync() => (await _region.Table("keys").FindAsync("p", "r", Cancel))?.Text("value");
}

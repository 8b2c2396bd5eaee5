using Microsoft.Extensions.Time.Testing;
using Perigee.Storage;
using Perigee.Usage;

namespace Perigee.Tests.Usage;

public sealed class UsageSweeperTests : IDisposable
{
    private static readonly UsageOptions Options = new() { MinuteDays = 1, HourDays = 3, DayDays = 10 };

    private readonly TestStorage _storage = new();
    private readonly FakeTimeProvider _time = new(Moments.Noon.AddDays(-20));

    public void Dispose() => _storage.Dispose();

    [Fact]
    public async Task Rows_go_when_they_are_too_old_and_not_before_and_a_sweep_reads_no_more_than_it_must()
    {
        UsageRig rig = new(_storage, Options);
        UsageSweeper sweeper = new(rig.Store, _time);
        await sweeper.SweepAsync(Options, default);
        for (int day = 0; day < 16; day++)
        {
            for (int minute = 0; minute < 5; minute++)
                rig.Take(new Asked(_time.GetUtcNow().AddMinutes(minute)));
            await rig.FlushAsync();
            _time.Advance(TimeSpan.FromDays(1));

            // An instance that was away for some days goes on where the last one ended.
            if (day % 3 == 2)
                await sweeper.SweepAsync(Options, default);
        }

        await sweeper.SweepAsync(Options, default);
        List<string> rows = [];
        await foreach (TableRow row in _storage.Table(UsageRow.Table).ScanAsync(default))
        {
            if (row.Partition != "swept")
                rows.Add($"{row.Partition}|{row.Row[0]}");
        }

        // Sixteen days from the 4th on; today is the 20th, of which there is nothing yet.
        Assert.Equal(5, rows.Count(static row => row == "2026-11-19|m"));
        Assert.DoesNotContain("2026-11-18|m", rows);
        Assert.Equal(["2026-11-17", "2026-11-18", "2026-11-19"], rows.Where(static row => row.EndsWith('h')).Select(static row => row[..10]));
        Assert.Equal(Enumerable.Range(10, 10).Select(static day => $"2026-11-{day}"), rows.Where(static row => row.EndsWith('d')).Select(static row => row[..10]));

        _storage.Log.Clear();
        Assert.Equal(0, await sweeper.SweepAsync(Options, default));
        Assert.Equal(["find", "find", "find"], _storage.Log);
    }

    [Fact]
    public async Task A_sweep_that_breaks_off_is_gone_on_with()
    {
        UsageRig rig = new(_storage, Options);
        UsageSweeper sweeper = new(rig.Store, _time);
        await sweeper.SweepAsync(Options, default);
        rig.Take(new Asked(_time.GetUtcNow()), new Asked(_time.GetUtcNow().AddMinutes(1)), new Asked(_time.GetUtcNow().AddMinutes(2)));
        await rig.FlushAsync();
        _time.Advance(TimeSpan.FromDays(2));
        int removed = 0;
        _storage.Next = call => call == "remove" && ++removed == 2 ? Mishap.Down : Mishap.None;
        await Assert.ThrowsAsync<StorageException>(async () => await sweeper.SweepAsync(Options, default));
        Assert.Equal(2, await sweeper.SweepAsync(Options, default));
        Assert.Equal(3, (await rig.ReadAsync($"from={Moments.Noon.AddDays(-20):yyyy-MM-dd}&to={Moments.Noon.AddDays(-19):yyyy-MM-dd}", _time.GetUtcNow()))[0].Cell.Requests);
    }
}

using Perigee.Limits;
using Perigee.Storage;

namespace Perigee.Tests.Limits;

/// <summary>Two regions and a home that goes away and comes back: what was spent by shares counts as soon as it is back.</summary>
public sealed class HomeOutageTests : IDisposable
{
    private const int Amount = 300;

    private readonly MovedClock _time = new(new DateTimeOffset(2026, 11, 22, 18, 30, 20, TimeSpan.Zero));
    private readonly TestStorage _home, _east, _west;
    private readonly LimitLedger[] _regions;

    public HomeOutageTests()
    {
        (_home, _east, _west) = (new TestStorage(time: _time), new TestStorage(time: _time), new TestStorage(time: _time));
        _regions = [.. new[] { ("home", _home), ("east", _east), ("west", _west) }.Select(one => Ledgers.Make(one.Item2, _time, _home.Table("homelimits"), one.Item1))];
    }

    public static TheoryData<string, string> Windows() => new()
    {
        { nameof(LimitPeriod.Total), nameof(LimitWindow.Fixed) },
        { nameof(LimitPeriod.Month), nameof(LimitWindow.Fixed) },
        { nameof(LimitPeriod.Day), nameof(LimitWindow.Fixed) },
        { nameof(LimitPeriod.Hour), nameof(LimitWindow.Sliding) },
    };

    public void Dispose()
    {
        foreach (LimitLedger region in _regions)
            region.Dispose();
        _home.Dispose();
        _east.Dispose();
        _west.Dispose();
    }

    [Theory, MemberData(nameof(Windows))]
    public async Task What_was_spent_by_shares_counts_when_the_home_is_back(string period, string window)
    {
        LimitRule rule = Rule(period, window);
        int all = await BeginAsync(rule);
        _home.Next = static _ => Mishap.Down;
        int shared = 0;
        foreach (LimitLedger region in _regions)
            shared += await region.AdmittedAsync(200, rule);
        all += shared;
        Assert.InRange(shared, 200, Amount - 18);

        // Whoever is asked first when it is back, nobody is granted what others have spent already.
        _home.Next = static _ => Mishap.None;
        for (int round = 0; round < 10; round++)
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            foreach (LimitLedger region in _regions)
            {
                region.Tidy();
                all += await region.AdmittedAsync(60, rule);
                Assert.InRange(all, 0, Amount);
            }
        }

        Assert.InRange(all, 285, Amount);
    }

    [Theory, MemberData(nameof(Windows))]
    public async Task It_is_charged_there_though_nobody_asks_any_more(string period, string window)
    {
        LimitRule rule = Rule(period, window);
        int all = await BeginAsync(rule);
        _home.Next = static _ => Mishap.Down;
        foreach (LimitLedger region in _regions.Skip(1))
            all += await region.AdmittedAsync(200, rule);
        Assert.InRange(all, 150, 18 + (2 * (Amount - 18) / 3) + 12);

        // Longer than an unused counter is remembered.
        for (int step = 0; step < 20; step++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            foreach (LimitLedger region in _regions)
                region.Tidy();
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        _home.Next = static _ => Mishap.None;
        await Eventually.IsTrueAsync(
            async () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(500));
                foreach (LimitLedger region in _regions.Skip(1))
                    region.Tidy();
                return await _regions[0].SpentAsync(rule) >= all;
            },
            "What was spent of the shares should be charged at home.");
        all += await _regions[0].AdmittedAsync(Amount, rule);
        Assert.InRange(all, 285, Amount);
    }

    [Fact]
    public async Task A_region_that_owes_more_than_is_left_is_granted_nothing_until_it_has_left_the_window()
    {
        // West is asked for the first time when east knows of no other region but the home: east's share is too large.
        LimitRule rule = Rule(nameof(LimitPeriod.Hour), nameof(LimitWindow.Sliding));
        int all = await _regions[0].AdmittedAsync(1, rule) + await _regions[1].AdmittedAsync(1, rule);
        _home.Next = static _ => Mishap.Down;
        all += await _regions[1].AdmittedAsync(Amount, rule);
        _home.Next = static _ => Mishap.None;
        int west = await _regions[2].AdmittedAsync(Amount, rule);
        Assert.True(all + west > Amount, $"{all} + {west} should be more than there is, or this says nothing.");
        await Eventually.IsTrueAsync(
            async () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(500));
                foreach (LimitLedger region in _regions)
                    region.Tidy();
                return await _regions[0].SpentAsync(rule) >= all + west;
            },
            "What was spent should be charged at home.");
        for (int step = 0; step < 10; step++)
        {
            _time.Advance(TimeSpan.FromMinutes(5));
            foreach (LimitLedger region in _regions)
            {
                region.Tidy();
                Assert.Equal(0, await region.AdmittedAsync(3, rule));
            }
        }

        Assert.InRange(await _regions[0].SpentAsync(rule), all + west, all + west + 5);
        _time.Advance(TimeSpan.FromMinutes(20));
        all = 0;
        for (int step = 0; step < 5; step++)
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            foreach (LimitLedger region in _regions)
            {
                region.Tidy();
                all += await region.AdmittedAsync(Amount, rule);
            }
        }

        Assert.InRange(all, 285, Amount);
    }

    private static LimitRule Rule(string period, string window) =>
        Ledgers.Rule(LimitMeter.Requests, Amount, Enum.Parse<LimitPeriod>(period), Enum.Parse<LimitWindow>(window)) with { StorageDown = WhenStorageDown.Share };

    /// <summary>Every region asks three times; while it is asked it hears of the others from home.</summary>
    private async Task<int> BeginAsync(LimitRule rule)
    {
        int admitted = 0;
        for (int round = 0; round < 3; round++)
        {
            _time.Advance(TimeSpan.FromSeconds(3));
            foreach (LimitLedger region in _regions)
            {
                admitted += await region.AdmittedAsync(2, rule);
                region.Tidy();
            }

            foreach (TestStorage storage in (TestStorage[])[_home, _east, _west])
                await Eventually.IsTrueAsync(() => HeardAsync(storage, rule), "A region that is asked should hear from home.");
        }

        Assert.Equal(18, admitted);
        return admitted;
    }

    private async Task<bool> HeardAsync(TestStorage storage, LimitRule rule)
    {
        await foreach (TableRow row in storage.Table("limits").ReadAsync(rule.Id, null, null, TestContext.Current.CancellationToken))
            return row.Number("homeSeenAt") > _time.GetUtcNow().AddSeconds(-1).Ticks;
        return false;
    }
}

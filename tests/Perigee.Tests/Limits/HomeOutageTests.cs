using Perigee.Limits;

namespace Perigee.Tests.Limits;

/// <summary>Two regions and a home that goes away and comes back: what was spent by shares counts as soon as it is back.</summary>
public sealed class HomeOutageTests : IDisposable
{
    private readonly MovedClock _time = new(new DateTimeOffset(2026, 11, 22, 18, 30, 20, TimeSpan.Zero));
    private readonly TestStorage _home = new(), _east = new(), _west = new();

    public void Dispose()
    {
        _home.Dispose();
        _east.Dispose();
        _west.Dispose();
    }

    [Theory]
    [InlineData(nameof(LimitPeriod.Total))]
    [InlineData(nameof(LimitPeriod.Month))]
    [InlineData(nameof(LimitPeriod.Hour))]
    public async Task What_was_spent_by_shares_counts_when_the_home_is_back(string period)
    {
        LimitLedger[] regions = [.. new[] { ("home", _home), ("east", _east), ("west", _west) }.Select(one => Ledgers.Make(one.Item2, _time, _home.Table("homelimits"), one.Item1))];
        LimitRule rule = Ledgers.Rule(LimitMeter.Requests, 300, Enum.Parse<LimitPeriod>(period)) with { StorageDown = WhenStorageDown.Share };
        int all = 0;
        for (int round = 0; round < 3; round++)
        {
            foreach (LimitLedger region in regions)
                all += await region.AdmittedAsync(2, rule);
        }

        Assert.Equal(18, all);
        _home.Next = static _ => Mishap.Down;
        int shared = 0;
        foreach (LimitLedger region in regions.Skip(1))
            shared += await region.AdmittedAsync(200, rule);
        all += shared;

        // East asked home before west was there, and knows of two regions: half of what is left for it, a third for west.
        Assert.InRange(shared, 150, 240);

        _home.Next = static _ => Mishap.None;
        for (int round = 0; round < 10; round++)
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            foreach (LimitLedger region in regions)
            {
                region.Tidy();
                all += await region.AdmittedAsync(60, rule);
            }
        }

        Assert.InRange(all, 285, 300);
    }
}

using Microsoft.Extensions.DependencyInjection;
using Perigee.Limits;
using Perigee.Storage;

namespace Perigee.Tests.Limits;

public sealed class CounterSweeperTests : IDisposable
{
    private readonly MovedClock _time = new(new DateTimeOffset(2026, 11, 29, 12, 0, 0, TimeSpan.Zero));
    private readonly TestStorage _storage;

    public CounterSweeperTests() => _storage = new TestStorage(time: _time);

    public void Dispose() => _storage.Dispose();

    [Fact]
    public async Task Rows_whose_windows_are_over_leave_and_all_others_stay()
    {
        LimitRule minute = Ledgers.Rule(LimitMeter.Requests, 5);
        LimitRule month = Ledgers.Rule(LimitMeter.Money, 500, LimitPeriod.Month, LimitWindow.Fixed);
        LimitRule total = Ledgers.Rule(LimitMeter.Tokens, 500, LimitPeriod.Total, LimitWindow.Fixed);
        CounterSweeper sweeper = new(_storage.Table("limits"), _time);
        using (LimitLedger ledger = Ledgers.Make(_storage, _time))
        {
            (await ledger.AskAsync(5, minute, month, total)).Settle(new LimitAmounts(5, 0, 5));
            ledger.Tidy();
            await ledger.StopAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(0, await sweeper.SweepAsync(TestContext.Current.CancellationToken));
        _time.Advance(TimeSpan.FromHours(25));
        Assert.Equal(1, await sweeper.SweepAsync(TestContext.Current.CancellationToken));
        using (LimitLedger later = Ledgers.Make(_storage, _time))
        {
            Assert.Equal(5, await later.AdmittedAsync(7, minute));
            Assert.Equal(5, await later.SpentAsync(total));
            Assert.InRange(await later.SpentAsync(month), 0, 5);
            await later.StopAsync(TestContext.Current.CancellationToken);
        }

        _time.Advance(TimeSpan.FromDays(70));
        Assert.Equal(2, await sweeper.SweepAsync(TestContext.Current.CancellationToken));
        List<string> left = [];
        await foreach (TableRow row in _storage.Table("limits").ScanAsync(TestContext.Current.CancellationToken))
            left.Add(row.Row);
        Assert.Equal(["Tokens-Total-UTC", "clock"], left.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_table_of_all_regions_is_swept_by_the_home_alone()
    {
        LimitRule rule = Ledgers.Rule(LimitMeter.Requests, 5);
        using TestStorage east = new(time: _time);
        using ServiceProvider ofEast = Services(east, new RegionStorages { Home = _storage });
        using ServiceProvider ofHome = Services(_storage, new RegionStorages { Others = [new RegionStorage("east", east)] });
        LimitLedger away = ofEast.GetRequiredService<LimitLedger>();
        LimitLedger home = ofHome.GetRequiredService<LimitLedger>();
        Assert.Equal(1, await away.AdmittedAsync(1, rule));
        Assert.Equal(2, await RowsAsync(_storage.Table("limits")));
        _time.Advance(TimeSpan.FromHours(26));

        // Each sweeps once; east its own table only.
        away.Tidy();
        await Eventually.IsTrueAsync(async () => await RowsAsync(east.Table("regionlimits")) == 0, "East should have swept its own.");
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal(2, await RowsAsync(_storage.Table("limits")));
        home.Tidy();
        await Eventually.IsTrueAsync(async () => await RowsAsync(_storage.Table("limits")) == 1, "The home should have swept the table of all, but for the clock.");
        Assert.Equal(5, await home.AdmittedAsync(7, rule));
    }

    [Theory]
    [InlineData("Requests-Minute-40x15050000", 1)]
    [InlineData("Requests-Minute-20x30250000", 1)]
    [InlineData("Money-Month-Europe_Vienna", 64)]
    [InlineData("Concurrency-None-UTC", 1)]
    [InlineData("Money-Total-UTC", null)]
    [InlineData("clock", null)]
    [InlineData("202611291200", null)]
    [InlineData("Stars-Minute-40", null)]
    public void Key_tells_how_long_a_row_is_kept(string key, int? days) =>
        Assert.Equal(days is { } known ? TimeSpan.FromDays(known) : null, CounterSweeper.KeptFor(key));

    private ServiceProvider Services(TestStorage storage, RegionStorages regions) => new ServiceCollection()
        .AddLogging()
        .AddSingleton<IStorage>(storage)
        .AddSingleton(regions)
        .AddSingleton(new SharedTables(storage, regions, _time))
        .AddSingleton(new GatewayHost { Mode = "local", Region = regions.Home is null ? "home" : "east", Instance = regions.Home is null ? "0000aaaa" : "0000bbbb" })
        .AddSingleton<TimeProvider>(_time)
        .AddLimits()
        .BuildServiceProvider();

    private static async Task<int> RowsAsync(ITable table)
    {
        int rows = 0;
        await foreach (TableRow row in table.ScanAsync(TestContext.Current.CancellationToken))
            rows++;
        return rows;
    }
}

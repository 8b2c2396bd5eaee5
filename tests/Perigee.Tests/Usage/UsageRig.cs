using Microsoft.AspNetCore.Http;
using Perigee.Logs;
using Perigee.Storage;
using Perigee.Tests.Configuration;
using Perigee.Usage;

namespace Perigee.Tests.Usage;

/// <summary>One instance's usage on a storage that others may share.</summary>
internal sealed class UsageRig(IStorage storage, UsageOptions? options = null, string instance = "abcd1234", string region = "local")
{
    private readonly Snapshot _options = new(options ?? new UsageOptions());

    public UsageRollups Rollups => field ??= new UsageRollups(new GatewayHost { Mode = "local", Instance = instance, Region = region }, _options, new Redactor(["sk-"]));

    public UsageStore Store => field ??= new UsageStore(storage, Rollups);

    public UsageReport Report => field ??= new UsageReport(Store);

    public Reconciler Reconciler => field ??= new Reconciler(storage, Store);

    public IGatewayOptions Options => _options;

    public void Take(params Asked[] asked)
    {
        foreach (Asked one in asked)
            Rollups.Take(one.Record());
    }

    public async Task<int> FlushAsync() => await Store.FlushAsync(CancellationToken.None);

    /// <summary>The lines of a query such as <c>from=...&amp;groupBy=key</c>.</summary>
    public async Task<List<UsageLine>> ReadAsync(string query, DateTimeOffset? now = null)
    {
        DefaultHttpContext http = new();
        http.Request.QueryString = new QueryString("?" + query);
        UsageQuery? read = UsageQuery.Read(http, now ?? Moments.Noon, _options.Current.Usage, out GatewayError? error);
        Assert.True(read is not null, error?.Message);
        return (await Report.ReadAsync(read, CancellationToken.None))!;
    }

    /// <summary>The numbers of the day of the tests, in one cell.</summary>
    public async Task<UsageCell> TotalAsync(string query = "from=2026-11-24&to=2026-11-25")
    {
        UsageCell total = new();
        foreach (UsageLine line in await ReadAsync($"{query}&bucket=total"))
            total.Merge(line.Cell);
        return total;
    }

    private sealed class Snapshot(UsageOptions usage) : IGatewayOptions
    {
        public GatewayOptions Current { get; } = Settings.Read("") with { Usage = usage };
    }
}

/// <summary>Moments of the tests.</summary>
internal static class Moments
{
    public static DateTimeOffset Noon { get; } = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset At(int hour, int minute, int second = 0) => new(2026, 11, 24, hour, minute, second, TimeSpan.Zero);
}

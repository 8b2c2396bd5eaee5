using Microsoft.Extensions.DependencyInjection;
using Perigee.Limits;
using Perigee.Storage;
using Perigee.Tests.Caching.Proving;
using Perigee.Tests.Limits;

namespace Perigee.Tests.Regions;

/// <summary>A gateway of one region becomes one of several, and one of one again.</summary>
public sealed class GrowingTests
{
    [Theory]
    [InlineData(nameof(LimitMeter.Requests))]
    [InlineData(nameof(LimitMeter.Money))]
    public async Task What_was_spent_before_still_counts(string meter)
    {
        LimitRule rule = Ledgers.Rule(Enum.Parse<LimitMeter>(meter), 20, LimitPeriod.Total);
        int more;
        using TestStorage home = new(), east = new();
        await using (Instance alone = await StartAsync(home, "home", RegionStorages.None))
            Assert.Equal(8, await LedgerOf(alone).AdmittedAsync(8, rule));

        await using (Instance one = await StartAsync(home, "home", new RegionStorages { Others = [new RegionStorage("east", east)] }))
        await using (Instance two = await StartAsync(east, "east", new RegionStorages { Home = home }))
        {
            int admitted = await LedgerOf(one).AdmittedAsync(4, rule) + await LedgerOf(two).AdmittedAsync(4, rule);
            Assert.Equal(8, admitted);
            more = await LedgerOf(one).AdmittedAsync(20, rule) + await LedgerOf(two).AdmittedAsync(20, rule);
        }

        await using Instance again = await StartAsync(home, "home", RegionStorages.None);
        Assert.InRange(16 + more + await LedgerOf(again).AdmittedAsync(20, rule), 19, 20);
    }

    private static LimitLedger LedgerOf(Instance instance) => instance.Services.GetRequiredService<LimitLedger>();

    private static Task<Instance> StartAsync(TestStorage storage, string region, RegionStorages regions) => Instance.StartAsync(
        storage, TimeProvider.System, "{}",
        services =>
        {
            services.AddSingleton(new GatewayHost { Mode = "local", Region = region, BoundToLoopback = true });
            services.AddSingleton(regions);
        },
        open: false);
}

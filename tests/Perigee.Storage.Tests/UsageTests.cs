using Perigee.Usage;

namespace Perigee.Storage.Tests;

/// <summary>Usage of several instances at once, on both storages: what they counted is what is read.</summary>
public sealed class UsageTests(AzuritePlace azurite, ITestOutputHelper output)
{
    private static readonly DateTimeOffset Midnight = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public Task On_the_emulator() => RunAsync(azurite);

    [Fact]
    public async Task On_embedded_storage()
    {
        using EmbeddedPlace place = new();
        await RunAsync(place);
    }

    private async Task RunAsync(IPlace place)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        UsageCell exact = new();
        Lock turn = new();
        Instance[] instances = [.. Enumerable.Range(0, 4).Select(i => new Instance(place.Open(), $"i{i}"))];
        await Parallel.ForEachAsync(instances, async (instance, cancel) =>
        {
            Random dice = new(seed + instance.GetHashCode());
            for (int i = 0; i < 400; i++)
            {
                ExchangeRecord record = new()
                {
                    Id = Guid.NewGuid().ToString("N"),
                    Time = Midnight.AddMinutes(dice.Next(90)),
                    Dialect = $"d{dice.Next(8)}",
                    Operation = $"o{dice.Next(8)}",
                };
                lock (turn)
                    exact.Add(UsageSample.Of(record));
                instance.Rollups.Take(record);
                if (i % 40 == 39)
                    await instance.Store.FlushAsync(cancel);
            }
        });

        UsageStore reader = new Instance(place.Open(), "r").Store;
        foreach (UsagePeriod period in Enum.GetValues<UsagePeriod>())
        {
            UsageCell sum = new();
            HashSet<string> groups = [];
            await reader.ReadAsync([new UsagePiece(period, Midnight, Midnight.AddDays(1))], (_, group, cell) =>
            {
                sum.Merge(cell);
                groups.Add(group.ToString());
            }, TestContext.Current.CancellationToken);
            Assert.Equal((exact.Requests, 64), (sum.Requests, groups.Count));
            sum.Merge(exact, -1);
            Assert.True(sum.IsZero, $"{period} (seed {seed})");
        }
    }

    private sealed class Instance(IStorage storage, string name)
    {
        public UsageRollups Rollups => field ??= new UsageRollups(new GatewayHost { Mode = "local", Instance = name }, new Snapshot(), new Logs.Redactor([]));

        public UsageStore Store => field ??= new UsageStore(storage, Rollups);
    }

    private sealed class Snapshot : IGatewayOptions
    {
        public GatewayOptions Current { get; } = new()
        {
            Providers = System.Collections.Frozen.FrozenDictionary<string, Providers.Provider>.Empty,
            Aliases = System.Collections.Frozen.FrozenDictionary<string, string>.Empty,
        };
    }
}

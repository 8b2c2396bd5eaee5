using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Callers;
using Perigee.Embedded;
using Perigee.Logs;
using Perigee.Storage;
using Perigee.Tests.Caching.Store;
using Perigee.Tests.Configuration;
using Perigee.Tests.Failover;
using Perigee.Tests.Usage;
using Perigee.Webhooks;

namespace Perigee.Tests.Webhooks;

/// <summary>What is told of keys that will expire, of the storage and of lost logs, by whole gateways on a clock that stands until it is moved.</summary>
public sealed class WatchTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 14, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_that_will_expire_is_told_of_once_for_each_day_by_one_of_the_instances()
    {
        await using Receiver receiver = await Receiver.StartAsync();
        MovedClock clock = new(Start);
        await using Stored stored = new();
        await using GatewayRig one = await RigAsync(receiver.Entry(), stored.Storage, clock);
        await using GatewayRig two = await RigAsync(receiver.Entry(), stored.Storage, clock);
        KeyStore keys = one.Services.GetRequiredService<KeyStore>();
        (string secret, KeyRecord soon) = await keys.CreateAsync("canary-name", null, null, Start.AddDays(9), Cancel);
        (_, KeyRecord never) = await keys.CreateAsync("n", null, null, null, Cancel);
        (_, KeyRecord revoked) = await keys.CreateAsync("r", null, null, Start.AddDays(9), Cancel);
        await keys.RevokeAsync(revoked.Id, Cancel);
        (_, KeyRecord brief) = await keys.CreateAsync("b", null, null, Start.AddHours(12), Cancel);
        AdminKeyRecord admin = new(AdminKeys.HashOf("x"), "canary-name", ManagementRole.Viewer, Start, Start.AddDays(9), null);
        await one.Services.GetRequiredService<AdminKeys>().WriteAsync(admin, Cancel);

        await LookAsync(one, two);
        Assert.Equal(0, receiver.Count);
        clock.Advance(TimeSpan.FromDays(2));
        for (int i = 0; i < 3; i++)
            await LookAsync(one, two);
        await Eventually.IsTrueAsync(() => receiver.Count >= 2, "the first day is told");
        Assert.Equal([("admin-key", admin.Id, 7), ("key", soon.Id, 7)], Told(receiver));
        JsonElement data = receiver.Of("key.expiring").Single(static one => one.GetProperty("kind").GetString() == "key");
        Assert.Equal(Start.AddDays(9), data.GetProperty("expiresAt").GetDateTimeOffset());

        clock.Advance(TimeSpan.FromDays(6));
        await LookAsync(two, one);
        await Eventually.IsTrueAsync(() => receiver.Count >= 4, "the last day is told");
        clock.Advance(TimeSpan.FromDays(2));
        await LookAsync(one, two);

        // Time for what must not come.
        await Task.Delay(300, Cancel);
        Assert.Equal([("admin-key", admin.Id, 1), ("admin-key", admin.Id, 7), ("key", soon.Id, 1), ("key", soon.Id, 7)], Told(receiver));
        Assert.Equal(4, receiver.All.Select(static message => message.Id).Distinct().Count());
        string all = string.Join('\n', receiver.All.Select(static message => message.Body));
        Assert.DoesNotContain("canary", all, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, all, StringComparison.Ordinal);
        Assert.DoesNotContain(never.Id, all, StringComparison.Ordinal);
        Assert.DoesNotContain(brief.Id, all, StringComparison.Ordinal);

        // What was told of keys that are gone is kept no longer.
        List<TableRow> rows = [];
        await foreach (TableRow row in stored.Storage.Table("health").ReadAsync(KeyWatch.Event, null, null, Cancel))
            rows.Add(row);
        Assert.Empty(rows);
    }

    [Fact]
    public async Task Who_wants_other_days_is_told_on_those_and_an_hourly_look_finds_them()
    {
        await using Receiver often = await Receiver.StartAsync();
        await using Receiver usual = await Receiver.StartAsync();
        MovedClock clock = new(Start);
        await using Stored stored = new();
        await using GatewayRig rig = await RigAsync(often.Entry(""" "events": ["key.expiring"], "expiringDays": [30, 3], """) + ", " + usual.Entry(), stored.Storage, clock);
        await rig.Services.GetRequiredService<KeyStore>().CreateAsync("n", null, null, Start.AddDays(31), Cancel);
        foreach ((double day, int[] expected, int[] others) in ((double, int[], int[])[])[(2, [30], []), (25, [30], [7]), (29, [3, 30], [7]), (30.5, [3, 30], [1, 7])])
        {
            clock.Advance(Start.AddDays(day) - clock.GetUtcNow());

            // The looks are an hour apart.
            await UntilAsync(clock, () => Days(often).SequenceEqual(expected) && Days(usual).SequenceEqual(others), $"day {day}", TimeSpan.FromMinutes(20));
        }
    }

    [Fact]
    public async Task A_storage_that_is_away_is_told_and_that_it_is_back()
    {
        await using Receiver receiver = await Receiver.StartAsync();
        MovedClock clock = new(Start);
        await using Stored stored = new();
        Flaky storage = new(stored.Storage);
        await using GatewayRig rig = await RigAsync(receiver.Entry(""" "events": ["storage.down", "storage.up"], """), storage, clock);
        storage.Away = true;
        await UntilAsync(clock, () => receiver.Of("storage.down").Count > 0, "the storage is away");
        for (int i = 0; i < 5; i++)
            await StepAsync(clock);
        storage.Away = false;
        await UntilAsync(clock, () => receiver.Of("storage.up").Count > 0, "the storage is back");
        Assert.Equal("local", Assert.Single(receiver.Of("storage.down")).GetProperty("region").GetString());
        Assert.Single(receiver.Of("storage.up"));

        // One look that fails is no outage.
        storage.FailOnce = true;
        for (int i = 0; i < 5; i++)
            await StepAsync(clock);
        Assert.False(storage.FailOnce);
        Assert.Equal(2, receiver.Count);
    }

    [Fact]
    public async Task Logs_that_are_dropped_are_told_once_an_outage()
    {
        await using Receiver receiver = await Receiver.StartAsync();
        MovedClock clock = new(Start);
        await using Stored stored = new();
        await using GatewayRig rig = await RigAsync(receiver.Entry(""" "events": ["logs.dropped"], """), stored.Storage, clock, """ , "logs": {"memoryBytes": 1048576} """);
        LogShipper shipper = rig.Services.GetRequiredService<LogShipper>();
        for (int outage = 1; outage <= 2; outage++)
        {
            stored.Storage.Before = static call => call == "write blobs logs" ? throw new StorageException("away") : Task.CompletedTask;

            // The bound is read when the next blob begins.
            shipper.Take(new Asked(Start).Record());
            await StepAsync(clock);
            for (int i = 0; i < 5000; i++)
                shipper.Take(new Asked(Start).Record());
            Assert.True(shipper.DroppedEver > 0);
            await UntilAsync(clock, () => receiver.Of("logs.dropped").Count >= outage, "lost logs are told");
            for (int i = 0; i < 5; i++)
            {
                for (int j = 0; j < 1000; j++)
                    shipper.Take(new Asked(Start).Record());
                await StepAsync(clock);
            }

            Assert.Equal(outage, receiver.Count);
            JsonElement data = receiver.Of("logs.dropped")[outage - 1];
            Assert.True(data.GetProperty("dropped").GetInt64() > 0);
            Assert.Equal("local", data.GetProperty("region").GetString());
            stored.Storage.Before = static _ => Task.CompletedTask;
            await UntilAsync(clock, () => shipper.Dropped == 0, "the drops are written");

            // What is dropped ten minutes later belongs to another outage.
            clock.Advance(TimeSpan.FromMinutes(11));
            await StepAsync(clock);
        }
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1.5")]
    [InlineData("400")]
    [InlineData("\"7\"")]
    [InlineData("1,2,3,4,5,6,7,8,9,10,11")]
    public void Days_that_cannot_be_are_said_with_their_place(string days) => Assert.StartsWith(
        "webhooks[0].expiringDays:",
        Assert.Single(Settings.Faults($$"""{"webhooks":[{"url":"https://example.com","secretVariable":"GOOD","expiringDays":[{{days}}]}]}""", ("GOOD", Receiver.Secret))), StringComparison.Ordinal);

    private static IEnumerable<(string, string, int)> Told(Receiver receiver) => receiver.Of("key.expiring")
        .Select(static data => (data.GetProperty("kind").GetString()!, data.GetProperty("id").GetString()!, data.GetProperty("days").GetInt32())).Order();

    private static IEnumerable<int> Days(Receiver receiver) => receiver.Of("key.expiring").Select(static data => data.GetProperty("days").GetInt32()).Order();

    private static Task LookAsync(params GatewayRig[] rigs) => Task.WhenAll(rigs.Select(static rig => rig.Services.GetRequiredService<KeyWatch>().LookAsync(Cancel)));

    /// <summary>Moves the clock a step at a time until something is so, and gives what each step sets off time: senders count by this clock, too.</summary>
    private static async Task UntilAsync(MovedClock clock, Func<bool> condition, string what, TimeSpan? step = null)
    {
        for (int steps = 0; steps < 40; steps++)
        {
            clock.Advance(step ?? TimeSpan.FromSeconds(10));
            for (int look = 0; look < 60; look++)
            {
                if (condition())
                    return;
                await Task.Delay(20, Cancel);
            }
        }

        Assert.Fail(what);
    }

    private static async Task StepAsync(MovedClock clock)
    {
        clock.Advance(TimeSpan.FromSeconds(10));
        await Task.Delay(20, Cancel);
    }

    private static Task<GatewayRig> RigAsync(string hooks, IStorage storage, MovedClock clock, string more = "") => GatewayRig.StartAsync(
        $$"""{"webhooks": [{{hooks}}]{{more}} }""",
        builder => builder.Services.AddSingleton(storage).AddSingleton<TimeProvider>(clock), ("HOOK_SECRET", Receiver.Secret));

    /// <summary>A storage that several gateways share, and that can be broken.</summary>
    private sealed class Stored : IAsyncDisposable
    {
        private readonly EmbeddedStorage _embedded = new(Path.Combine(Path.GetTempPath(), "perigee-hooks-" + Guid.NewGuid().ToString("N")));

        public Stored() => Storage = new BreakableStorage(_embedded);

        public BreakableStorage Storage { get; }

        public ValueTask DisposeAsync()
        {
            _embedded.Dispose();
            try
            {
                Directory.Delete(_embedded.Location, recursive: true);
            }
            catch (IOException)
            {
                // The last write of what the storage does in the background.
            }

            return default;
        }
    }

    /// <summary>A storage whose probe fails.</summary>
    private sealed class Flaky(IStorage inner) : IStorage
    {
        private volatile bool _away;
        private volatile bool _once;

        public bool Away
        {
            get => _away;
            set => _away = value;
        }

        public bool FailOnce
        {
            get => _once;
            set => _once = value;
        }

        public string Location => inner.Location;

        public ITable Table(string name) => inner.Table(name);

        public IBlobs Blobs(string container) => inner.Blobs(container);

        public ValueTask DropTableAsync(string name, CancellationToken cancel) => inner.DropTableAsync(name, cancel);

        public ValueTask ProbeAsync(CancellationToken cancel)
        {
            bool once = _once;
            _once = false;
            return _away || once ? throw new StorageException("away") : default;
        }
    }
}

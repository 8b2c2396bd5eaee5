using Microsoft.Extensions.DependencyInjection;
using Perigee.Storage;
using Perigee.Tests.Caching.Proving;

namespace Perigee.Tests.Regions;

/// <summary>Three regions, each one instance and one storage; the first is the home of the others. The clock stands until it is moved.</summary>
internal sealed class RegionScene : IAsyncDisposable
{
    /// <summary>The regions' names, the home first.</summary>
    public static readonly string[] Names = ["home", "east", "west"];

    private readonly List<TestStorage> _storages = [];
    private readonly List<Instance> _instances = [];

    private readonly string _configuration;
    private readonly bool _open;

    private RegionScene(string configuration, bool open) => (_configuration, _open) = (configuration, open);

    public MovedClock Time { get; } = new(new DateTimeOffset(2026, 11, 22, 18, 30, 20, TimeSpan.Zero));

    public IReadOnlyList<Instance> All => _instances;

    public Instance Home => _instances[0];

    public Instance East => _instances[1];

    public TestStorage StorageOf(int region) => _storages[region];

    public static async Task<RegionScene> StartAsync(string configuration = "{}", bool open = false)
    {
        RegionScene scene = new(configuration, open);
        foreach (string _ in Names)
            scene._storages.Add(new TestStorage());
        for (int i = 0; i < Names.Length; i++)
            scene._instances.Add(await scene.MakeAsync(i));
        return scene;
    }

    /// <summary>One more instance of a region.</summary>
    public async Task<Instance> AddAsync(int region)
    {
        Instance instance = await MakeAsync(region);
        _instances.Add(instance);
        return instance;
    }

    /// <summary>Moves the clock in small steps until something is so; fails where it is not within a time.</summary>
    public async Task<TimeSpan> WithinAsync(TimeSpan most, Func<Task<bool>> condition, string what)
    {
        TimeSpan moved = TimeSpan.Zero;
        while (true)
        {
            // What a step of the clock sets off runs on other threads: it is given real time, too.
            for (int look = 0; look < 10; look++)
            {
                if (await condition())
                    return moved;
                await Task.Delay(2, TestContext.Current.CancellationToken);
            }

            // At the end of it a busy machine is given what it may need, with the clock standing.
            for (long began = TimeProvider.System.GetTimestamp(); moved >= most;)
            {
                if (await condition())
                    return moved;
                Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), $"not within {most.TotalSeconds} s: {what}");
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }

            Time.Advance(TimeSpan.FromMilliseconds(250));
            moved += TimeSpan.FromMilliseconds(250);
        }
    }

    public Task<TimeSpan> WithinAsync(TimeSpan most, Func<Instance, Task<bool>> condition, string what) => WithinAsync(
        most,
        async () =>
        {
            foreach (Instance instance in _instances)
            {
                if (!await condition(instance))
                    return false;
            }

            return true;
        },
        what);

    public async ValueTask DisposeAsync()
    {
        foreach (Instance instance in _instances)
            await instance.DisposeAsync();
        foreach (TestStorage storage in _storages)
            storage.Dispose();
    }

    private Task<Instance> MakeAsync(int region) => Instance.StartAsync(
        _storages[region], Time, _configuration,
        services =>
        {
            services.AddSingleton(new GatewayHost { Mode = "local", Region = Names[region], BoundToLoopback = true });
            services.AddSingleton(region == 0
                ? new RegionStorages { Others = [new RegionStorage(Names[1], _storages[1]), new RegionStorage(Names[2], _storages[2])] }
                : new RegionStorages { Home = _storages[0] });
        },
        _open);
}

using Perigee.Caching.Store;
using Perigee.Embedded;
using Perigee.Storage;
using Perigee.Tests.Caching.Store;

namespace Perigee.Tests.Caching.Proving;

/// <summary>Providers, one storage that can be broken, a clock, and as many instances of the gateway as a test wants.</summary>
internal sealed class Scene : IAsyncDisposable
{
    private readonly EmbeddedStorage _embedded = new(Path.Combine(Path.GetTempPath(), "perigee-" + Guid.NewGuid().ToString("N")));
    private readonly List<Instance> _instances = [];

    private Scene(Provider provider, TimeProvider? time)
    {
        (Provider, Clock) = (provider, time ?? Time);
        Storage = new BreakableStorage(_embedded);
    }

    public Provider Provider { get; }

    public BreakableStorage Storage { get; }

    /// <summary>The storage's folder.</summary>
    public string Folder => _embedded.Location;

    /// <summary>The clock, unless the scene has one of its own.</summary>
    public MovedClock Time { get; } = new(new DateTimeOffset(2026, 11, 24, 14, 0, 0, TimeSpan.Zero));

    public TimeProvider Clock { get; }

    /// <summary>Puts others in the place of the gateway's own services.</summary>
    private Action<Microsoft.Extensions.DependencyInjection.IServiceCollection>? Services { get; init; }

    /// <summary>The members of perigee.json besides the providers.</summary>
    public string More { get; private init; } = "";

    public bool Closed { get; private init; }

    public Instance One => _instances[0];

    public int Calls => Provider.Calls;

    /// <summary>Starts it with one instance.</summary>
    /// <param name="more">Members of perigee.json, each after a comma of its own but the first.</param>
    /// <param name="time">A clock of its own.</param>
    /// <param name="services">Puts others in the place of the gateway's own services.</param>
    public static async Task<Scene> StartAsync(
        string more = "", TimeProvider? time = null, Action<Microsoft.Extensions.DependencyInjection.IServiceCollection>? services = null)
    {
        Scene scene = new(await Provider.StartAsync(), time) { More = more, Services = services };
        await scene.AddAsync();
        return scene;
    }

    /// <summary>Starts it with one instance that takes nobody without a key.</summary>
    public static async Task<Scene> StartClosedAsync(string more = "")
    {
        Scene scene = new(await Provider.StartAsync(), null) { More = more, Closed = true };
        await scene.AddAsync();
        return scene;
    }

    /// <summary>Starts a further instance.</summary>
    public async Task<Instance> AddAsync()
    {
        Instance instance = await Instance.StartAsync(Storage, Clock, $$"""
            {
              "providers": { {{Provider.Configuration}} },
              "retries": {"max": 0}, "breaker": {"failures": 1000, "percent": 100}{{(More.Length > 0 ? ", " + More : "")}}
            }
            """, Services, open: !Closed);
        _instances.Add(instance);
        return instance;
    }

    /// <summary>The rows of answers that all instances share, past whatever breaks the storage.</summary>
    public async Task<List<TableRow>> RowsAsync()
    {
        List<TableRow> rows = [];
        foreach (string name in await TablesAsync())
        {
            await foreach (TableRow row in _embedded.Table(name).ScanAsync(default))
                rows.Add(row);
        }

        return [.. rows.Where(static row => row.Text("form") is not null)];
    }

    /// <summary>Puts a row in the place of that of its key, in all tables of answers.</summary>
    public async Task ReplaceAsync(TableRow row)
    {
        foreach (string name in await TablesAsync())
            await _embedded.Table(name).WriteAsync(row, WriteWhen.Always, default);
    }

    /// <summary>Moves the clock on, a little at a time, until something has come of it.</summary>
    public async Task<T> MoveOnAsync<T>(Task<T> task, TimeSpan most, TimeSpan? step = null)
    {
        for (TimeSpan moved = TimeSpan.Zero; !task.IsCompleted && moved < most; moved += step ?? TimeSpan.FromMilliseconds(50))
        {
            Time.Advance(step ?? TimeSpan.FromMilliseconds(50));
            await Task.WhenAny(task, Task.Delay(25));
        }

        return await task.WaitAsync(TimeSpan.FromSeconds(90));
    }

    private async Task<List<string>> TablesAsync()
    {
        List<string> tables = [];
        await foreach (TableRow bucket in _embedded.Table(BucketRegistry.StateTable).ReadAsync("buckets", null, null, default))
            tables.Add(bucket.Row);
        return tables;
    }

    /// <summary>Waits until so many answers can be found by other instances. What is written stands in one table, or in two where a day ends meanwhile.</summary>
    public Task WrittenAsync(int answers = 1) => Eventually.IsTrueAsync(
        async () => (await RowsAsync()).DistinctBy(static row => (row.Partition, row.Row)).Count() >= answers, $"{answers} answers are written");

    public async ValueTask DisposeAsync()
    {
        Storage.Before = static _ => Task.CompletedTask;
        foreach (Instance instance in _instances)
            await instance.DisposeAsync();
        await Provider.DisposeAsync();
        _embedded.Dispose();
        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (IOException)
        {
            // The last write of what the storage does in the background.
        }
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Regions;

/// <summary>
/// Three regions on one machine: three processes, three storage emulators, and 120 ms more between a region and another's storage. Each process reaches its own storage at once;
/// the home can be cut off.
/// </summary>
internal sealed class ThreeRegions : IAsyncDisposable
{
    public static readonly string[] Names = ["home", "east", "west"];

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(120);

    private readonly List<Azurite> _storages = [];
    private readonly List<DistantPort> _lines = [];
    private readonly List<string> _distant = [];
    private readonly Gateway?[] _gateways = new Gateway?[Names.Length];

    private ThreeRegions()
    {
    }

    public Gateway Home => _gateways[0]!;

    public Gateway East => _gateways[1]!;

    public IEnumerable<Gateway> All => _gateways.OfType<Gateway>();

    public static async Task<ThreeRegions> StartAsync()
    {
        ThreeRegions regions = new();
        foreach (string _ in Names)
        {
            Azurite storage = await Azurite.StartAsync();
            DistantPort tables = new(storage.TablePort, Between), blobs = new(storage.BlobPort, Between);
            regions._storages.Add(storage);
            regions._lines.AddRange([tables, blobs]);
            regions._distant.Add(storage.Through(tables.Port, blobs.Port));
        }

        for (int i = 0; i < Names.Length; i++)
            await regions.StartAsync(i);
        return regions;
    }

    /// <summary>Starts the process of a region.</summary>
    public async Task StartAsync(int region)
    {
        Dictionary<string, string> environment = new()
        {
            ["PERIGEE_REGION"] = Names[region],
            ["PERIGEE_STORAGE_CONNECTION"] = _storages[region].ConnectionString,
        };
        if (region == 0)
            environment["PERIGEE_REGIONS"] = JsonSerializer.Serialize(Enumerable.Range(1, Names.Length - 1).Select(i => new { region = Names[i], storage = _distant[i] }));
        else
            environment["PERIGEE_HOME_STORAGE"] = _distant[0];
        _gateways[region] = await Gateway.StartAsync(HostKind.Local, "{}", environment: environment);
    }

    /// <summary>The home is gone for the others, and its process is killed.</summary>
    public async Task LoseHomeAsync()
    {
        _lines[0].Cut();
        _lines[1].Cut();
        await Home.DisposeAsync();
        _gateways[0] = null;
    }

    /// <summary>It is back, with the storage that it had.</summary>
    public async Task BringHomeBackAsync()
    {
        _lines[0].Mend();
        _lines[1].Mend();
        await StartAsync(0);
    }

    public static async Task<(string Key, string Id)> KeyAsync(Gateway gateway, object settings)
    {
        using HttpClient admin = gateway.Client(Gateway.AdminKey);
        using HttpResponseMessage answer = await admin.PostAsJsonAsync("/manage/v1/keys", settings, TestContext.Current.CancellationToken);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        using JsonDocument json = JsonDocument.Parse(text);
        return (json.RootElement.GetProperty("key").GetString()!, json.RootElement.GetProperty("id").GetString()!);
    }

    /// <summary>Waits until every region answers a key with a status; returns how long it took.</summary>
    public async Task<TimeSpan> UntilAsync(string key, HttpStatusCode status, TimeSpan most)
    {
        long began = TimeProvider.System.GetTimestamp();
        HttpClient[] clients = [.. All.Select(gateway => gateway.Client(key))];
        try
        {
            foreach (HttpClient client in clients)
            {
                while ((await Refusals.Answer.ChatAsync(client, "demo/echo")).Status != status)
                {
                    TimeSpan took = TimeProvider.System.GetElapsedTime(began);
                    Assert.True(took < most, $"{took}: {client.BaseAddress} does not answer {status}");
                    await Task.Delay(100, TestContext.Current.CancellationToken);
                }
            }
        }
        finally
        {
            foreach (HttpClient client in clients)
                client.Dispose();
        }

        return TimeProvider.System.GetElapsedTime(began);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Gateway gateway in All)
            await gateway.DisposeAsync();
        foreach (DistantPort line in _lines)
            await line.DisposeAsync();
        foreach (Azurite storage in _storages)
            await storage.DisposeAsync();
    }
}

using System.Text;
using System.Text.Json;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Outages;

/// <summary>A gateway as a process of its own with a configuration of its own, a key, and an eye on it. For tests and benchmarks.</summary>
internal sealed class Testbed : IAsyncDisposable
{
    private const string AdminKey = "admin-of-the-outages";

    private readonly DirectoryInfo? _own;
    private readonly HttpClient _admin;

    private Testbed(LocalApp app, DirectoryInfo? own)
    {
        (App, _own) = (app, own);
        _admin = new HttpClient { BaseAddress = new Uri(app.Url) };
        _admin.DefaultRequestHeaders.Authorization = new("Bearer", AdminKey);
    }

    /// <summary>The process.</summary>
    public LocalApp App { get; }

    /// <summary>A key without a limit that matters.</summary>
    public string Key { get; private set; } = "";

    /// <summary>Starts one.</summary>
    /// <param name="config">perigee.json.</param>
    /// <param name="folder">Where that and its data lie; null makes a folder that dies with this object.</param>
    /// <param name="environment">Additions to the environment.</param>
    public static async Task<Testbed> StartAsync(string config, string? folder = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        DirectoryInfo? own = folder is null ? Directory.CreateTempSubdirectory("perigee-") : null;
        folder ??= own!.FullName;
        string file = Path.Combine(folder, "perigee.json");
        await File.WriteAllTextAsync(file, config);
        Dictionary<string, string> all = new()
        {
            ["PERIGEE_DATA"] = Path.Combine(folder, "data"),
            ["PERIGEE_CONFIG"] = file,
            ["PERIGEE_ADMIN_KEY"] = AdminKey,
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
            all[name] = value;
        Testbed bed = new(await LocalApp.StartAsync(all), own);
        using StringContent wish = new("""{"name":"outages","requestsPerMinute":100000000}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage made = await bed._admin.PostAsync(new Uri("/manage/v1/keys", UriKind.Relative), wish);
        using JsonDocument key = JsonDocument.Parse(await made.Content.ReadAsStringAsync());
        bed.Key = key.RootElement.GetProperty("key").GetString()!;
        return bed;
    }

    /// <summary>Providers for perigee.json: name by name.</summary>
    public static string Providers(params (string Name, FickleProvider Provider)[] providers) => string.Join(", ", providers.Select(one =>
        $$""" "{{one.Name}}": { "kind": "custom", "baseUrl": "{{one.Provider.Url}}/v1", "network": "loopback" } """));

    /// <summary>What it knows of a target: state and calls in flight.</summary>
    public async Task<(string State, int InFlight)> HealthAsync(string target) =>
        (await TargetsAsync()).Where(one => one.Target == target).Select(one => (one.State, one.InFlight)).FirstOrDefault(("never met", 0));

    /// <summary>What it knows of all targets.</summary>
    public async Task<IReadOnlyList<(string Target, string State, int InFlight)>> TargetsAsync()
    {
        using JsonDocument list = JsonDocument.Parse(await _admin.GetStringAsync(new Uri("/manage/v1/health/targets", UriKind.Relative)));
        return [.. list.RootElement.GetProperty("data").EnumerateArray().Select(one =>
            (one.GetProperty("target").GetString()!, one.GetProperty("state").GetString()!, one.GetProperty("inFlight").GetInt32()))];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await App.DisposeAsync();
        _own?.Delete(recursive: true);
    }
}

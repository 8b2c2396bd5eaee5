using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Running;

/// <summary>The gateway as a process, in either host, asking its callers for keys.</summary>
public sealed class Gateway : IAsyncDisposable
{
    /// <summary>What stands in for providers' keys: no byte of any log, table or output may hold it.</summary>
    public const string Canary = "canary-5f0c1d7e9b";

    private readonly HttpClient _admin;
    private readonly DirectoryInfo? _ownFolder;

    private Gateway(IRunningApp app, HostKind kind, string folder, DirectoryInfo? ownFolder)
    {
        (App, Kind, Data, _ownFolder) = (app, kind, folder, ownFolder);
        _admin = Client(AdminKey);
    }

    /// <summary>The value of PERIGEE_ADMIN_KEY.</summary>
    public static string AdminKey { get; } = "admin-" + Canary + Guid.NewGuid().ToString("N");

    /// <summary>The running app.</summary>
    public IRunningApp App { get; }

    /// <summary>In which host it runs.</summary>
    public HostKind Kind { get; }

    /// <summary>The folder of its embedded storage and of its perigee.json.</summary>
    public string Data { get; }

    /// <summary>perigee.json.</summary>
    public string ConfigFile => ConfigIn(Data);

    /// <summary>The public address, without a slash at the end.</summary>
    public string Url => App.Url;

    /// <summary>Starts one.</summary>
    /// <param name="kind">In which host.</param>
    /// <param name="config">The text of perigee.json.</param>
    /// <param name="folder">Where its data lies; null makes a folder that dies with this object.</param>
    /// <param name="environment">Additions to the environment.</param>
    public static async Task<Gateway> StartAsync(
        HostKind kind, string config, string? folder = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        DirectoryInfo? own = folder is null ? Directory.CreateTempSubdirectory("perigee-") : null;
        folder ??= own!.FullName;
        await File.WriteAllTextAsync(ConfigIn(folder), config);
        Dictionary<string, string> all = Environment(folder);
        all["PERIGEE_ADMIN_KEY"] = AdminKey;
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
            all[name] = value;
        return new Gateway(await IRunningApp.StartAsync(kind, BuiltApp.Gateway, all), kind, folder, own);
    }

    /// <summary>The environment of a gateway with its data in a folder and keys for its providers.</summary>
    public static Dictionary<string, string> Environment(string folder) => new()
    {
        ["PERIGEE_DATA"] = Path.Combine(folder, "data"),
        ["PERIGEE_CONFIG"] = ConfigIn(folder),
        ["OPENAI_API_KEY"] = "sk-" + Canary + "-openai",
        ["OWN_API_KEY"] = Canary + "-own",
        // Behind the test host the gateway knows from this variable that only loopback can reach it.
        ["ASPNETCORE_URLS"] = "http://127.0.0.1:7071",
    };

    /// <summary>Makes a key, of a tenant of its own unless one is named.</summary>
    public async Task<string> NewKeyAsync(int? requestsPerMinute = null, string? tenant = null)
    {
        using HttpResponseMessage answer = await _admin.PostAsJsonAsync(
            "/manage/v1/keys", new { name = "test", tenant, requestsPerMinute }, TestContext.Current.CancellationToken);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        using JsonDocument json = JsonDocument.Parse(text);
        return json.RootElement.GetProperty("key").GetString()!;
    }

    /// <summary>A client that sends a key as OpenAI's SDKs do, or none.</summary>
    public HttpClient Client(string? key)
    {
        // An answer that is disposed of is cut at once: by default the handler would read on for two seconds, to save the connection.
        SocketsHttpHandler handler = new() { AllowAutoRedirect = false, UseCookies = false, ResponseDrainTimeout = TimeSpan.Zero, MaxResponseDrainSize = 0 };
        HttpClient client = new(handler) { BaseAddress = new Uri(Url), Timeout = Patience.Most };
        if (key is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>A client with a key of its own.</summary>
    public async Task<HttpClient> NewClientAsync(int? requestsPerMinute = null, string? tenant = null) =>
        Client(await NewKeyAsync(requestsPerMinute, tenant));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await App.DisposeAsync();
        _ownFolder?.Delete(recursive: true);
    }

    private static string ConfigIn(string folder) => Path.Combine(folder, "perigee.json");
}

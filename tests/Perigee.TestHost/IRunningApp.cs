namespace Perigee.TestHost;

/// <summary>In which of its two hosts an app runs.</summary>
public enum HostKind
{
    /// <summary>By itself, on Kestrel: what <c>dotnet run</c> starts.</summary>
    Local,

    /// <summary>As an isolated worker behind the test host.</summary>
    Isolated,
}

/// <summary>A built app that runs as a process of its own, in either host.</summary>
public interface IRunningApp : IAsyncDisposable
{
    /// <summary>The public address, without a slash at the end.</summary>
    string Url { get; }

    /// <summary>The process.</summary>
    AppProcess Process { get; }

    /// <summary>Everything it printed or logged so far.</summary>
    string Output { get; }

    /// <summary>Stops it the way that its host does: SIGTERM, or a message of the Functions host.</summary>
    Task<AppStop> StopAsync();

    /// <summary>Starts an app in the host of that kind.</summary>
    static async Task<IRunningApp> StartAsync(HostKind kind, string appFolder, IReadOnlyDictionary<string, string>? environment = null) =>
        kind == HostKind.Local
            ? await LocalApp.StartAsync(appFolder, environment, [])
            : await FunctionsTestHost.StartAsync(appFolder, environment);
}

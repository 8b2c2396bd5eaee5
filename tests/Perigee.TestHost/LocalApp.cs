using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Perigee.TestHost;

/// <summary>The built app as a plain process on its own Kestrel: what <c>dotnet run</c> starts.</summary>
public sealed class LocalApp : IRunningApp
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);
    private static readonly HttpClient s_probe = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    private LocalApp(AppProcess process, string url) => (Process, Url) = (process, url);

    /// <summary>Where it listens, without a slash at the end.</summary>
    public string Url { get; }

    /// <summary>The process.</summary>
    public AppProcess Process { get; }

    /// <summary>Everything it printed so far.</summary>
    public string Output => Process.Output;

    /// <summary>Starts the gateway's app.</summary>
    public static Task<LocalApp> StartAsync(IReadOnlyDictionary<string, string>? environment = null, params string[] args) =>
        StartAsync(BuiltApp.Gateway, environment, args);

    /// <summary>Starts an app on a free port of 127.0.0.1 (unless the arguments hold <c>--urls</c>) and waits until it answers.</summary>
    public static async Task<LocalApp> StartAsync(string appFolder, IReadOnlyDictionary<string, string>? environment, string[] args)
    {
        int given = Array.IndexOf(args, "--urls");
        for (int attempt = 1; ; attempt++)
        {
            string url = given < 0 ? $"http://127.0.0.1:{FreePort()}" : args[given + 1].Split(';')[0].TrimEnd('/');
            AppProcess process = Launch(appFolder, environment, given < 0 ? [.. args, "--urls", url] : args);
            try
            {
                await WaitUntilServing(process, url);
                return new LocalApp(process, url);
            }
            catch (AppStartException fault)
            {
                await process.DisposeAsync();
                // Another process may have taken the free port in between.
                if (given >= 0 || attempt == 3 || !fault.Message.Contains("address already in use", StringComparison.OrdinalIgnoreCase))
                    throw;
            }
        }
    }

    /// <summary>Runs the gateway's app to its end: for starts that have to fail, and commands that print.</summary>
    public static async Task<(int ExitCode, string Output)> RunToEndAsync(IReadOnlyDictionary<string, string>? environment, params string[] args)
    {
        await using AppProcess process = Launch(BuiltApp.Gateway, environment, args);
        return (await process.WaitForExitAsync(s_patience), process.Output);
    }

    /// <summary>Stops it by SIGTERM.</summary>
    public Task<AppStop> StopAsync() => Process.StopAsync(TimeSpan.FromSeconds(10));

    /// <summary>Stops it by SIGKILL.</summary>
    public Task KillAsync() => Process.KillAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Process.DisposeAsync();

    private static AppProcess Launch(string appFolder, IReadOnlyDictionary<string, string>? environment, string[] args)
    {
        WorkerConfig config = WorkerConfig.Read(appFolder);
        return AppProcess.Start(config.Executable, [config.Worker, .. args], appFolder, environment);
    }

    private static async Task WaitUntilServing(AppProcess process, string url)
    {
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            if (process.HasExited)
            {
                int code = await process.WaitForExitAsync(s_patience);
                throw new AppStartException($"The app ended with exit code {code}:\n{process.Output}");
            }

            if (Stopwatch.GetElapsedTime(begin) > s_patience)
                throw new AppStartException($"The app did not answer at {url}:\n{process.Output}");
            try
            {
                using HttpResponseMessage any = await s_probe.GetAsync(new Uri(url + "/"), HttpCompletionOption.ResponseHeadersRead);
                return;
            }
            catch (HttpRequestException)
            {
                // Nobody listens yet; there is no event to wait for across the border of a process.
                await Task.Delay(TimeSpan.FromMilliseconds(25));
            }
        }
    }

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}

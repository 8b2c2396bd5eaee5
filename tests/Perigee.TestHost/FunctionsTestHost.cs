using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Perigee.TestHost.Wire;
using Yarp.ReverseProxy.Forwarder;

namespace Perigee.TestHost;

/// <summary>
/// A small Functions host: starts a built app as an isolated worker, speaks the real protocol with it and serves its functions on a public
/// port. Works with our stand-in worker and with Microsoft's.
/// </summary>
public sealed class FunctionsTestHost : IRunningApp
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly WebApplication _rpc;
    private readonly WorkerChannel _channel;
    private WebApplication? _front;
    private FunctionProxy? _proxy;

    private FunctionsTestHost(WebApplication rpc, WorkerChannel channel, AppProcess process) => (_rpc, _channel, Process) = (rpc, channel, process);

    /// <summary>The public address, without a slash at the end.</summary>
    public string Url { get; private set; } = "";

    /// <summary>The worker's process.</summary>
    public AppProcess Process { get; }

    /// <summary>The worker's process id.</summary>
    public int Pid => Process.Pid;

    /// <summary>The names of the functions, in the order in which their routes are tried.</summary>
    public IReadOnlyList<string> Functions { get; private set; } = [];

    /// <summary>The capabilities that the worker told.</summary>
    public IReadOnlyDictionary<string, string> Capabilities { get; private set; } = new Dictionary<string, string>();

    /// <summary>Everything the worker printed or logged so far.</summary>
    public string Output => string.Join('\n', [Process.Output, .. _channel.Logs]);

    /// <summary>Starts the gateway's app.</summary>
    public static Task<FunctionsTestHost> StartAsync(IReadOnlyDictionary<string, string>? environment = null) => StartAsync(BuiltApp.Gateway, environment);

    /// <summary>Starts an app and waits until its functions are loaded.</summary>
    /// <param name="appFolder">The folder with host.json and worker.config.json.</param>
    /// <param name="environment">The worker's whole environment, beside what .NET needs.</param>
    public static async Task<FunctionsTestHost> StartAsync(string appFolder, IReadOnlyDictionary<string, string>? environment = null)
    {
        string workerId = Guid.NewGuid().ToString();
        WorkerChannel channel = new(workerId);
        WebApplication rpc = Kestrel(HttpProtocols.Http2, services =>
        {
            services.AddSingleton(channel);
            services.AddGrpc(o => o.MaxReceiveMessageSize = null);
        });
        rpc.MapGrpcService<WorkerChannel>();
        await rpc.StartAsync();

        WorkerConfig config = WorkerConfig.Read(appFolder);
        Dictionary<string, string> all = new(environment ?? new Dictionary<string, string>())
        {
            ["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated",
            ["FUNCTIONS_WORKER_DIRECTORY"] = appFolder,
            ["FUNCTIONS_APPLICATION_DIRECTORY"] = appFolder,
        };
        AppProcess process = AppProcess.Start(config.Executable, [config.Worker, .. Arguments(new Uri(rpc.Urls.First()), workerId)], appFolder, all);
        FunctionsTestHost host = new(rpc, channel, process);
        try
        {
            await host.HandshakeAsync(appFolder, config.RoutePrefix);
            return host;
        }
        catch (Exception fault)
        {
            string output = host.Output;
            await host.DisposeAsync();
            throw new AppStartException($"{fault.Message}\n{output}");
        }
    }

    /// <summary>Asks the worker whether it lives, as the host's health checks do.</summary>
    public async Task PingAsync()
    {
        using CancellationTokenSource deadline = new(s_patience);
        await _channel.AskAsync(new StreamingMessage { RequestId = Guid.NewGuid().ToString(), WorkerStatusRequest = new() }, deadline.Token);
    }

    /// <summary>Tells the worker to stop, as the host does: a grace of 5 s, after which it would be killed.</summary>
    public Task<AppStop> StopAsync() => Process.StopAsync(TimeSpan.FromSeconds(10), () =>
    {
        _channel.Send(new StreamingMessage { WorkerTerminate = new WorkerTerminate { GracePeriod = new Duration { Seconds = 5 } } });
        return Task.CompletedTask;
    });

    /// <summary>Closes the stream without a word, as a host that died.</summary>
    public async Task VanishAsync()
    {
        using CancellationTokenSource atOnce = new();
        await atOnce.CancelAsync();
        await _rpc.StopAsync(atOnce.Token);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        if (_front is not null)
            await _front.DisposeAsync();
        _proxy?.Dispose();
        await _rpc.DisposeAsync();
    }

    private async Task HandshakeAsync(string appFolder, string routePrefix)
    {
        using CancellationTokenSource deadline = new(s_patience);
        Task<int> ended = Process.WaitForExitAsync(s_patience);
        Task connected = _channel.ConnectedAsync(deadline.Token);
        if (await Task.WhenAny(ended, connected) == ended)
            throw new AppStartException($"The worker ended with exit code {await ended} before it connected.");
        await connected;

        WorkerInitRequest init = new() { HostVersion = "4.1037.0.0", WorkerDirectory = appFolder, FunctionAppDirectory = appFolder };
        init.Capabilities["MultiStream"] = "10";
        WorkerInitResponse introduced = (await _channel.AskAsync(new StreamingMessage { WorkerInitRequest = init }, deadline.Token)).WorkerInitResponse;
        Require(introduced.Result, "WorkerInitResponse");
        Capabilities = introduced.Capabilities;

        FunctionMetadataResponse described = (await _channel.AskAsync(
            new StreamingMessage { FunctionsMetadataRequest = new() { FunctionAppDirectory = appFolder } }, deadline.Token)).FunctionMetadataResponse;
        Require(described.Result, "FunctionMetadataResponse");
        if (described.UseDefaultMetadataIndexing)
            throw new AppStartException("The worker does not index its functions itself.");
        IReadOnlyList<FunctionRoute> routes = FunctionRoute.Of(described.FunctionMetadataResults, routePrefix);
        Functions = [.. routes.Select(r => r.Metadata.Name)];

        await Task.WhenAll(described.FunctionMetadataResults.Select(async function =>
        {
            function.Properties["FunctionId"] = function.FunctionId;
            StreamingMessage loaded = await _channel.AskAsync(
                new StreamingMessage { FunctionLoadRequest = new() { FunctionId = function.FunctionId, Metadata = function } }, deadline.Token);
            Require(loaded.FunctionLoadResponse.Result, "FunctionLoadResponse of " + function.Name);
        }));

        _front = Kestrel(HttpProtocols.Http1, services => services.AddHttpForwarder());
        _proxy = new FunctionProxy(_front.Services.GetRequiredService<IHttpForwarder>(), _channel, introduced.Capabilities["HttpUri"], routes);
        _front.Run(_proxy.InvokeAsync);
        await _front.StartAsync(deadline.Token);
        Url = _front.Urls.First().TrimEnd('/');
    }

    private static void Require(StatusResult? result, string what)
    {
        if (result?.Status != StatusResult.Types.Status.Success)
            throw new AppStartException($"{what}: {result?.Exception?.Message ?? result?.Result ?? "no result"}");
    }

    private static WebApplication Kestrel(HttpProtocols protocols, Action<IServiceCollection> add)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 104_857_600;
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = protocols);
        });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddRouting();
        add(builder.Services);
        return builder.Build();
    }

    // Every value twice, under its old and its new name, as the real host writes them.
    private static IEnumerable<string> Arguments(Uri rpc, string workerId)
    {
        string requestId = Guid.NewGuid().ToString();
        string most = int.MaxValue.ToString(CultureInfo.InvariantCulture);
        return
        [
            "--host", rpc.Host, "--port", rpc.Port.ToString(CultureInfo.InvariantCulture), "--workerId", workerId, "--requestId", requestId,
            "--grpcMaxMessageLength", most, "--functions-uri", rpc.ToString(), "--functions-worker-id", workerId,
            "--functions-request-id", requestId, "--functions-grpc-max-message-length", most,
        ];
    }
}

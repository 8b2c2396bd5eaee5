using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Perigee.Functions;

/// <summary>Starts a host and waits for its end; a fault at start is one line on stderr and exit code 1.</summary>
internal static class Launch
{
    /// <summary>Whether the Functions host started this process.</summary>
    public static bool IsIsolatedWorker(string[] args) => args.Any(a => a is "--functions-uri" || a.StartsWith("--functions-uri=", StringComparison.Ordinal));

    /// <summary>Builds, starts and runs a host until it is told to stop.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "The outermost border: whatever fails at start is told in one line.")]
    public static async Task<int> RunAsync(Func<IHost> build)
    {
        IHost? host = null;
        try
        {
            host = build();
            StartGate gate = host.Services.GetRequiredService<StartGate>();
            await host.StartAsync();
            gate.Open();
        }
        catch (Exception fault)
        {
            await Console.Error.WriteLineAsync($"Perigee cannot start: {Explain(fault)}");
            return 1;
        }

        using (host)
            await host.WaitForShutdownAsync();
        return Environment.ExitCode;
    }

    /// <summary>What any host of the triggers needs: an open Kestrel, quiet logs, and a stop that ends before the platform kills.</summary>
    public static void AddLaunch(this IServiceCollection services)
    {
        StartGate gate = new();
        services.AddSingleton(gate);
        services.TryAddSingleton(TimeProvider.System);
        services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // The gateway has body limits of its own, by operation.
            kestrel.Limits.MaxRequestBodySize = null;
        });
        services.AddHostedService<Drain>();
        services.Configure<HostOptions>(o => o.ShutdownTimeout = Drain.Whole);
        services.AddLogging(logging => logging
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Grpc", LogLevel.Warning)
            // While anything of this could be logged, every request is given an Activity and a scope; what it has to say Launch and Kestrel say too.
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
            // Until the start is through, these two would print the fault with its stack trace: Launch says it in one line.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => gate.IsOpen && level >= LogLevel.Warning)
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel", level => gate.IsOpen && level >= LogLevel.Warning));
    }

    // A fault that somebody foresaw has a message for people; of any other the type says more than nothing.
    private static string Explain(Exception fault)
    {
        while (fault is AggregateException or System.Reflection.TargetInvocationException && fault.InnerException is { } inner)
            fault = inner;
        return fault is ConfigurationException or IOException ? fault.Message : $"{fault.GetType().Name}: {fault.Message}";
    }
}

/// <summary>Whether the start is through.</summary>
internal sealed class StartGate
{
    /// <summary>Whether the start is through.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>The start is through.</summary>
    public void Open() => IsOpen = true;
}

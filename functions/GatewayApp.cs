using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Azure;

namespace Perigee.Functions;

/// <summary>The gateway in a host: what both the local host and the isolated worker add.</summary>
internal static class GatewayApp
{
    /// <summary>Adds the gateway, its storage and what a host of ours needs.</summary>
    public static void Add(IServiceCollection services, IConfiguration configuration, GatewayHost host)
    {
        services.AddSingleton(host with { Region = GatewayHost.RegionOf(configuration) });
        services.AddPerigee(configuration);
        services.AddPerigeeWarmUp();
        StorageChoice.Make(configuration, host.Mode == "functions").AddTo(services, configuration);
        services.AddPerigeeAzureMonitor(configuration);
    }

    /// <summary>
    /// What is known of the host in front of an isolated worker. Its public addresses are its own; only where it was given them by
    /// ASPNETCORE_URLS, which this process inherits, and not on Azure, can they be loopback for sure.
    /// </summary>
    public static GatewayHost BehindFunctionsHost()
    {
        string[] urls = (Environment.GetEnvironmentVariable("ASPNETCORE_URLS") ?? "")
            .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return new GatewayHost
        {
            Mode = "functions",
            Urls = urls,
            BoundToLoopback = urls.Length > 0 && urls.All(LocalHost.IsLoopback) && !StorageChoice.OnAzure(Environment.GetEnvironmentVariable),
        };
    }
}

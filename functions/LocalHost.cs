using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Perigee.Functions;

/// <summary>Serves the same triggers on Kestrel where there is no Functions host: what plain <c>dotnet run</c> starts.</summary>
internal static class LocalHost
{
    /// <summary>Where it listens unless told otherwise: the port of the Functions host.</summary>
    public const string DefaultUrl = "http://localhost:7071";

    /// <summary>Builds the host. Addresses: <c>--urls</c>, else PERIGEE_URLS, else ASPNETCORE_URLS, else <see cref="DefaultUrl"/>.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="add">Adds the application's services.</param>
    public static IHost Build(string[] args, Action<IServiceCollection, IConfiguration, GatewayHost> add)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
        string[] urls = Urls(args, builder.Configuration);
        builder.WebHost.UseUrls(urls).UseKestrelHttpsConfiguration();
        builder.Logging.ClearProviders().AddSimpleConsole(o => o.SingleLine = true);
        builder.Services.AddLaunch();
        add(builder.Services, builder.Configuration, new GatewayHost
        {
            Mode = "local",
            Urls = urls,
            BoundToLoopback = urls.All(IsLoopback),
        });

        WebApplication app = builder.Build();
        FunctionPrefixes prefixes = new();
        app.Use(prefixes.Before);
        app.UseRouting();
        app.MapFunctions(Assembly.GetEntryAssembly()!, prefixes);
        return app;
    }

    /// <summary>Whether an address is reachable from this machine only. What cannot be told is not.</summary>
    public static bool IsLoopback(string url)
    {
        try
        {
            string host = BindingAddress.Parse(url).Host;
            return host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip));
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static string[] Urls(string[] args, ConfigurationManager configuration)
    {
        // Endpoints of a Kestrel section win over every URL, so they are what must be known.
        string?[] endpoints = [.. configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(e => e["Url"])];
        if (endpoints.Length > 0)
            return [.. endpoints.Select(e => e ?? "unknown")];

        IConfiguration line = new ConfigurationBuilder().AddCommandLine(args).Build();
        string urls = line["urls"] ?? configuration["PERIGEE_URLS"] ?? configuration["urls"] ?? DefaultUrl;
        return urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}

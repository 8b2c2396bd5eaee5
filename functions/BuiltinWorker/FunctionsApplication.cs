using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Functions;
using Perigee.Functions.BuiltinWorker;

namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Starts building an isolated worker. Same name and shape as Microsoft's, so that Program.cs is the same.</summary>
public static class FunctionsApplication
{
    /// <summary>A builder with the defaults of a worker.</summary>
    /// <param name="args">The command line that the Functions host wrote.</param>
    public static FunctionsApplicationBuilder CreateBuilder(string[] args) => new(args);
}

/// <summary>Builds an isolated worker.</summary>
public sealed class FunctionsApplicationBuilder
{
    private readonly WebApplicationBuilder _builder;

    internal FunctionsApplicationBuilder(string[] args)
    {
        _builder = WebApplication.CreateSlimBuilder(args);
        // Loopback and any free port: the Functions host learns it in the handshake.
        _builder.WebHost.UseUrls("http://127.0.0.1:0");
        // The Functions host reads stdout line by line into its own log.
        _builder.Logging.ClearProviders().AddSimpleConsole(o => o.SingleLine = true);
        _builder.Services.AddHostedService<HostChannel>();
        _builder.Services.Configure<ForwardedHeadersOptions>(o => o.ForwardedHeaders = ForwardedHeaders.All);
    }

    /// <summary>Environment and settings.</summary>
    public ConfigurationManager Configuration => _builder.Configuration;

    /// <summary>The services.</summary>
    public IServiceCollection Services => _builder.Services;

    /// <summary>Logging.</summary>
    public ILoggingBuilder Logging => _builder.Logging;

    /// <summary>Serves the functions through ASP.NET Core: the only way the stand-in knows.</summary>
    public FunctionsApplicationBuilder ConfigureFunctionsWebApplication() => this;

    /// <summary>Builds the host.</summary>
    public IHost Build()
    {
        WebApplication app = _builder.Build();
        app.UseForwardedHeaders();
        app.Use((context, next) =>
        {
            // The Functions host's join key, or one that a client made up: of no use here, and nothing to pass on.
            context.Request.Headers.Remove("x-ms-invocation-id");
            return next(context);
        });
        app.MapFunctions(System.Reflection.Assembly.GetEntryAssembly()!);
        return app;
    }
}

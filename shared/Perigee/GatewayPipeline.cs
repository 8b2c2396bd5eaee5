using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Caching;
using Perigee.Callers;
using Perigee.Forwarding;
using Perigee.Front;
using Perigee.Limits;
using Perigee.Logs;
using Perigee.Logs.Bodies;
using Perigee.Routing;
using Perigee.Telemetry;

namespace Perigee;

/// <summary>The whole gateway as one <see cref="RequestDelegate"/>: hosts hand it every HttpContext. Nothing in it knows of Azure Functions.</summary>
public sealed class GatewayPipeline
{
    private readonly RequestDelegate _pipeline;

    /// <summary>Builds the pipeline once.</summary>
    /// <param name="services">The host's services, with <see cref="GatewayServices.AddPerigee"/> among them.</param>
    public GatewayPipeline(IServiceProvider services)
    {
        // Nobody asks for it: it is there to be looked at.
        services.GetRequiredService<GatewayGauges>();
        ApplicationBuilder app = new(services);
        PlainPaths paths = new();
        app.UseMiddleware<FrontDoor>(paths);
        app.UseRouting();
        app.UseMiddleware<UnknownPath>();
        app.UseEndpoints(endpoints =>
        {
            Map(endpoints);
            paths.Learn(endpoints.DataSources.SelectMany(static source => source.Endpoints));
        });
        _pipeline = app.Build();
    }

    /// <summary>Serves one request. Never throws for a fault of client, provider or storage.</summary>
    public Task InvokeAsync(HttpContext context) => _pipeline(context);

    /// <summary>The routes. Inference goes through the eight steps; the rest is small.</summary>
    private static void Map(IEndpointRouteBuilder endpoints)
    {
        RequestDelegate steps = Steps(endpoints.CreateApplicationBuilder());
        foreach (Operation operation in Operations.All)
            endpoints.MapMethods(operation.Pattern, [operation.Method], steps).WithMetadata(operation);

        ModelsEndpoint models = endpoints.ServiceProvider.GetRequiredService<ModelsEndpoint>();
        endpoints.MapMethods("/v1/models", ["GET"], Answered(endpoints, models.ListAsync)).WithMetadata(Operations.Models);
        endpoints.MapMethods("/v1/models/{**id}", ["GET"], Answered(endpoints, models.FindAsync)).WithMetadata(Operations.Model);
        endpoints.MapMethods("/v1beta/models", ["GET"], Answered(endpoints, models.ListAsync)).WithMetadata(Operations.GeminiModels);
        endpoints.MapMethods("/v1beta/models/{**id}", ["GET"], Answered(endpoints, models.FindAsync)).WithMetadata(Operations.GeminiModel);
        endpoints.MapCallers();
        endpoints.MapManagement();
        endpoints.MapHealth();
        endpoints.MapWelcome();
    }

    /// <summary>The eight steps, in the order they are taken.</summary>
    private static RequestDelegate Steps(IApplicationBuilder steps) => steps
        .UseMiddleware<ExchangeMiddleware>()
        .UseMiddleware<TraceMiddleware>()
        .UseMiddleware<LogMiddleware>()
        .UseMiddleware<CallerMiddleware>()
        .UseMiddleware<BodyMiddleware>()
        .Use(Mark(steps, static (marks, now) => marks with { Caller = now }))
        .UseMiddleware<LimitsMiddleware>()
        .Use(Mark(steps, static (marks, now) => marks with { Limits = now }))
        .UseMiddleware<CacheMiddleware>()
        .Use(Mark(steps, static (marks, now) => marks with { Cache = now }))
        .UseMiddleware<RoutingMiddleware>()
        .UseMiddleware<ForwardMiddleware>()
        .Build();

    /// <summary>Notes, between two steps, when the one before was over.</summary>
    private static Func<RequestDelegate, RequestDelegate> Mark(IApplicationBuilder steps, Func<StepMarks, TimeSpan, StepMarks> mark)
    {
        TimeProvider time = steps.ApplicationServices.GetRequiredService<TimeProvider>();
        return next => http =>
        {
            Exchange exchange = Exchange.Of(http);
            exchange.Marks = mark(exchange.Marks, time.GetElapsedTime(exchange.Started));
            return next(http);
        };
    }

    /// <summary>The steps of a question that the gateway answers itself.</summary>
    private static RequestDelegate Answered(IEndpointRouteBuilder endpoints, RequestDelegate answer) => endpoints.CreateApplicationBuilder()
        .UseMiddleware<ExchangeMiddleware>()
        .UseMiddleware<TraceMiddleware>()
        .UseMiddleware<LogMiddleware>()
        .UseMiddleware<CallerMiddleware>()
        .Use(_ => answer)
        .Build();
}

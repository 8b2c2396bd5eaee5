using Microsoft.AspNetCore.Http;

namespace Perigee;

/// <summary>The whole gateway as one <see cref="RequestDelegate"/>: hosts hand it every HttpContext.</summary>
public sealed class GatewayPipeline
{
    private readonly RequestDelegate _pipeline = _ => Task.CompletedTask;

    /// <summary>Serves one request. Never throws for a fault of client, provider or storage.</summary>
    public Task InvokeAsync(HttpContext context) => _pipeline(context);
}

using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Perigee.Functions;

/// <summary>Whether the gateway lives and is ready, for probes and people.</summary>
public sealed class HealthFunctions(GatewayPipeline pipeline)
{
    /// <summary>Hands the request to the gateway.</summary>
    [Function("Health")]
    public Task Health(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", "put", "patch", "delete", "head", "options", Route = "health/{*path}")]
        HttpRequest request) => pipeline.InvokeAsync(request.HttpContext);
}

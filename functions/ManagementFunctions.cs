using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Perigee.Functions;

/// <summary>The management API: keys, limits, usage, configuration.</summary>
public sealed class ManagementFunctions(GatewayPipeline pipeline)
{
    /// <summary>Hands the request to the gateway.</summary>
    [Function("Management")]
    public Task Management(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", "put", "patch", "delete", "head", "options", Route = "manage/{*path}")]
        HttpRequest request) => pipeline.InvokeAsync(request.HttpContext);
}

using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Perigee.Functions;

/// <summary>The root page, and every path that nothing else serves: the gateway answers it in the client's dialect.</summary>
public sealed class CatchAllFunctions(GatewayPipeline pipeline)
{
    /// <summary>
    /// Hands the request to the gateway. The Functions host tries routes in the order of the functions' names and knows no precedence of
    /// literals, so this one has to sort last.
    /// </summary>
    [Function("ZCatchAll")]
    public Task CatchAll(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", "put", "patch", "delete", "head", "options", Route = "{*path}")]
        HttpRequest request) => pipeline.InvokeAsync(request.HttpContext);
}

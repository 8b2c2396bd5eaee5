using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Perigee.Functions;

/// <summary>Everything that the clients' SDKs call. The gateway itself knows paths, methods and dialects.</summary>
public sealed class InferenceFunctions(GatewayPipeline pipeline)
{
    /// <summary>Hands the request to the gateway.</summary>
    [Function("Inference")]
    public Task Inference(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", "put", "patch", "delete", "head", "options", Route = "v1/{*path}")]
        HttpRequest request) => pipeline.InvokeAsync(request.HttpContext);

    /// <summary>Hands a request of Gemini's clients to the gateway.</summary>
    [Function("InferenceBeta")]
    public Task InferenceBeta(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", "put", "patch", "delete", "head", "options", Route = "v1beta/{*path}")]
        HttpRequest request) => pipeline.InvokeAsync(request.HttpContext);
}

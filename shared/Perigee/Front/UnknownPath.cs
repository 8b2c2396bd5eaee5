using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Perigee.Front;

/// <summary>
/// Says 404 and 405 in the words of the API, where ASP.NET Core would send an empty body. What is no exchange is given here what its errors
/// pass through.
/// </summary>
internal sealed class UnknownPath(RequestDelegate next, IErrorRedactor errors)
{
    public Task InvokeAsync(HttpContext http)
    {
        Endpoint? endpoint = http.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<Operation>() is null)
            http.Features.Set(errors);
        if (endpoint is RouteEndpoint)
            return next(http);
        return endpoint is null ? NotFoundAsync(http) : MethodAsync(http, endpoint);
    }

    private static Task NotFoundAsync(HttpContext http) => FrontDoor.RefuseAsync(http, new GatewayError(ErrorKind.NotFound,
        $"There is no {http.Request.Method} {Shown(http.Request.Path)} here: see GET / for what there is.")).AsTask();

    /// <summary>The router's own endpoint knows which methods there are, and sets the Allow header.</summary>
    private static async Task MethodAsync(HttpContext http, Endpoint endpoint)
    {
        await endpoint.RequestDelegate!(http);
        await FrontDoor.RefuseAsync(http, new GatewayError(ErrorKind.MethodNotAllowed,
            $"{http.Request.Method} is not a method of {Shown(http.Request.Path)}: use {http.Response.Headers.Allow}."));
    }

    private static string Shown(PathString path) => ForeignText.Quoted(path.ToUriComponent(), 200);
}

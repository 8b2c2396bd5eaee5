using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Perigee.Wire;
using Perigee.Wire.Anthropic;
using Perigee.Wire.Gemini;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Front;

/// <summary>Around everything: names the request, and lets no exception out.</summary>
internal sealed partial class FrontDoor(RequestDelegate next, PlainPaths paths, GatewayHost host, TimeProvider time, ILogger<FrontDoor> log)
{
    private readonly StringValues _region = host.Region;

    public async Task InvokeAsync(HttpContext http)
    {
        string id = RequestIds.Next(time.GetUtcNow());
        http.TraceIdentifier = id;
        http.Response.Headers[HeaderNames.RequestId] = id;
        http.Response.Headers[HeaderNames.Region] = _region;
        try
        {
            // The host has matched an endpoint of its own already; the routes of the gateway are looked up anew.
            Endpoint? endpoint = paths.Find(http.Request);
            http.SetEndpoint(endpoint);
            if (endpoint is not null)
            {
                await endpoint.RequestDelegate!(http);
                return;
            }

            http.Request.RouteValues.Clear();
            await next(http);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be told.
        }
        catch (BadHttpRequestException e) when (!http.Response.HasStarted)
        {
            await RefuseAsync(http, new GatewayError(ErrorKind.BadRequest, "The request is malformed: its body ended early, or its chunks are broken.") { Status = e.StatusCode });
        }
        catch (Exception e)
        {
            LogFault(log, e, http.TraceIdentifier);
            if (http.Response.HasStarted)
                http.Abort();
            else
                await RefuseAsync(http, new GatewayError(ErrorKind.Internal, "The gateway failed: its log has the details under this x-request-id."));
        }
    }

    /// <summary>Refuses a request that is no exchange: one for a path, method or object that the gateway does not have.</summary>
    public static ValueTask RefuseAsync(HttpContext http, GatewayError error)
    {
        if (http.Features.Get<IErrorRedactor>() is { } errors)
            error = http.Request.Path.StartsWithSegments("/manage", StringComparison.OrdinalIgnoreCase) ? errors.CleanSecrets(error) : errors.Clean(error);
        ArrayBufferWriter<byte> body = new(256);
        DialectOf(http.Request.Path).WriteError(body, error);
        return Refusal.WriteAsync(http, error, body.WrittenMemory);
    }

    /// <summary>The dialect that a client speaks who asks for this path, whatever is wrong with the rest.</summary>
    private static IDialect DialectOf(PathString path) =>
        path.StartsWithSegments("/v1beta", StringComparison.OrdinalIgnoreCase) ? GeminiDialect.Instance
        : path.StartsWithSegments("/v1/messages", StringComparison.OrdinalIgnoreCase) ? AnthropicDialect.Instance
        : OpenAiChatDialect.Plain;

    [LoggerMessage(Level = LogLevel.Error, Message = "Request {Id} failed in the gateway itself.")]
    private static partial void LogFault(ILogger log, Exception fault, string id);
}

using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Perigee;

/// <summary>Writes a <see cref="GatewayError"/> to the client, in the way that is still open.</summary>
internal static class Refusal
{
    /// <summary>See <see cref="Exchange.RefuseAsync"/>.</summary>
    public static async ValueTask WriteAsync(Exchange exchange, GatewayError error)
    {
        HttpContext http = exchange.Http;
        if (http.RequestAborted.IsCancellationRequested || error.Kind == ErrorKind.ClientGone)
            return;
        if (exchange.Shown)
        {
            if (exchange.ErrorTail is { } tail)
            {
                tail(http.Response.BodyWriter, error);
                await http.Response.BodyWriter.FlushAsync(CancellationToken.None);
            }
            else if (http.Response.ContentType is { } type && type.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase))
            {
                exchange.Dialect.WriteErrorEvent(http.Response.BodyWriter, error);
                await http.Response.BodyWriter.FlushAsync(CancellationToken.None);
            }
            else
            {
                // Half of a JSON or binary body: only a broken connection says that it is not whole.
                http.Abort();
            }

            return;
        }

        ArrayBufferWriter<byte> body = new(256);
        exchange.Dialect.WriteError(body, error);
        exchange.BytesOut += body.WrittenCount;
        await WriteAsync(http, error, body.WrittenMemory);
    }

    /// <summary>Writes status, headers and the given JSON body.</summary>
    public static async ValueTask WriteAsync(HttpContext http, GatewayError error, ReadOnlyMemory<byte> body)
    {
        // What is left of the request is not read: a connection that still sends cannot be used again.
        if (error.Kind is ErrorKind.BodyTooLarge && http.Features.Get<IHttpResponseFeature>() is { HasStarted: false })
            http.Response.Headers.Connection = "close";
        http.Response.StatusCode = error.Status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        if (error.RetryAfter is { } after)
            http.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (error.Kind == ErrorKind.Unauthenticated)
            http.Response.Headers.WWWAuthenticate = "Bearer";
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.BodyWriter.WriteAsync(body, CancellationToken.None);
    }
}

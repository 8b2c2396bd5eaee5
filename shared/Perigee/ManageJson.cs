using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Perigee.Front;

namespace Perigee;

/// <summary>JSON in and out of the management API: strict on the way in, never stored on the way out.</summary>
internal static class ManageJson
{
    private const int MostBytes = 64 * 1024;

    /// <summary>Refuses in OpenAI's shape.</summary>
    public static Task RefuseAsync(HttpContext http, GatewayError error)
    {
        http.Response.Headers.CacheControl = "no-store";
        return FrontDoor.RefuseAsync(http, error).AsTask();
    }

    /// <summary>Answers with a JSON body.</summary>
    public static async Task WriteAsync<T>(HttpContext http, int status, T value, JsonTypeInfo<T> type)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(value, type);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        http.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.BodyWriter.WriteAsync(body, http.RequestAborted);
    }

    /// <summary>Reads a small JSON object. A type that wants to name unknown members has extension data for them.</summary>
    /// <returns>The object, or why it is none.</returns>
    public static async ValueTask<(T? Value, GatewayError? Error)> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type)
        where T : class
    {
        // A page in a browser can send a form or plain text to anybody, JSON only to who allows it.
        if (!http.Request.HasJsonContentType())
            return (null, new GatewayError(ErrorKind.UnsupportedMediaType, "Send 'Content-Type: application/json'."));
        byte[] body = new byte[MostBytes + 1];
        int length = await http.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, http.RequestAborted);
        if (length > MostBytes)
            return (null, new GatewayError(ErrorKind.BodyTooLarge, $"The body is larger than {MostBytes} bytes."));
        try
        {
            return JsonSerializer.Deserialize(body.AsSpan(0, length), type) is { } value
                ? (value, null)
                : (null, new GatewayError(ErrorKind.BadRequest, "The body must be a JSON object."));
        }
        catch (JsonException fault)
        {
            // The fault's own text names types of this program.
            string? member = fault.Path is { Length: > 2 } path ? path[2..] : null;
            return (null, new GatewayError(
                ErrorKind.BadRequest,
                member is null ? $"The body is no JSON object that is taken here (line {fault.LineNumber + 1})." : $"'{member}' is not of the type that it must have.",
                member));
        }
    }
}

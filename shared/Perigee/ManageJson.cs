using System.Buffers;
using System.Security.Cryptography;
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
    public static Task WriteAsync<T>(HttpContext http, int status, T value, JsonTypeInfo<T> type) =>
        WriteAsync(http, status, JsonSerializer.SerializeToUtf8Bytes(value, type));

    /// <summary>Answers with what is written.</summary>
    public static Task WriteAsync(HttpContext http, int status, Action<Utf8JsonWriter> write) => WriteAsync(http, status, ToBytes(write));

    /// <summary>Answers with a JSON body.</summary>
    public static async Task WriteAsync(HttpContext http, int status, ReadOnlyMemory<byte> body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        http.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.BodyWriter.WriteAsync(body, http.RequestAborted);
    }

    /// <summary>Answers with a thing that has a version: <c>ETag</c>, and 304 where the client has it already.</summary>
    public static Task WriteVersionAsync(HttpContext http, int status, ReadOnlyMemory<byte> body)
    {
        string tag = TagOf(body.Span);
        http.Response.Headers.ETag = tag;
        if (HttpMethods.IsGet(http.Request.Method) && Names(http.Request.Headers.IfNoneMatch, tag))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            http.Response.Headers.CacheControl = "no-store";
            return Task.CompletedTask;
        }

        return WriteAsync(http, status, body);
    }

    /// <summary>What is written, as bytes.</summary>
    public static ReadOnlyMemory<byte> ToBytes(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> body = new(1024);
        using (Utf8JsonWriter json = new(body))
            write(json);
        return body.WrittenMemory;
    }

    /// <summary>The version of a thing: a hash of how it is shown, the same from every storage.</summary>
    public static string TagOf(ReadOnlySpan<byte> shown) => $"\"{Convert.ToHexStringLower(SHA256.HashData(shown).AsSpan(0, 12))}\"";

    /// <summary>Whether a request may change a thing of that version: it states none, or this one.</summary>
    public static bool Matches(HttpContext http, string tag) =>
        http.Request.Headers.IfMatch.Count == 0 || Names(http.Request.Headers.IfMatch, tag);

    private static bool Names(Microsoft.Extensions.Primitives.StringValues header, string tag) =>
        header.ToString().Split(',', StringSplitOptions.TrimEntries).Any(one => one == tag || one == "*");

    /// <summary>Reads a small JSON object of whatever members.</summary>
    /// <returns>The object, to be disposed of, and its bytes; or why it is none.</returns>
    public static async ValueTask<(JsonDocument? Value, ReadOnlyMemory<byte> Bytes, GatewayError? Error)> ReadAsync(HttpContext http)
    {
        (ReadOnlyMemory<byte> bytes, GatewayError? error) = await ReadBytesAsync(http);
        if (error is not null)
            return (null, bytes, error);
        try
        {
            JsonDocument document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                if (IsUnicode(document.RootElement))
                    return (document, bytes, null);
                document.Dispose();
                return (null, bytes, new GatewayError(ErrorKind.BadRequest, "A text in the body holds half of a surrogate pair: send valid Unicode."));
            }

            document.Dispose();
        }
        catch (JsonException fault)
        {
            return (null, bytes, new GatewayError(ErrorKind.BadRequest, $"The body is no JSON object that is taken here (line {fault.LineNumber + 1})."));
        }

        return (null, bytes, new GatewayError(ErrorKind.BadRequest, "The body must be a JSON object."));
    }

    /// <summary>Whether every text can be read: the parser takes <c>\ud800</c> for JSON and does not decode it.</summary>
    private static bool IsUnicode(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString() is not null,
                JsonValueKind.Array => value.EnumerateArray().All(IsUnicode),
                JsonValueKind.Object => value.EnumerateObject().All(static member => member.Name is not null && IsUnicode(member.Value)),
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static async ValueTask<(ReadOnlyMemory<byte> Bytes, GatewayError? Error)> ReadBytesAsync(HttpContext http)
    {
        // A page in a browser can send a form or plain text to anybody, JSON only to who allows it.
        if (!http.Request.HasJsonContentType())
            return (default, new GatewayError(ErrorKind.UnsupportedMediaType, "Send 'Content-Type: application/json'."));
        byte[] body = new byte[MostBytes + 1];
        int length = await http.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, http.RequestAborted);
        return length > MostBytes
            ? (default, new GatewayError(ErrorKind.BodyTooLarge, $"The body is larger than {MostBytes} bytes."))
            : (body.AsMemory(0, length), null);
    }

    /// <summary>Reads a small JSON object. A type that wants to name unknown members has extension data for them.</summary>
    /// <returns>The object, or why it is none.</returns>
    public static async ValueTask<(T? Value, GatewayError? Error)> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type)
        where T : class
    {
        (ReadOnlyMemory<byte> body, GatewayError? error) = await ReadBytesAsync(http);
        if (error is not null)
            return (null, error);
        try
        {
            return JsonSerializer.Deserialize(body.Span, type) is { } value
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

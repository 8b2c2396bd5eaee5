using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Perigee.Caching;

/// <summary>What the head of a shared answer says to all: its form, and where it came from. Ids and times of the one who asked are not in it.</summary>
internal sealed class FlightHead
{
    private const string Own = "x-perigee-";

    private readonly List<KeyValuePair<string, StringValues>> _headers = [];
    private readonly int _status;
    private readonly string? _type;
    private readonly long? _length;

    /// <summary>Takes it from the response of the one who asked.</summary>
    public FlightHead(HttpResponse response)
    {
        (_status, _type, _length) = (response.StatusCode, response.ContentType, response.ContentLength);
        foreach (KeyValuePair<string, StringValues> header in response.Headers)
        {
            if (IsShared(header.Key))
                _headers.Add(header);
        }
    }

    /// <summary>Puts it on the response of one who joined.</summary>
    /// <param name="response">It has not begun.</param>
    /// <param name="body">Whether the shared body follows, or a refusal.</param>
    public void Apply(HttpResponse response, bool body)
    {
        foreach (KeyValuePair<string, StringValues> header in _headers)
        {
            if (body || header.Key.StartsWith(Own, StringComparison.OrdinalIgnoreCase))
                response.Headers[header.Key] = header.Value;
        }

        if (!body)
            return;
        response.StatusCode = _status;
        response.ContentType = _type;
        response.ContentLength = _length;
    }

    private static bool IsShared(string name) => name.StartsWith(Own, StringComparison.OrdinalIgnoreCase)
        ? !name.Equals(HeaderNames.Cache, StringComparison.OrdinalIgnoreCase)
            && !name.Equals(HeaderNames.ProviderRequestId, StringComparison.OrdinalIgnoreCase)
            && !name.Equals(HeaderNames.OverheadMs, StringComparison.OrdinalIgnoreCase)
        : name.Equals("Cache-Control", StringComparison.OrdinalIgnoreCase)
            || name.Equals("X-Accel-Buffering", StringComparison.OrdinalIgnoreCase)
            || name.Equals("Content-Language", StringComparison.OrdinalIgnoreCase);
}

using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Perigee.Front;

/// <summary>
/// The endpoints of operations whose path has no parameters, by just that path. Nearly every request names one of them letter by letter; what
/// does not (another case, a slash at the end, another method) is left to the router, which finds the same endpoint or says what is wrong.
/// </summary>
internal sealed class PlainPaths
{
    private FrozenDictionary<string, Endpoint> _posts = FrozenDictionary<string, Endpoint>.Empty;

    /// <summary>Takes over what was mapped.</summary>
    public void Learn(IEnumerable<Endpoint> endpoints)
    {
        Dictionary<string, Endpoint> posts = new(StringComparer.Ordinal);
        foreach (RouteEndpoint endpoint in endpoints.OfType<RouteEndpoint>())
        {
            if (endpoint is { RoutePattern: { Parameters.Count: 0, RawText: { } path }, RequestDelegate: not null }
                && endpoint.Metadata.GetMetadata<Operation>() is { Method: "POST" })
            {
                posts[path] = endpoint;
            }
        }

        _posts = posts.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The endpoint of a request, or null where the router has to look.</summary>
    public Endpoint? Find(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && request.Path.Value is { } path && _posts.TryGetValue(path, out Endpoint? endpoint) ? endpoint : null;
}

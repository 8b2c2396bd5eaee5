using System.Net;
using Microsoft.AspNetCore.Http;

namespace Perigee.Callers;

/// <summary>
/// Keeps web pages away from a gateway that asks for no key. A page can make the browser on this machine call loopback: under a name of its own
/// that it points there (DNS rebinding, seen by the Host header), or blindly across origins (seen by the Origin header).
/// </summary>
internal static class BrowserGuard
{
    /// <summary>For inference: also pages of this machine and programs with an embedded browser (schemes of their own).</summary>
    public static GatewayError? CheckCall(HttpRequest request) => Check(request, static (origin, _) =>
        Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && (uri.Scheme is not ("http" or "https") || IsLoopback(uri.Host)));

    /// <summary>For management: same origin only.</summary>
    public static GatewayError? CheckManagement(HttpRequest request) => Check(request, static (origin, request) =>
        string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase));

    private static GatewayError? Check(HttpRequest request, Func<string, HttpRequest, bool> allowed)
    {
        if (!IsLoopback(request.Host.Host))
        {
            return new GatewayError(ErrorKind.Forbidden,
                "This gateway is open and answers to 'localhost' or '127.0.0.1' only, not to another Host. To use another name set PERIGEE_ADMIN_KEY and make keys.");
        }

        foreach (string? origin in request.Headers.Origin)
        {
            if (origin is null || !allowed(origin, request))
            {
                return new GatewayError(ErrorKind.Forbidden,
                    "This gateway is open and takes no calls from web pages of another origin. To use it from a page set PERIGEE_ADMIN_KEY and make keys.");
            }
        }

        return null;
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}

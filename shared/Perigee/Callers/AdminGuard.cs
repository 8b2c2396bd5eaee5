using Microsoft.AspNetCore.Http;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>Lets the admin through to the management API, and nobody else.</summary>
internal sealed class AdminGuard(CallerPolicy policy)
{
    /// <summary>The handler behind the guard. A storage that is down becomes 503.</summary>
    public RequestDelegate Protect(RequestDelegate handler) => async http =>
    {
        if (Check(http) is { } error)
        {
            await ManageJson.RefuseAsync(http, error);
            return;
        }

        try
        {
            await handler(http);
        }
        catch (StorageException) when (!http.Response.HasStarted)
        {
            await ManageJson.RefuseAsync(http, new GatewayError(
                ErrorKind.StorageDown, "The gateway's storage does not answer.", RetryAfter: TimeSpan.FromSeconds(2)));
        }
    };

    /// <summary>Why this request is not the admin's, or null.</summary>
    public GatewayError? Check(HttpContext http)
    {
        if (!policy.HasAdminKey)
        {
            return policy.IsOpen
                ? BrowserGuard.CheckManagement(http.Request)
                : new GatewayError(ErrorKind.Unauthenticated, "There is no admin key: set PERIGEE_ADMIN_KEY in the gateway's settings.");
        }

        (string? token, string? key) = PresentedKey.ForAdmin(http.Request.Headers);
        if ((token is not null && policy.IsAdminKey(token)) || (key is not null && policy.IsAdminKey(key)))
            return null;
        return new GatewayError(
            ErrorKind.Unauthenticated,
            token is null && key is null
                ? "The management API needs the admin key: send 'Authorization: Bearer' with the value of PERIGEE_ADMIN_KEY."
                : "This is not the admin key (PERIGEE_ADMIN_KEY).");
    }
}

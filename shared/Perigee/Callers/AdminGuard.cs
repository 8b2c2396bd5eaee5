using Microsoft.AspNetCore.Http;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>Lets those through to the management API who may do what they ask for, and nobody else.</summary>
internal sealed class AdminGuard(
    CallerPolicy policy, AdminKeys keys, JwtCallers tokens, AuditLog audit, IGatewayOptions options, TimeProvider time)
{
    private const int MostBytes = 64 * 1024;

    /// <summary>The handler behind the guard, for admins. A storage that is down becomes 503.</summary>
    public RequestDelegate Protect(RequestDelegate handler) => Protect(handler, ManagementRole.Admin);

    /// <summary>The handler behind the guard, for a role and those above it.</summary>
    public RequestDelegate Protect(RequestDelegate handler, ManagementRole least) => async http =>
    {
        try
        {
            (Manager? manager, GatewayError? error) = await IdentifyAsync(http);
            if (manager is not null && manager.Role < least)
            {
                error = new GatewayError(ErrorKind.Forbidden,
                    $"This needs the role '{ManagementRoles.WordOf(least)}'; yours is '{ManagementRoles.WordOf(manager.Role)}'.") { Code = "role_too_low" };
            }

            if (error is not null)
            {
                await ManageJson.RefuseAsync(http, error);
                return;
            }

            http.Items[typeof(Manager)] = manager;
            await handler(http);
        }
        catch (StorageException) when (!http.Response.HasStarted)
        {
            await ManageJson.RefuseAsync(http, new GatewayError(
                ErrorKind.StorageDown, "The gateway's storage does not answer.", RetryAfter: TimeSpan.FromSeconds(2)));
        }
    };

    /// <summary>As <see cref="Protect(RequestDelegate, ManagementRole)"/>, for a change that leaves a record of what was asked before it is made.</summary>
    /// <param name="handler">Makes the change.</param>
    /// <param name="action">What it is, as <c>cache.invalidate</c>.</param>
    /// <param name="least">The role that it takes.</param>
    public RequestDelegate Audited(RequestDelegate handler, string action, ManagementRole least = ManagementRole.Admin) => Protect(
        async http =>
        {
            byte[] body = new byte[MostBytes + 1];
            int length = await http.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, http.RequestAborted);
            http.Request.Body = new MemoryStream(body, 0, length, writable: false);
            Manager who = Manager.Of(http);

            // What is no JSON, or too much of it, is refused by the handler.
            string target = http.Request.Path.Value ?? "";
            string id = await audit.WriteAsync(who, action, target, null, length <= MostBytes ? body.AsMemory(0, length) : default, http.TraceIdentifier, http.RequestAborted);
            await handler(http);
            if (http.Response.StatusCode >= 400)
                await audit.WriteFailedAsync(who, action, target, id, http.TraceIdentifier);
        },
        least);

    /// <summary>Why this request is not the owner's, or null.</summary>
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
                : "This is not the admin key (PERIGEE_ADMIN_KEY), nor one that was made with POST /manage/v1/admin-keys.");
    }

    private async ValueTask<(Manager? Manager, GatewayError? Error)> IdentifyAsync(HttpContext http)
    {
        GatewayError? error = Check(http);
        (string? token, string? key) = PresentedKey.ForAdmin(http.Request.Headers);
        if (error is null)
        {
            return (policy.HasAdminKey
                ? Manager.TheOwner with { Credential = token is not null && policy.IsAdminKey(token) ? token : key! }
                : Manager.Nobody, null);
        }

        if (token is not null && AdminKeys.MayBe(token))
            return await ByAdminKeyAsync(token);
        if (key is not null && AdminKeys.MayBe(key))
            return await ByAdminKeyAsync(key);
        return PresentedKey.Token(http.Request.Headers) is { } bearer && JwtCallers.MayBe(bearer, options.Current)
            ? await ByTokenAsync(bearer, http.RequestAborted)
            : (null, error);
    }

    private async ValueTask<(Manager?, GatewayError?)> ByAdminKeyAsync(string key)
    {
        if (await keys.FindAsync(key) is not { } record)
            return (null, new GatewayError(ErrorKind.Unauthenticated, "This admin key is not known here."));
        if (record.RevokedAt is not null)
            return (null, new GatewayError(ErrorKind.Unauthenticated, "This admin key was revoked."));
        return record.ExpiresAt <= time.GetUtcNow()
            ? (null, new GatewayError(ErrorKind.Unauthenticated, "This admin key has expired."))
            : (new Manager("admin-key", record.Id, record.Name, record.Role) { Credential = key }, null);
    }

    private async ValueTask<(Manager?, GatewayError?)> ByTokenAsync(string token, CancellationToken cancel)
    {
        (JwtIdentity? identity, GatewayError? error) = await tokens.IdentifyAsync(token, options.Current, cancel);
        if (identity is null)
            return (null, error);

        return identity.Role is { } role
            ? (new Manager("jwt", identity.Id, identity.User, role), null)
            : (null, new GatewayError(ErrorKind.Forbidden,
                "This token is good, but no rule of its issuer (auth.jwt in perigee.json) gives it a role for the management API.") { Code = "role_too_low" });
    }
}

using Microsoft.AspNetCore.Http;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>Lets those through to the management API who may do what they ask for, and nobody else.</summary>
internal sealed class AdminGuard(
    CallerPolicy policy, AdminKeys keys, JwtCallers tokens, AuditLog audit, IGatewayOptions options, TimeProvider time)
{
    private const int MostBytes = 64 * 1024;
    private const int MostRefused = 1_000;
    private const int LongestPath = 200;

    private static readonly TimeSpan RefusedPause = TimeSpan.FromMinutes(1);

    private readonly Dictionary<(string Manager, string Path), DateTimeOffset> _refused = [];

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
                if (manager is not null)
                    await NoteRefusedAsync(http, manager);
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

    /// <summary>
    /// Leaves a record of a change that was refused to somebody whom the gateway knows, one a minute for each of them and path: who tries what it may not is worth knowing, and who tries
    /// it a thousand times a second must not fill the audit. Wrong keys leave none: they are nobody's.
    /// </summary>
    private async ValueTask NoteRefusedAsync(HttpContext http, Manager manager)
    {
        if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method))
            return;
        string path = http.Request.Path.Value is { Length: <= LongestPath } given ? given : "";
        DateTimeOffset now = time.GetUtcNow();
        lock (_refused)
        {
            if (_refused.TryGetValue((manager.Id, path), out DateTimeOffset last) && now - last < RefusedPause)
                return;
            if (_refused.Count >= MostRefused)
            {
                foreach (((string, string) key, DateTimeOffset at) in _refused.ToArray())
                {
                    if (now - at >= RefusedPause)
                        _refused.Remove(key);
                }

                if (_refused.Count >= MostRefused)
                    return;
            }

            _refused[(manager.Id, path)] = now;
        }

        try
        {
            await audit.WriteAsync(manager, "access.refused", $"{http.Request.Method} {path}", null, default, http.TraceIdentifier, http.RequestAborted);
        }
        catch (StorageException)
        {
            // It is refused all the same.
        }
    }

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

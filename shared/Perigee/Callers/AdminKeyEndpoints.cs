using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Perigee.Callers;

/// <summary><c>/manage/v1/admin-keys</c>: keys for the management API itself, each with a role. For the owner alone.</summary>
internal sealed class AdminKeyEndpoints(AdminKeys keys, AuditLog audit, IdempotentReplies replies, TimeProvider time)
{
    private const string Root = "/manage/v1/admin-keys";
    private const int LongestName = 100;

    private static readonly string[] Members = ["name", "role", "expiresAt"];

    /// <summary>POST.</summary>
    public async Task CreateAsync(HttpContext http)
    {
        (JsonDocument? document, ReadOnlyMemory<byte> bytes, GatewayError? error) = await ManageJson.ReadAsync(http);
        using (document)
        {
            DateTimeOffset now = time.GetUtcNow();
            string key = AdminKeys.NewText();
            AdminKeyRecord? record = error is null ? Read(document!.RootElement, AdminKeys.HashOf(key), now, out error) : null;
            if (record is null)
            {
                await ManageJson.RefuseAsync(http, error!);
                return;
            }

            IdempotentCall call = await replies.BeginAsync(http, bytes, async id => (await keys.ListAsync(http.RequestAborted)).Exists(one => one.Id == id));
            if (await call.AnswerAsync(http))
                return;
            if ((await keys.ListAsync(http.RequestAborted)).Count >= AdminKeys.Most)
            {
                await ManageJson.RefuseAsync(http, new GatewayError(ErrorKind.Conflict, $"There are {AdminKeys.Most} admin keys, revoked ones included: no more are taken."));
                return;
            }

            ReadOnlyMemory<byte> shown = Shown.Of(record), reply = Shown.Of(record, key);
            if (await call.PlanAsync(record.Id, StatusCodes.Status201Created, $"{Root}/{record.Id}", reply, secret: true) is { } conflict)
            {
                await ManageJson.RefuseAsync(http, conflict);
                return;
            }

            await WriteAsync(http, "admin-key.create", default, shown, record);
            await call.EndAsync(made: true);
            http.Response.Headers.Location = $"{Root}/{record.Id}";
            await ManageJson.WriteAsync(http, StatusCodes.Status201Created, reply);
        }
    }

    /// <summary>GET: the oldest first.</summary>
    public async Task ListAsync(HttpContext http)
    {
        if (ListPage.Read(http, out GatewayError? error) is not { } page)
        {
            await ManageJson.RefuseAsync(http, error!);
            return;
        }

        List<AdminKeyRecord> all = await keys.ListAsync(http.RequestAborted);
        int from = page.After is null ? 0 : all.FindIndex(record => record.Id == page.After) + 1;
        await page.AnswerAsync(http, all[from..], static (json, record) => Shown.Write(json, record), static record => record.Id);
    }

    /// <summary>GET of one.</summary>
    public async Task ShowAsync(HttpContext http)
    {
        if (await FindAsync(http) is { } record)
            await ManageJson.WriteVersionAsync(http, StatusCodes.Status200OK, Shown.Of(record));
    }

    /// <summary>DELETE: revokes. It holds at once here, within 10 seconds elsewhere.</summary>
    public async Task RevokeAsync(HttpContext http)
    {
        if (await FindAsync(http) is not { } record)
            return;
        AdminKeyRecord revoked = record.RevokedAt is null ? record with { RevokedAt = time.GetUtcNow() } : record;
        if (!ReferenceEquals(revoked, record))
            await WriteAsync(http, "admin-key.revoke", Shown.Of(record), Shown.Of(revoked), revoked);
        await ManageJson.WriteVersionAsync(http, StatusCodes.Status200OK, Shown.Of(revoked));
    }

    private ValueTask<bool> WriteAsync(HttpContext http, string action, ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after, AdminKeyRecord record) =>
        audit.ChangeAsync(http, action, record.Id, before, after, async () =>
        {
            await keys.WriteAsync(record, http.RequestAborted);
            return true;
        });

    private async ValueTask<AdminKeyRecord?> FindAsync(HttpContext http)
    {
        string id = (string)http.Request.RouteValues["id"]!;
        AdminKeyRecord? record = (await keys.ListAsync(http.RequestAborted)).Find(one => one.Id == id);
        if (record is null)
            await ManageJson.RefuseAsync(http, new GatewayError(ErrorKind.NotFound, "There is no admin key of that id."));
        return record;
    }

    private static AdminKeyRecord? Read(JsonElement json, string hash, DateTimeOffset now, out GatewayError? error)
    {
        List<(string Path, string Message)> faults = [];
        LevelFields fields = new(json, faults);
        string[] unknown = [.. json.EnumerateObject().Select(static member => member.Name).Where(static name => !Members.Contains(name, StringComparer.Ordinal))];
        if (unknown.Length > 0)
        {
            string[] names = [.. unknown.Select(static name => name.Length > 50 ? name[..50] + "..." : name)];
            error = new GatewayError(ErrorKind.BadRequest,
                $"Unknown: {string.Join(", ", names.Select(static name => $"'{name}'"))}. An admin key has 'name', 'role' and 'expiresAt'.", names[0]);
            return null;
        }

        string? name = fields.Text("name", out bool faulty)?.Trim();
        if (!faulty && (string.IsNullOrEmpty(name) || name.Length > LongestName || name.Any(char.IsControl)))
            fields.Fault("name", $"is needed: 1 to {LongestName} characters, none of them a control character");
        string? role = fields.Word("role", "what it may do", "key-owner", "viewer", "admin");
        if (role is null && fields.Any("role") is null)
            fields.Fault("role", "is needed: 'key-owner', 'viewer' or 'admin'");
        DateTimeOffset? expires = fields.Moment("expiresAt");
        if (expires <= now)
            fields.Fault("expiresAt", "must be in the future");
        error = faults.Count == 0 ? null : LevelReader.Told(faults);
        return error is null
            ? new AdminKeyRecord(hash, name!, (ManagementRole)ManagementRoles.Words.ToList().IndexOf(role!), now, expires?.ToUniversalTime(), null)
            : null;
    }
}

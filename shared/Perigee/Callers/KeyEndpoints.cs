using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary><c>/manage/v1/keys</c>: make, list, show, change and revoke callers' keys. Their secrets are changed by <see cref="KeyRotation"/>.</summary>
internal sealed class KeyEndpoints(
    KeyStore store, KeyLookup lookup, OwnerStore owners, AuditLog audit, IdempotentReplies replies, TimeProvider time)
{
    public const string Root = "/manage/v1/keys";
    private const int Tries = 5;

    /// <summary>POST.</summary>
    public async Task CreateAsync(HttpContext http)
    {
        (JsonDocument? document, ReadOnlyMemory<byte> bytes, GatewayError? error) = await ManageJson.ReadAsync(http);
        if (error is not null)
        {
            await ManageJson.RefuseAsync(http, error);
            return;
        }

        using (document)
        {
            IdempotentCall call = await replies.BeginAsync(http, bytes, async id => await store.FindByIdAsync(id, http.RequestAborted) is not null);
            if (await call.AnswerAsync(http))
                return;
            string key = KeyText.New();
            string id = KeyRecord.IdOf(KeyText.Hash(key).Hex());
            if (LevelReader.Read(document!.RootElement, LevelKind.Key, id, time.GetUtcNow(), out error) is not { } settings
                || await PlaceAsync(document.RootElement, fault => error = fault, http.RequestAborted) is not { } place)
            {
                await ManageJson.RefuseAsync(http, error!);
                return;
            }

            KeyRecord record = store.Draft(key, settings) with { Organisation = place.Organisation, Team = place.Team };
            ReadOnlyMemory<byte> shown = Shown.Of(record), reply = Shown.Of(record, key);
            if (await call.PlanAsync(record.Id, StatusCodes.Status201Created, $"{Root}/{record.Id}", reply, secret: true) is { } conflict)
            {
                await ManageJson.RefuseAsync(http, conflict);
                return;
            }

            await audit.ChangeAsync(http, "key.create", record.Id, default, shown, async () =>
            {
                await store.AddAsync(record, http.RequestAborted);
                return true;
            });
            await call.EndAsync(made: true);
            await lookup.PutAsync(record);
            http.Response.Headers.Location = $"{Root}/{record.Id}";
            http.Response.Headers.ETag = ManageJson.TagOf(shown.Span);
            await ManageJson.WriteAsync(http, StatusCodes.Status201Created, reply);
        }
    }

    /// <summary>GET: the oldest first. A scan: the table is in the order of hashes.</summary>
    public async Task ListAsync(HttpContext http)
    {
        if (ListPage.Read(http, out GatewayError? error, "organisation", "team") is not { } page)
        {
            await ManageJson.RefuseAsync(http, error!);
            return;
        }

        Manager who = Manager.Of(http);
        (string? organisation, string? team) = (One(http, "organisation"), One(http, "team"));
        List<KeyRecord> records = [];
        await foreach (KeyRecord record in store.ListAsync(http.RequestAborted))
        {
            if ((who.Role > ManagementRole.KeyOwner || who.Owns(record)) && (organisation is null || record.Organisation == organisation)
                && (team is null || record.Team == team) && (page.After is null || string.CompareOrdinal(CursorOf(record), page.After) > 0))
                records.Add(record);
        }

        records.Sort(static (a, b) => string.CompareOrdinal(CursorOf(a), CursorOf(b)));
        if (records.Count > page.Limit + 1)
            records.RemoveRange(page.Limit + 1, records.Count - page.Limit - 1);
        await page.AnswerAsync(http, records, static (json, record) => Shown.Write(json, record), CursorOf);
    }

    /// <summary>GET of one.</summary>
    public async Task ShowAsync(HttpContext http)
    {
        if (await FindAsync(http) is { } record)
            await ManageJson.WriteVersionAsync(http, StatusCodes.Status200OK, Shown.Of(record));
    }

    /// <summary>PATCH.</summary>
    public async Task ChangeAsync(HttpContext http)
    {
        (JsonDocument? document, _, GatewayError? error) = await ManageJson.ReadAsync(http);
        using (document)
        {
            if (error is not null || (error = LevelPatch.Refused(document!.RootElement, LevelKind.Key)) is not null)
                await ManageJson.RefuseAsync(http, error);
            else
                await ReplaceAsync(http, "key.change", record => LevelPatch.Apply(record.Settings, document!.RootElement, LevelKind.Key, record.Id, time.GetUtcNow(), out GatewayError? fault) is { } settings
                    ? (record with { Settings = settings }, null)
                    : (null, fault));
        }
    }

    /// <summary>DELETE: revokes. Revoking again changes nothing.</summary>
    public Task RevokeAsync(HttpContext http) =>
        ReplaceAsync(http, "key.revoke", record => (record.RevokedAt is null ? record with { RevokedAt = time.GetUtcNow() } : record, null));

    /// <summary>Changes a key unless somebody else does, or the client has seen another version of it.</summary>
    private async Task ReplaceAsync(HttpContext http, string action, Func<KeyRecord, (KeyRecord? Changed, GatewayError? Error)> change)
    {
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            if (await FindAsync(http) is not { } record)
                return;
            ReadOnlyMemory<byte> before = Shown.Of(record);
            (KeyRecord? changed, GatewayError? error) = ManageJson.Matches(http, ManageJson.TagOf(before.Span)) ? change(record) : (null, LevelPatch.Outdated());
            if (error is null && changed!.RevokedAt is not null && action != "key.revoke")
                error = new GatewayError(ErrorKind.Conflict, "This key was revoked: nothing of it can be changed.");
            if (error is not null)
            {
                await ManageJson.RefuseAsync(http, error);
                return;
            }

            ReadOnlyMemory<byte> after = Shown.Of(changed!);
            KeyRecord? stored = null;
            if (ReferenceEquals(changed, record) || await audit.ChangeAsync(
                http, action, record.Id, before, after, async () => (stored = await store.ReplaceAsync(changed!, http.RequestAborted)) is not null))
            {
                await lookup.PutAsync(stored ?? record);
                await ManageJson.WriteVersionAsync(http, StatusCodes.Status200OK, after);
                return;
            }
        }

        throw new StorageException("The key is being changed by others at this moment.");
    }

    /// <summary>The key that the path names, if the asker may see it; else the refusal is written.</summary>
    private async ValueTask<KeyRecord?> FindAsync(HttpContext http)
    {
        KeyRecord? record = await store.FindByIdAsync((string)http.Request.RouteValues["id"]!, http.RequestAborted);
        Manager who = Manager.Of(http);
        if (record is not null && (who.Role > ManagementRole.KeyOwner || who.Owns(record)))
            return record;
        await ManageJson.RefuseAsync(http, NotFound());
        return null;
    }

    internal static GatewayError NotFound() => new(ErrorKind.NotFound, "There is no key of that id.");

    /// <summary>The organisation and team in which a key is to be made.</summary>
    private async ValueTask<(string? Organisation, string? Team)?> PlaceAsync(JsonElement json, Action<GatewayError> fault, CancellationToken cancel)
    {
        List<(string Path, string Message)> faults = [];
        LevelFields fields = new(json, faults);
        (string? organisation, string? team) = (fields.Text("organisation", out _), fields.Text("team", out _));
        OwnerRecord? below = team is null ? null : await owners.FindAsync(team, cancel);
        if (team is not null && below is not { Kind: var kind, DeletedAt: null } || team is not null && below!.Kind != LevelKind.Team)
            fields.Fault("team", "is no team that there is");
        else if (below is not null && organisation is not null && below.Organisation != organisation)
            fields.Fault("organisation", "is not that of the team");
        organisation ??= below?.Organisation;
        if (faults.Count == 0 && organisation is not null && await owners.FindAsync(organisation, cancel) is not { DeletedAt: null, Organisation: null })
            fields.Fault("organisation", "is no organisation that there is");
        if (faults.Count == 0)
            return (organisation, team);
        fault(LevelReader.Told(faults));
        return null;
    }

    private static string CursorOf(KeyRecord record) => string.Create(CultureInfo.InvariantCulture, $"{record.CreatedAt.UtcTicks:x16}.{record.Id}");

    private static string? One(HttpContext http, string name) => http.Request.Query.TryGetValue(name, out var value) ? value.ToString() : null;
}

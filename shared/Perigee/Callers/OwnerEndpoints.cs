using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary><c>/manage/v1/organisations</c> and <c>/manage/v1/teams</c>: make, list, show, change and delete.</summary>
internal sealed class OwnerEndpoints(OwnerStore store, OwnerLookup lookup, AuditLog audit, IdempotentReplies replies, TimeProvider time)
{
    private const int Tries = 5;

    /// <summary>Where those of a kind are.</summary>
    public static string RootOf(LevelKind kind) => $"/manage/v1/{kind.Word}s";

    /// <summary>POST.</summary>
    public async Task CreateAsync(HttpContext http, LevelKind kind)
    {
        (JsonDocument? document, ReadOnlyMemory<byte> bytes, GatewayError? error) = await ManageJson.ReadAsync(http);
        if (error is not null)
        {
            await ManageJson.RefuseAsync(http, error);
            return;
        }

        using (document)
        {
            IdempotentCall call = await replies.BeginAsync(http, bytes, async id => await store.FindAsync(id, http.RequestAborted) is not null);
            if (await call.AnswerAsync(http))
                return;
            DateTimeOffset now = time.GetUtcNow();
            List<(string Path, string Message)> faults = [];
            LevelFields fields = new(document!.RootElement, faults);
            string id = fields.Text("id", out _) ?? OwnerRecord.PrefixOf(kind) + Guid.CreateVersion7(now).ToString("N");
            if (!OwnerRecord.IsId(kind, id))
                fields.Fault("id", $"must begin with '{OwnerRecord.PrefixOf(kind)}' and have at most 64 small letters, digits, '_' or '-'; leave it out for one of the gateway's");
            string? above = kind == LevelKind.Team ? fields.Text("organisation", out _) : null;
            if (kind == LevelKind.Team && (above is null || await store.FindAsync(above, http.RequestAborted) is not { DeletedAt: null, Organisation: null }))
                fields.Fault("organisation", "is needed: the id of an organisation that there is");
            LevelSettings? settings = LevelReader.Read(document.RootElement, kind, id, now, out error);
            if (error is null && faults.Count > 0)
                error = LevelReader.Told(faults);
            if (error is not null)
            {
                await ManageJson.RefuseAsync(http, error);
                return;
            }

            await AddAsync(http, call, new OwnerRecord(id, settings!, now, null) { Organisation = above });
        }
    }

    /// <summary>GET: by id, which is by age unless the operator chose ids.</summary>
    public async Task ListAsync(HttpContext http, LevelKind kind)
    {
        if (ListPage.Read(http, out GatewayError? error, kind == LevelKind.Team ? ["organisation"] : []) is not { } page)
        {
            await ManageJson.RefuseAsync(http, error!);
            return;
        }

        string? organisation = http.Request.Query.TryGetValue("organisation", out var value) ? value.ToString() : null;
        List<OwnerRecord> records = [];
        await foreach (OwnerRecord record in store.ListAsync(kind, page.After, http.RequestAborted))
        {
            if (organisation is null || record.Organisation == organisation)
                records.Add(record);
            if (records.Count > page.Limit)
                break;
        }

        await page.AnswerAsync(http, records, Shown.Write, static record => record.Id);
    }

    /// <summary>GET of one.</summary>
    public async Task ShowAsync(HttpContext http, LevelKind kind)
    {
        if (await FindAsync(http, kind) is { } record)
            await ManageJson.WriteVersionAsync(http, StatusCodes.Status200OK, Shown.Of(record));
    }

    /// <summary>PATCH.</summary>
    public async Task ChangeAsync(HttpContext http, LevelKind kind)
    {
        (JsonDocument? document, _, GatewayError? error) = await ManageJson.ReadAsync(http);
        using (document)
        {
            if (error is not null || (error = LevelPatch.Refused(document!.RootElement, kind)) is not null)
                await ManageJson.RefuseAsync(http, error);
            else
                await ReplaceAsync(http, kind, "change", record => LevelPatch.Apply(record.Settings, document!.RootElement, kind, record.Id, time.GetUtcNow(), out GatewayError? fault) is { } settings
                    ? (record with { Settings = settings }, null)
                    : (null, fault));
        }
    }

    /// <summary>DELETE: its keys open nothing any more. Its id stays taken. Deleting again changes nothing.</summary>
    public Task DeleteAsync(HttpContext http, LevelKind kind) =>
        ReplaceAsync(http, kind, "delete", record => (record.DeletedAt is null ? record with { DeletedAt = time.GetUtcNow() } : record, null));

    private async Task AddAsync(HttpContext http, IdempotentCall call, OwnerRecord record)
    {
        ReadOnlyMemory<byte> shown = Shown.Of(record);
        string location = $"{RootOf(record.Kind)}/{record.Id}";
        if (await call.PlanAsync(record.Id, StatusCodes.Status201Created, location, shown, secret: false) is { } conflict)
        {
            await ManageJson.RefuseAsync(http, conflict);
            return;
        }

        bool made = await audit.ChangeAsync(http, $"{record.Kind.Word}.create", record.Id, default, shown, () => store.AddAsync(record, http.RequestAborted));
        await call.EndAsync(made);
        if (!made)
        {
            await ManageJson.RefuseAsync(http, new GatewayError(ErrorKind.Conflict, $"There is a {record.Kind.Word} of that id, or there was one.", "id"));
            return;
        }

        lookup.Put(record);
        http.Response.Headers.Location = location;
        await ManageJson.WriteVersionAsync(http, StatusCodes.Status201Created, shown);
    }

    private async Task ReplaceAsync(HttpContext http, LevelKind kind, string action, Func<OwnerRecord, (OwnerRecord? Changed, GatewayError? Error)> change)
    {
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            if (await FindAsync(http, kind) is not { } record)
                return;
            ReadOnlyMemory<byte> before = Shown.Of(record);
            (OwnerRecord? changed, GatewayError? error) = ManageJson.Matches(http, ManageJson.TagOf(before.Span)) ? change(record) : (null, LevelPatch.Outdated());
            if (error is null && record.DeletedAt is not null && action != "delete")
                error = new GatewayError(ErrorKind.Conflict, $"This {kind.Word} was deleted: nothing of it can be changed.");
            if (error is not null)
            {
                await ManageJson.RefuseAsync(http, error);
                return;
            }

            ReadOnlyMemory<byte> after = Shown.Of(changed!);
            OwnerRecord? stored = null;
            if (ReferenceEquals(changed, record) || await audit.ChangeAsync(
                http, $"{kind.Word}.{action}", record.Id, before, after, async () => (stored = await store.ReplaceAsync(changed!, http.RequestAborted)) is not null))
            {
                lookup.Put(stored ?? record);
                await ManageJson.WriteVersionAsync(http, StatusCodes.Status200OK, after);
                return;
            }
        }

        throw new StorageException($"The {kind.Word} is being changed by others at this moment.");
    }

    private async ValueTask<OwnerRecord?> FindAsync(HttpContext http, LevelKind kind)
    {
        string id = (string)http.Request.RouteValues["id"]!;
        if (OwnerRecord.IsId(kind, id) && await store.FindAsync(id, http.RequestAborted) is { } record)
            return record;
        await ManageJson.RefuseAsync(http, new GatewayError(ErrorKind.NotFound, $"There is no {kind.Word} of that id."));
        return null;
    }
}

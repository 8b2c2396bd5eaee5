using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary><c>POST /manage/v1/keys/{id}:rotate</c>: a new secret for a key that stays what it is; the old one opens for a while longer.</summary>
internal sealed class KeyRotation(KeyStore store, KeyLookup lookup, AuditLog audit, IdempotentReplies replies, TimeProvider time)
{
    private const int UsualOverlap = 3600;
    private const int LongestOverlap = 90 * 24 * 3600;
    private const int Tries = 5;

    /// <summary>POST.</summary>
    public async Task RotateAsync(HttpContext http)
    {
        string id = (string)http.Request.RouteValues["id"]!;
        (int overlap, ReadOnlyMemory<byte> bytes, GatewayError? error) = await ReadAsync(http);
        if (error is not null)
        {
            await ManageJson.RefuseAsync(http, error);
            return;
        }

        IdempotentCall call = await replies.BeginAsync(http, bytes, async hash =>
        {
            if (await store.FindByIdAsync(id, http.RequestAborted) is not { } made)
                return false;
            made.EndOf(hash, out bool known);
            return known;
        });
        if (await call.AnswerAsync(http))
            return;
        string key = KeyText.New();
        string hash = KeyText.Hash(key).Hex();
        Manager who = Manager.Of(http);
        bool planned = false;
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            KeyRecord? record = await store.FindByIdAsync(id, http.RequestAborted);
            error = record is null || (who.Role == ManagementRole.KeyOwner && !who.Owns(record)) ? KeyEndpoints.NotFound()
                : !ManageJson.Matches(http, ManageJson.TagOf(Shown.Of(record).Span)) ? LevelPatch.Outdated()
                : Rotated(record, hash, overlap, out KeyRecord? changed, out List<string> ended) ?? await MakeAsync(record, changed!, ended);
            if (error is null)
                return;
            if (!ReferenceEquals(error, Again))
            {
                if (planned)
                    await call.EndAsync(made: false);
                await ManageJson.RefuseAsync(http, error);
                return;
            }
        }

        throw new StorageException("The key is being changed by others at this moment.");

        async ValueTask<GatewayError?> MakeAsync(KeyRecord record, KeyRecord changed, List<string> ended)
        {
            ReadOnlyMemory<byte> before = Shown.Of(record), after = Shown.Of(changed), reply = Shown.Of(changed, key);
            if (!planned && await call.PlanAsync(hash, StatusCodes.Status200OK, null, reply, secret: true) is { } conflict)
                return conflict;
            planned = true;
            KeyRecord? stored = null;
            if (!await audit.ChangeAsync(http, "key.rotate", record.Id, before, after, async () =>
            {
                await store.AddSecretAsync(changed, hash, http.RequestAborted);
                return (stored = await store.ReplaceAsync(changed, http.RequestAborted)) is not null;
            }))
                return Again;
            await call.EndAsync(made: true);
            await lookup.PutAsync(stored!);
            await store.RemoveSecretsAsync(ended);
            http.Response.Headers.ETag = ManageJson.TagOf(after.Span);
            await ManageJson.WriteAsync(http, StatusCodes.Status200OK, reply);
            return null;
        }
    }

    /// <summary>Somebody else has changed the key between reading and writing.</summary>
    private static GatewayError Again { get; } = new(ErrorKind.Conflict, "");

    private GatewayError? Rotated(KeyRecord record, string hash, int overlap, out KeyRecord? changed, out List<string> ended)
    {
        DateTimeOffset now = time.GetUtcNow(), ends = now.AddSeconds(overlap);
        ended = [.. record.Secrets.Where(secret => secret.EndsAt <= now).Select(static secret => secret.Hash)];
        changed = null;
        if (record.RevokedAt is not null)
            return new GatewayError(ErrorKind.Conflict, "This key was revoked: it gets no new secret.");
        List<KeySecret> secrets = [.. record.Secrets.Where(secret => !(secret.EndsAt <= now)).Select(secret => secret with { EndsAt = secret.EndsAt < ends ? secret.EndsAt : ends })];
        if (secrets.Count >= KeySecret.Most)
            return new GatewayError(ErrorKind.Conflict, $"This key has {secrets.Count} older secrets that still open: wait until one of them ends.");
        secrets.Add(new KeySecret(hash, null));
        changed = record with { Secrets = secrets, FirstEndsAt = record.FirstEndsAt < ends ? record.FirstEndsAt : ends };
        return null;
    }

    private static async ValueTask<(int Overlap, ReadOnlyMemory<byte> Bytes, GatewayError? Error)> ReadAsync(HttpContext http)
    {
        if (http.Request.ContentLength is null or 0 && http.Request.ContentType is null)
            return (UsualOverlap, default, null);
        (JsonDocument? document, ReadOnlyMemory<byte> bytes, GatewayError? error) = await ManageJson.ReadAsync(http);
        using (document)
        {
            if (error is not null)
                return (0, bytes, error);
            string[] unknown = [.. document!.RootElement.EnumerateObject().Select(static member => member.Name).Where(static name => name != "overlapSeconds")];
            if (unknown.Length > 0)
            {
                return (0, bytes, new GatewayError(ErrorKind.BadRequest,
                    $"Unknown: {string.Join(", ", unknown.Select(static name => $"'{(name.Length > 50 ? name[..50] : name)}'"))}. A rotation has 'overlapSeconds'."));
            }

            List<(string Path, string Message)> faults = [];
            long? overlap = new LevelFields(document.RootElement, faults).Number("overlapSeconds", 0, LongestOverlap, "for so long the old secret still opens");
            return ((int)(overlap ?? UsualOverlap), bytes, faults.Count == 0 ? null : LevelReader.Told(faults));
        }
    }
}

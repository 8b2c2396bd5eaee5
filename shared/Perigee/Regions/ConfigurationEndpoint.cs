using Microsoft.AspNetCore.Http;
using Perigee.Callers;
using Perigee.Storage;

namespace Perigee.Regions;

/// <summary>
/// <c>/manage/v1/config/stored</c>: the configuration for all instances of all regions, in the place of the file of each. It is checked before it is taken,
/// and every fault is named.
/// </summary>
internal sealed class ConfigurationEndpoint(ConfigurationStore store, ConfigurationSync sync, ConfigurationReader reader, AuditLog audit, SharedTables tables)
{
    /// <summary>GET: the bytes as they were put.</summary>
    public async Task ShowAsync(HttpContext http)
    {
        if (await store.FindAsync(http.RequestAborted) is not { IsThere: true } found || await store.ReadAsync(found.Hash, http.RequestAborted) is not { } bytes)
        {
            await ManageJson.RefuseAsync(http, new GatewayError(ErrorKind.NotFound, "No configuration was put: every instance reads its own perigee.json."));
            return;
        }

        http.Response.Headers.ETag = TagOf(found);
        await ManageJson.WriteAsync(http, StatusCodes.Status200OK, bytes);
    }

    /// <summary>PUT.</summary>
    public async Task PutAsync(HttpContext http)
    {
        if (!http.Request.HasJsonContentType())
        {
            await ManageJson.RefuseAsync(http, new GatewayError(ErrorKind.UnsupportedMediaType, "Send 'Content-Type: application/json'."));
            return;
        }

        byte[] body = new byte[ConfigurationStore.Largest + 1];
        int length = await http.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, http.RequestAborted);
        GatewayError? error = length > ConfigurationStore.Largest
            ? new GatewayError(ErrorKind.BodyTooLarge, $"The body is larger than {ConfigurationStore.Largest} bytes.")
            : Check(body.AsMemory(0, length));
        if (error is not null)
            await ManageJson.RefuseAsync(http, error);
        else
            await ChangeAsync(http, body[..length], "config.put");
    }

    /// <summary>DELETE: each instance goes back to its own file. Deleting again changes nothing.</summary>
    public Task DeleteAsync(HttpContext http) => ChangeAsync(http, null, "config.delete");

    private GatewayError? Check(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
            return new GatewayError(ErrorKind.BadRequest, "The body is empty: send a configuration such as perigee.json, or DELETE to go back to the files.");
        try
        {
            reader.Read(bytes, "body");
            return null;
        }
        catch (ConfigurationException refused)
        {
            return new GatewayError(ErrorKind.BadRequest, $"This configuration is not taken. {refused.Message}") { Code = "invalid_configuration" };
        }
    }

    private async Task ChangeAsync(HttpContext http, byte[]? bytes, string action)
    {
        StoredConfiguration? before = await store.FindAsync(http.RequestAborted);
        string hash = bytes is null ? "" : ConfigurationStore.HashOf(bytes);
        if (!ManageJson.Matches(http, TagOf(before)))
        {
            await ManageJson.RefuseAsync(http, LevelPatch.Outdated());
            return;
        }

        if (hash != (before?.Hash ?? ""))
        {
            bool made = await audit.ChangeAsync(
                http, action, "configuration", Shown(before?.Hash, null), Shown(hash, bytes?.Length), () => store.PutAsync(bytes, before, http.RequestAborted));
            if (!made)
            {
                await ManageJson.RefuseAsync(http, LevelPatch.Outdated());
                return;
            }
        }

        // Where this is the home the answer comes from an instance that has it; elsewhere the publisher brings it.
        if (tables.IsHome)
            await sync.LookAsync(http.RequestAborted);
        if (bytes is null)
        {
            await ManageJson.WriteAsync(http, StatusCodes.Status200OK, static json =>
            {
                json.WriteStartObject();
                json.WriteString("configuration"u8, "file"u8);
                json.WriteEndObject();
            });
            return;
        }

        http.Response.Headers.ETag = TagOf(new StoredConfiguration(hash, default, null));
        await ManageJson.WriteAsync(http, StatusCodes.Status200OK, Shown(hash, bytes.Length));
    }

    private static ReadOnlyMemory<byte> Shown(string? hash, int? bytes) => string.IsNullOrEmpty(hash) ? default : ManageJson.ToBytes(json =>
    {
        json.WriteStartObject();
        json.WriteString("sha256"u8, hash);
        if (bytes is { } length)
            json.WriteNumber("bytes"u8, length);
        json.WriteEndObject();
    });

    private static string TagOf(StoredConfiguration? stored) => $"\"{(stored is { IsThere: true } ? stored.Hash[..24] : "none")}\"";
}

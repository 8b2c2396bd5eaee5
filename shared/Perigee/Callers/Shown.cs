using System.Text.Json;

namespace Perigee.Callers;

/// <summary>Keys, organisations and teams as the management API shows them. A key itself is in the answer that made it and never again.</summary>
internal static class Shown
{
    /// <summary>A key.</summary>
    /// <param name="record">The key.</param>
    /// <param name="secret">Its text, where it was just made.</param>
    public static ReadOnlyMemory<byte> Of(KeyRecord record, string? secret = null) => ManageJson.ToBytes(json => Write(json, record, secret));

    /// <summary>An organisation or a team.</summary>
    public static ReadOnlyMemory<byte> Of(OwnerRecord record) => ManageJson.ToBytes(json => Write(json, record));

    /// <summary>An admin key.</summary>
    public static ReadOnlyMemory<byte> Of(AdminKeyRecord record, string? secret = null) => ManageJson.ToBytes(json => Write(json, record, secret));

    /// <summary>Writes a key.</summary>
    public static void Write(Utf8JsonWriter json, KeyRecord record, string? secret = null)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, record.Id);
        json.WriteString("object"u8, "key");
        if (secret is not null)
            json.WriteString("key"u8, secret);
        json.WriteString("organisation"u8, record.Organisation);
        json.WriteString("team"u8, record.Team);
        record.Settings.Write(json);
        if (record.Settings.Tenant is null)
            json.WriteString("tenant"u8, record.Tenant);
        if (record.Settings.RequestsPerMinute is null)
            json.WriteNull("requestsPerMinute"u8);
        json.WriteString("createdAt"u8, record.CreatedAt.UtcDateTime);
        if (record.Settings.ExpiresAt is null)
            json.WriteNull("expiresAt"u8);
        WriteMoment(json, "revokedAt", record.RevokedAt);
        if (record.Secrets.Count > 0)
        {
            // Which of its secrets is which nobody needs to know, only how long the older ones still open.
            json.WriteStartArray("olderSecretsEndAt"u8);
            if (record.FirstEndsAt is { } first)
                json.WriteStringValue(first.UtcDateTime);
            foreach (KeySecret older in record.Secrets)
            {
                if (older.EndsAt is { } ends)
                    json.WriteStringValue(ends.UtcDateTime);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>Writes an organisation or a team.</summary>
    public static void Write(Utf8JsonWriter json, OwnerRecord record)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, record.Id);
        json.WriteString("object"u8, record.Kind.Word);
        if (record.Kind == LevelKind.Team)
            json.WriteString("organisation"u8, record.Organisation);
        record.Settings.Write(json);
        json.WriteString("createdAt"u8, record.CreatedAt.UtcDateTime);
        if (record.Settings.ExpiresAt is null)
            json.WriteNull("expiresAt"u8);
        WriteMoment(json, "deletedAt", record.DeletedAt);
        json.WriteEndObject();
    }

    /// <summary>Writes an admin key.</summary>
    public static void Write(Utf8JsonWriter json, AdminKeyRecord record, string? secret = null)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, record.Id);
        json.WriteString("object"u8, "admin-key");
        if (secret is not null)
            json.WriteString("key"u8, secret);
        json.WriteString("name"u8, record.Name);
        json.WriteString("role"u8, ManagementRoles.WordOf(record.Role));
        json.WriteString("createdAt"u8, record.CreatedAt.UtcDateTime);
        WriteMoment(json, "expiresAt", record.ExpiresAt);
        WriteMoment(json, "revokedAt", record.RevokedAt);
        json.WriteEndObject();
    }

    private static void WriteMoment(Utf8JsonWriter json, string name, DateTimeOffset? moment)
    {
        if (moment is { } there)
            json.WriteString(name, there.UtcDateTime);
        else
            json.WriteNull(name);
    }
}

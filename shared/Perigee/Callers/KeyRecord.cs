using System.Buffers;
using System.Text.Json;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>A key as it is stored: everything but the key. It keeps its id and its row while its secret is changed.</summary>
/// <param name="Hash">SHA-256 of its first secret in hex: the row key.</param>
/// <param name="Settings">What it is and what it says.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="RevokedAt">When it was revoked, or null.</param>
internal sealed record KeyRecord(string Hash, LevelSettings Settings, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt)
{
    private const string IdPrefix = "key_";
    private const int IdDigits = 24;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    /// <summary>The organisation that it was made in, or null.</summary>
    public string? Organisation { get; init; }

    /// <summary>The team that it was made in, or null.</summary>
    public string? Team { get; init; }

    /// <summary>Secrets that were made since, the newest last; empty where the first still is the only one.</summary>
    public IReadOnlyList<KeySecret> Secrets { get; init; } = [];

    /// <summary>When the first secret ends, once there is another.</summary>
    public DateTimeOffset? FirstEndsAt { get; init; }

    /// <summary>The public id: the beginning of the hash, which says nothing of the key and leads to the row.</summary>
    public string Id { get; } = IdOf(Hash);

    /// <summary>The scope of what must not be shared as the key alone says it: its own tenant, or itself where no wider level has a say.</summary>
    public string? Tenant => Settings.Tenant ?? (Organisation is null ? Id : null);

    /// <summary>The version of the row that it was read from.</summary>
    public string? ETag { get; init; }

    /// <summary>The id of a hash.</summary>
    public static string IdOf(string hash) => IdPrefix + hash[..IdDigits];

    /// <summary>The partition of a hash.</summary>
    public static string PartitionOf(string hash) => hash[..2];

    /// <summary>The beginning of the hash that an id stands for, or null where it is no id.</summary>
    public static string? HashPrefixOf(string id) =>
        id.Length == IdPrefix.Length + IdDigits && id.StartsWith(IdPrefix, StringComparison.Ordinal)
        && !id.AsSpan(IdPrefix.Length).ContainsAnyExcept(Digits)
            ? id[IdPrefix.Length..]
            : null;

    /// <summary>Until when a secret of it is good; null for as long as the key is.</summary>
    /// <param name="hash">The secret's hash.</param>
    /// <param name="known">Whether it is one of its secrets at all.</param>
    public DateTimeOffset? EndOf(string hash, out bool known)
    {
        known = true;
        if (hash == Hash)
            return FirstEndsAt;
        foreach (KeySecret secret in Secrets)
        {
            if (secret.Hash == hash)
                return secret.EndsAt;
        }

        known = false;
        return null;
    }

    /// <summary>Reads a row; null where it is a secret's and not a key's, or cannot be read.</summary>
    public static KeyRecord? FromRow(TableRow row)
    {
        if (row.Text("of") is not null)
            return null;
        string id = IdOf(row.Row);
        LevelSettings? settings = RowBody.Read(row) is { } body ? LevelReader.ReadStored(body, LevelKind.Key, id) : OfColumns(row, id);
        return settings is null ? null : new KeyRecord(row.Row, settings, row.Moment("createdAt") ?? default, row.Moment("revokedAt"))
        {
            Organisation = row.Text("organisation"),
            Team = row.Text("team"),
            Secrets = row.Text("secrets") is { } secrets ? KeySecret.Read(secrets) : [],
            FirstEndsAt = row.Moment("firstEndsAt"),
            ETag = row.ETag,
        };
    }

    /// <summary>Makes the row.</summary>
    public TableRow ToRow()
    {
        TableRow row = new TableRow(PartitionOf(Hash), Hash)
            .Set("id", Id)
            .Set("name", Settings.Name)
            .Set("organisation", Organisation)
            .Set("team", Team)
            .Set("secrets", Secrets.Count > 0 ? KeySecret.Write(Secrets) : null)
            .Set("firstEndsAt", FirstEndsAt)
            .Set("createdAt", CreatedAt)
            .Set("revokedAt", RevokedAt);
        RowBody.Write(row, Settings.ToJson());
        row.ETag = ETag;
        return row;
    }

    /// <summary>The row by which a further secret leads to its key, and to what is read together with it.</summary>
    public TableRow SecretRow(string hash) => new TableRow(PartitionOf(hash), hash)
        .Set("of", Hash)
        .Set("organisation", Organisation)
        .Set("team", Team);

    // Rows of before there were settings have each in a column of its own.
    private static LevelSettings OfColumns(TableRow row, string id) => new()
    {
        Name = row.Text("name") ?? "",
        Tenant = row.Text("tenant") ?? id,
        RequestsPerMinute = (int?)row.Number("requestsPerMinute"),
        Quality = row.Text("quality"),
        CacheTtlSeconds = (int?)row.Number("cacheTtlSeconds"),
        ExpiresAt = row.Moment("expiresAt"),
    };
}

/// <summary>A further secret of a key.</summary>
/// <param name="Hash">Its SHA-256 in hex.</param>
/// <param name="EndsAt">When it ends, once there is a newer one.</param>
internal sealed record KeySecret(string Hash, DateTimeOffset? EndsAt)
{
    /// <summary>More are forgotten, the oldest first: they have ended long ago, or nobody knows any more who has them.</summary>
    public const int Most = 8;

    public static List<KeySecret> Read(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Select(static secret => new KeySecret(
            secret.GetProperty("hash").GetString()!, secret.TryGetProperty("endsAt", out JsonElement ends) ? ends.GetDateTimeOffset() : null))];
    }

    public static string Write(IReadOnlyList<KeySecret> secrets)
    {
        ArrayBufferWriter<byte> text = new(256);
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartArray();
            foreach (KeySecret secret in secrets)
            {
                json.WriteStartObject();
                json.WriteString("hash"u8, secret.Hash);
                if (secret.EndsAt is { } ends)
                    json.WriteString("endsAt"u8, ends);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return System.Text.Encoding.UTF8.GetString(text.WrittenSpan);
    }
}

using System.Buffers;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>A key as it is stored: everything but the key.</summary>
/// <param name="Hash">SHA-256 of the key in hex: the row key.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Tenant">The scope of what must not be shared.</param>
/// <param name="RequestsPerMinute">Its own limit, or null.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">From when on it is refused, or null.</param>
/// <param name="RevokedAt">When it was revoked, or null.</param>
internal sealed record KeyRecord(
    string Hash, string Name, string Tenant, int? RequestsPerMinute, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt)
{
    private const string IdPrefix = "key_";
    private const int IdDigits = 24;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    /// <summary>The least quality of a model that <c>auto</c> chooses for it, or null for the gateway's own.</summary>
    public string? Quality { get; init; }

    /// <summary>The longest, in seconds, that answers to it are kept; 0 for not at all, null for the operator's general word.</summary>
    public int? CacheTtlSeconds { get; init; }

    /// <summary>The public id: the beginning of the hash, which says nothing of the key and leads to the row.</summary>
    public string Id { get; } = IdOf(Hash);

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

    /// <summary>Reads a row.</summary>
    public static KeyRecord FromRow(TableRow row) => new(
        row.Row,
        row.Text("name") ?? "",
        row.Text("tenant") ?? IdOf(row.Row),
        (int?)row.Number("requestsPerMinute"),
        row.Moment("createdAt") ?? default,
        row.Moment("expiresAt"),
        row.Moment("revokedAt"))
    {
        Quality = row.Text("quality"),
        CacheTtlSeconds = (int?)row.Number("cacheTtlSeconds"),
    };

    /// <summary>Makes the row.</summary>
    public TableRow ToRow() => new TableRow(PartitionOf(Hash), Hash)
        .Set("id", Id)
        .Set("name", Name)
        .Set("tenant", Tenant)
        .Set("requestsPerMinute", RequestsPerMinute)
        .Set("quality", Quality)
        .Set("cacheTtlSeconds", CacheTtlSeconds)
        .Set("createdAt", CreatedAt)
        .Set("expiresAt", ExpiresAt)
        .Set("revokedAt", RevokedAt);
}

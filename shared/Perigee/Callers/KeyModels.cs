using System.Text.Json;
using System.Text.Json.Serialization;

namespace Perigee.Callers;

/// <summary>The body of POST /manage/v1/keys.</summary>
internal sealed record NewKey
{
    public string? Name { get; set; }

    public string? Tenant { get; set; }

    public int? RequestsPerMinute { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public string? Quality { get; set; }

    public int? CacheTtlSeconds { get; set; }

    /// <summary>Members that there are not: collected to be named all at once.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>A key as the management API shows it. The key itself is in the answer that made it and never again.</summary>
internal sealed record ShownKey(
    string Id,
    string Object,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Key,
    string Name,
    string Tenant,
    int? RequestsPerMinute,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Quality,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? CacheTtlSeconds,
    DateTime CreatedAt,
    DateTime? ExpiresAt,
    DateTime? RevokedAt)
{
    public static ShownKey Of(KeyRecord record, string? key = null) => new(
        record.Id, "key", key, record.Name, record.Tenant, record.RequestsPerMinute, record.Quality, record.CacheTtlSeconds,
        record.CreatedAt.UtcDateTime, record.ExpiresAt?.UtcDateTime, record.RevokedAt?.UtcDateTime);

    /// <summary>Without the key.</summary>
    public override string ToString() => Id;
}

/// <summary>The answer of GET /manage/v1/keys.</summary>
internal sealed record ShownKeys(string Object, IReadOnlyList<ShownKey> Data);

/// <summary>The JSON of this folder.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, AllowDuplicateProperties = false, NumberHandling = JsonNumberHandling.Strict, PropertyNameCaseInsensitive = false)]
[JsonSerializable(typeof(NewKey))]
[JsonSerializable(typeof(ShownKey))]
[JsonSerializable(typeof(ShownKeys))]
internal sealed partial class KeyJson : JsonSerializerContext;

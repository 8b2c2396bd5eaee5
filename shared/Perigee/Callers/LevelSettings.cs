using System.Buffers;
using System.Net;
using System.Text.Json;

namespace Perigee.Callers;

/// <summary>What an organisation, a team or a key is, and what it says of itself and of all below it.</summary>
internal sealed record LevelSettings
{
    /// <summary>What its owner calls it.</summary>
    public required string Name { get; init; }

    /// <summary>The scope of what must not be shared, for the keys below it that state none; null says nothing.</summary>
    public string? Tenant { get; init; }

    /// <summary>Of a key: requests a minute, the short way to say such a limit.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>The least quality of a model that <c>auto</c> chooses, or null.</summary>
    public string? Quality { get; init; }

    /// <summary>The longest, in seconds, that answers are kept; 0 for not at all, null for the operator's general word.</summary>
    public int? CacheTtlSeconds { get; init; }

    /// <summary><c>off</c>, <c>exact</c> or <c>semantic</c> (as far as gateway and route have it), or null.</summary>
    public string? Cache { get; init; }

    /// <summary>From when on it is refused, or null.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whether it is refused for the time being.</summary>
    public bool Disabled { get; init; }

    /// <summary>Of a key: who may see and rotate it besides admins (an admin key's id, or the user that a token names).</summary>
    public string? OwnedBy { get; init; }

    /// <summary>See <see cref="ModelScope"/>.</summary>
    public IReadOnlyList<string>? AllowedModels { get; init; }

    /// <summary>See <see cref="ModelScope"/>.</summary>
    public IReadOnlyList<string>? AllowedRoutes { get; init; }

    /// <summary>Words of <see cref="CallerScope.DialectWords"/>, or null for all.</summary>
    public IReadOnlyList<string>? AllowedDialects { get; init; }

    /// <summary>Ranges of addresses, or null for all.</summary>
    public IReadOnlyList<IPNetwork>? AllowedIps { get; init; }

    /// <summary>What the operator says of it, for conditions of routes.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; init; } = [];

    /// <summary>Members that are put into questions, as one JSON object; or null.</summary>
    public JsonElement? Defaults { get; init; }

    /// <summary>Whether bodies are logged, or null.</summary>
    public BodyLogging? LogBodies { get; init; }

    /// <summary>Its limits, for all below it together.</summary>
    public IReadOnlyList<LimitRule> Limits { get; init; } = [];

    /// <summary>Limits for each end user below it.</summary>
    public IReadOnlyList<LimitRule> UserLimits { get; init; } = [];

    /// <summary>Writes the members as they are read; what nothing is said of is left out.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("name"u8, Name);
        WriteText(json, "tenant", Tenant);
        if (RequestsPerMinute is { } requests)
            json.WriteNumber("requestsPerMinute"u8, requests);
        WriteText(json, "quality", Quality);
        WriteText(json, "cache", Cache);
        if (CacheTtlSeconds is { } ttl)
            json.WriteNumber("cacheTtlSeconds"u8, ttl);
        if (ExpiresAt is { } expires)
            json.WriteString("expiresAt"u8, expires.UtcDateTime);
        if (Disabled)
            json.WriteBoolean("disabled"u8, true);
        WriteText(json, "ownedBy", OwnedBy);
        WriteTexts(json, "allowedModels", AllowedModels);
        WriteTexts(json, "allowedRoutes", AllowedRoutes);
        WriteTexts(json, "allowedDialects", AllowedDialects);
        WriteTexts(json, "allowedIps", AllowedIps?.Select(static network => network.ToString()));
        if (Metadata.Count > 0)
        {
            json.WriteStartObject("metadata"u8);
            foreach ((string name, string value) in Metadata)
                json.WriteString(name, value);
            json.WriteEndObject();
        }

        if (Defaults is { } defaults)
        {
            json.WritePropertyName("defaults"u8);
            defaults.WriteTo(json);
        }

        if (LogBodies is { } bodies)
            json.WriteNumber("logBodiesPercent"u8, bodies.Percent);
        WriteRules(json, "limits", Limits);
        WriteRules(json, "userLimits", UserLimits);
    }

    /// <summary>The members as one JSON object.</summary>
    public byte[] ToJson()
    {
        ArrayBufferWriter<byte> body = new(512);
        using (Utf8JsonWriter json = new(body))
        {
            json.WriteStartObject();
            Write(json);
            json.WriteEndObject();
        }

        return body.WrittenSpan.ToArray();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string>? values)
    {
        if (values is null)
            return;
        json.WriteStartArray(name);
        foreach (string value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static void WriteRules(Utf8JsonWriter json, string name, IReadOnlyList<LimitRule> rules)
    {
        if (rules.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach (LimitRule rule in rules)
            LimitRuleJson.Write(json, rule);
        json.WriteEndArray();
    }
}

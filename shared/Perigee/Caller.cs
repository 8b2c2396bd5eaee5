namespace Perigee;

/// <summary>Who makes a request, as the caller step found out.</summary>
/// <param name="KeyId">The public id of the key (<c>key_...</c>), or <c>open</c> where the gateway asks for none. Safe to log.</param>
/// <param name="Tenant">The scope of everything that must not be shared: cache entries, stored responses, files. Safe in a table key.</param>
/// <param name="Name">The name its owner gave the key.</param>
/// <param name="RequestsPerMinute">The key's own limit, or null for none.</param>
internal sealed record Caller(string KeyId, string Tenant, string Name, int? RequestsPerMinute)
{
    /// <summary>The least quality of a model that <c>auto</c> chooses for it, or null for the gateway's own.</summary>
    public string? Quality { get; init; }

    /// <summary>The longest that answers to this key are kept; zero for not at all, null for the operator's general word.</summary>
    public TimeSpan? CacheTtl { get; init; }

    /// <summary>The limits of key, team, organisation and gateway that hold for it, the widest first.</summary>
    public IReadOnlyList<LimitRule> Limits { get; init; } = [];

    /// <summary>The organisation's id, or null.</summary>
    public string? Organisation { get; init; }

    /// <summary>The team's id, or null.</summary>
    public string? Team { get; init; }

    /// <summary>The caller of an open gateway: one person on their own machine.</summary>
    public static Caller Open(int? requestsPerMinute) => new("open", "open", "open", requestsPerMinute);

    /// <summary>Nobody was asked for a key.</summary>
    public bool IsOpen => KeyId == "open";
}

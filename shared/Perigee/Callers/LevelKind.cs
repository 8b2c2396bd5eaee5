namespace Perigee.Callers;

/// <summary>An organisation, a team in it, or a key: what each may say.</summary>
internal sealed record LevelKind(string Word, LimitLevel Level, string[] Members)
{
    private static readonly string[] Shared =
    [
        "name", "tenant", "quality", "cache", "cacheTtlSeconds", "expiresAt", "disabled", "allowedModels", "allowedRoutes", "allowedDialects",
        "allowedIps", "metadata", "defaults", "logBodiesPercent", "limits", "userLimits",
    ];

    public static LevelKind Organisation { get; } = new("organisation", LimitLevel.Organisation, [.. Shared]);

    public static LevelKind Team { get; } = new("team", LimitLevel.Team, [.. Shared]);

    public static LevelKind Key { get; } = new("key", LimitLevel.Key, [.. Shared, "requestsPerMinute", "ownedBy"]);

    /// <summary>Members that are said when it is made and never changed.</summary>
    public string[] Places => this == Organisation ? ["id"] : this == Team ? ["id", "organisation"] : ["organisation", "team"];

    /// <inheritdoc/>
    public override string ToString() => Word;
}

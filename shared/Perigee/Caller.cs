using System.Collections.ObjectModel;

namespace Perigee;

/// <summary>Who makes a request, as the caller step found out.</summary>
/// <param name="KeyId">The public id of the key (<c>key_...</c>) or of a token's subject (<c>jwt_...</c>), or <c>open</c> where the gateway asks for none. Safe to log.</param>
/// <param name="Tenant">The scope of everything that must not be shared: cache entries, stored responses, files. Safe in a table key.</param>
/// <param name="Name">The name its owner gave the key.</param>
/// <param name="RequestsPerMinute">The key's own limit, or null for none. It is among <see cref="Limits"/>, too.</param>
internal sealed record Caller(string KeyId, string Tenant, string Name, int? RequestsPerMinute)
{
    /// <summary>The least quality of a model that <c>auto</c> chooses for it, or null for the gateway's own.</summary>
    public string? Quality { get; init; }

    /// <summary>The longest that answers to this key are kept; zero for not at all, null for the operator's general word.</summary>
    public TimeSpan? CacheTtl { get; init; }

    /// <summary>Whether only answers to the very same question are replayed to it, whatever gateway and route say.</summary>
    public bool ExactCacheOnly { get; init; }

    /// <summary>The limits of key, team, organisation and gateway that hold for it, the widest first.</summary>
    public IReadOnlyList<LimitRule> Limits { get; init; } = [];

    /// <summary>
    /// The limits that each end user behind it has for itself, as the levels state them: their owner is the level. Those of the user who asks
    /// are among <see cref="Limits"/>, with the user as their owner.
    /// </summary>
    public IReadOnlyList<LimitRule> UserLimits { get; init; } = [];

    /// <summary>The organisation's id, or null.</summary>
    public string? Organisation { get; init; }

    /// <summary>The team's id, or null.</summary>
    public string? Team { get; init; }

    /// <summary>The end user as the request names it, or null. What a person calls it may be an address: not for logs as it is.</summary>
    public string? User { get; init; }

    /// <summary>What it may use.</summary>
    public CallerScope Scope { get; init; } = CallerScope.Everything;

    /// <summary>What the operator says of it, for conditions of routes: no request can change it.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>What is put into its questions where they do not say it themselves.</summary>
    public IReadOnlyList<DefaultMember> Defaults { get; init; } = [];

    /// <summary>Whether the bodies of its exchanges are logged, or null for the gateway's own word.</summary>
    public BodyLogging? LogBodies { get; init; }

    /// <summary>The caller of an open gateway: one person on their own machine.</summary>
    public static Caller Open(int? requestsPerMinute) => new("open", "open", "open", requestsPerMinute);

    /// <summary>Nobody was asked for a key.</summary>
    public bool IsOpen => KeyId == "open";

    /// <summary>Whether a model may serve it.</summary>
    /// <param name="model">The target, as <c>provider/model</c>.</param>
    public bool Allows(string model) => Scope.AllowsModel(model);
}

/// <summary>A member that is put into a question where it is absent.</summary>
/// <param name="Name">The member's name, as the dialect spells it.</param>
/// <param name="Json">Name and value as JSON text: <c>"temperature":0.2</c>.</param>
/// <param name="Dialect">For which dialect alone (see <see cref="CallerScope.Dialects"/>), or null for each.</param>
internal sealed record DefaultMember(string Name, ReadOnlyMemory<byte> Json, string? Dialect);

/// <summary>Whether bodies are logged.</summary>
/// <param name="Percent">Of how many exchanges, in percent: 0 for none, 100 for all.</param>
internal readonly record struct BodyLogging(double Percent);

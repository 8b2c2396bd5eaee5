using System.Collections.Frozen;
using Perigee.Providers;

namespace Perigee;

/// <summary>Somebody whose tokens (JWT) are taken besides keys: Entra ID or any other OpenID provider.</summary>
internal sealed record JwtIssuer
{
    /// <summary>The claim <c>iss</c> to the letter.</summary>
    public required string Issuer { get; init; }

    /// <summary>One of these has to be in <c>aud</c>.</summary>
    public required IReadOnlyList<string> Audiences { get; init; }

    /// <summary>Where the signing keys (JWKS) are; null is what the discovery document below the issuer says.</summary>
    public Uri? Keys { get; init; }

    /// <summary>Which addresses may be dialled for them.</summary>
    public NetworkReach Network { get; init; }

    /// <summary>The claim that names the user: the end user of limits, the owner of keys, who did what in the audit.</summary>
    public string UserClaim { get; init; } = "sub";

    /// <summary>What tokens may do: the first rule with a place gives organisation and team, the highest role of all that hold counts.</summary>
    public IReadOnlyList<JwtRule> Rules { get; init; } = [];
}

/// <summary>What a token may do that bears a claim.</summary>
/// <param name="Claim">The claim's name, or null where the rule holds for each token of the issuer.</param>
/// <param name="Values">One of these has to be its value, or among its values; null for any.</param>
/// <param name="Organisation">Where it belongs, or null.</param>
/// <param name="Team">Where it belongs, or null.</param>
/// <param name="Role">What it may do in the management API, or null.</param>
internal sealed record JwtRule(string? Claim, FrozenSet<string>? Values, string? Organisation, string? Team, ManagementRole? Role);

/// <summary>What somebody may do in the management API, from the least to the most.</summary>
internal enum ManagementRole
{
    /// <summary>Sees and rotates the keys that are its own.</summary>
    KeyOwner,

    /// <summary>Sees everything but the audit.</summary>
    Viewer,

    /// <summary>Changes everything but admin keys.</summary>
    Admin,

    /// <summary>Everything.</summary>
    Owner,
}

/// <summary>Words of <see cref="ManagementRole"/>.</summary>
internal static class ManagementRoles
{
    /// <summary>All of them, in their order.</summary>
    public static IReadOnlyList<string> Words { get; } = ["key-owner", "viewer", "admin", "owner"];

    /// <summary>The word for a role.</summary>
    public static string WordOf(ManagementRole role) => Words[(int)role];
}

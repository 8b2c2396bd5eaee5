namespace Perigee.Callers;

/// <summary>What a look-up found.</summary>
internal sealed class KeyFinding
{
    public static readonly KeyFinding Unknown = new(null, "This API key is not known here.");
    public static readonly KeyFinding Revoked = new(null, "This API key was revoked.");
    public static readonly KeyFinding Expired = new(null, "This API key has expired.");
    public static readonly KeyFinding Rotated = new(null, "This API key was rotated and its old secret has ended: use the new one.");
    public static readonly KeyFinding Disabled = new(null, "This API key is disabled.");
    public static readonly KeyFinding Busy = new(null, "Many unknown API keys were tried just now: try again in a moment.");

    private KeyFinding(Caller? caller, string? why) => (Caller, Why) = (caller, why);

    /// <summary>Whose key it is, or null where it is good for nothing.</summary>
    public Caller? Caller { get; }

    /// <summary>Why it is good for nothing, for its holder; null where it is good.</summary>
    public string? Why { get; }

    /// <summary>Whether the key itself is good, and what it belongs to is not.</summary>
    public bool IsAbove { get; private init; }

    /// <summary>A good key.</summary>
    public static KeyFinding Of(Caller caller) => new(caller, null);

    /// <summary>A good key of an organisation or a team that is not served now.</summary>
    public static KeyFinding Refused(string why) => new(null, why) { IsAbove = true };
}

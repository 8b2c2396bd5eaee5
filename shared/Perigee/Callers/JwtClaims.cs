using System.Text.Json;

namespace Perigee.Callers;

/// <summary>Claims of a token, as rules look at them.</summary>
internal static class JwtClaims
{
    private const int LongestText = 512;

    /// <summary>Whether a rule holds.</summary>
    public static bool Holds(JsonElement claims, JwtRule rule)
    {
        if (rule.Claim is null)
            return true;
        if (Find(claims, rule.Claim) is not { } value)
            return false;
        if (rule.Values is not { } wanted)
            return true;
        return value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray().Any(item => TextOf(item) is { } one && wanted.Contains(one))
            : TextOf(value) is { } text && wanted.Contains(text);
    }

    /// <summary>A claim's text, or null.</summary>
    public static string? Text(JsonElement claims, string name) => Find(claims, name) is { } value && TextOf(value) is { Length: <= LongestText } text ? text : null;

    /// <summary>A claim by its whole name, for some are addresses with dots; else a dot goes into an object (<c>realm_access.roles</c>).</summary>
    private static JsonElement? Find(JsonElement claims, string name)
    {
        if (claims.ValueKind != JsonValueKind.Object)
            return null;
        if (claims.TryGetProperty(name, out JsonElement whole))
            return whole;
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && claims.TryGetProperty(name[..dot], out JsonElement inner) ? Find(inner, name[(dot + 1)..]) : null;
    }

    private static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => null,
    };
}

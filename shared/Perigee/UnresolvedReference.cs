namespace Perigee;

/// <summary>
/// A setting of a function app that refers to a vault (<c>@Microsoft.KeyVault(...)</c>) holds that very text where the platform could not resolve it. Anybody can guess it, so it is
/// taken for no value at all: neither an admin key nor what a provider is sent.
/// </summary>
internal static class UnresolvedReference
{
    private const string Beginning = "@Microsoft.KeyVault(";

    /// <summary>The value, or null where it is a reference that was not resolved.</summary>
    public static string? OrValue(string? value) =>
        value is not null && value.TrimStart().StartsWith(Beginning, StringComparison.OrdinalIgnoreCase) ? null : value;
}

using System.Security.Cryptography;
using System.Text;

namespace Perigee.Embedding;

/// <summary>Names of versions that are safe in a table key, whatever a model is called.</summary>
internal static class VersionName
{
    /// <summary>The kind, and 12 digits of the hash of what else makes the vectors.</summary>
    public static string Of(string kind, string what) => Of(kind, Encoding.UTF8.GetBytes(what));

    /// <inheritdoc cref="Of(string, string)"/>
    public static string Of(string kind, ReadOnlySpan<byte> what) => kind + "-" + Convert.ToHexStringLower(SHA256.HashData(what).AsSpan(0, 6));
}

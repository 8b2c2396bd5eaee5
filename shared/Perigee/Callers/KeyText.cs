using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Perigee.Callers;

/// <summary>What a caller's key looks like: <c>pk-</c> and 256 random bits in base64url. Only its hash is ever kept.</summary>
internal static class KeyText
{
    public const string Prefix = "pk-";
    private const int SecretBytes = 32;
    private const int Length = 3 + 43;

    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>A new key.</summary>
    public static string New()
    {
        Span<byte> secret = stackalloc byte[SecretBytes];
        RandomNumberGenerator.Fill(secret);
        return Prefix + Base64Url.EncodeToString(secret);
    }

    /// <summary>Whether the text can be a key: what cannot is not worth a look-up.</summary>
    public static bool MayBe(ReadOnlySpan<char> text) =>
        text.Length == Length && text.StartsWith(Prefix, StringComparison.Ordinal) && !text[Prefix.Length..].ContainsAnyExcept(Alphabet);

    /// <summary>The hash of a text that <see cref="MayBe"/> one.</summary>
    public static KeyHash Hash(ReadOnlySpan<char> key)
    {
        Span<byte> ascii = stackalloc byte[Length];
        int length = Encoding.ASCII.GetBytes(key, ascii);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(ascii[..length], hash);
        return MemoryMarshal.Read<KeyHash>(hash);
    }
}

/// <summary>A SHA-256 as a value: a dictionary key that is not on the heap.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct KeyHash(ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>64 lower-case hex digits.</summary>
    public string Hex()
    {
        KeyHash self = this;
        return Convert.ToHexStringLower(MemoryMarshal.AsBytes(new ReadOnlySpan<KeyHash>(in self)));
    }

    /// <summary>The hash of those digits.</summary>
    public static KeyHash FromHex(string hex) => MemoryMarshal.Read<KeyHash>(Convert.FromHexString(hex));
}

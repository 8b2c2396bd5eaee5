using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Perigee.Wire.Anthropic;

/// <summary>
/// Ids of tool calls as Anthropic takes them: letters, digits, <c>_</c> and <c>-</c>, 64 at most. Any other is replaced by a hash of itself, so
/// that call and result meet again whoever of them passes first, in whatever request.
/// </summary>
internal static class AnthropicIds
{
    private const int Longest = 64;

    private static readonly SearchValues<byte> Word = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"u8);

    /// <summary>Whether an id is taken as it is.</summary>
    public static bool Fits(ReadOnlySpan<byte> id) => id.Length is > 0 and <= Longest && id.IndexOfAnyExcept(Word) < 0;

    /// <summary>The id that Anthropic takes for this one.</summary>
    public static string Of(ReadOnlySpan<byte> escaped) => Fits(escaped) ? Encoding.ASCII.GetString(escaped) : Hash(WireText.Unescape(escaped));

    /// <summary>The id of the second, third ... call that bears an id which was there before.</summary>
    public static string Again(string id, int time) => Hash(Encoding.UTF8.GetBytes($"{id}#{time}"));

    private static string Hash(ReadOnlySpan<byte> id)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(id, hash);
        return "toolu_" + Convert.ToHexStringLower(hash[..12]);
    }
}

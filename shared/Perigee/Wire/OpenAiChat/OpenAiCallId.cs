using System.Numerics;
using System.Security.Cryptography;

namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// Ids of tool calls that the target takes. One that it does not take becomes a hash of itself: the same for the call and its result, and in
/// every turn, without anything having to be remembered.
/// </summary>
internal static class OpenAiCallId
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>The id to send, escaped.</summary>
    public static byte[] Fit(WireText id, ToolIdRule rule)
    {
        ReadOnlySpan<byte> escaped = id.Escaped.Span;
        bool fits = rule switch
        {
            ToolIdRule.Nine => escaped.Length == 9 && IsWord(escaped, joiners: false),
            ToolIdRule.Word => escaped.Length is > 0 and <= 64 && IsWord(escaped, joiners: true),
            ToolIdRule.Forty => escaped.Length is > 0 and <= 40,
            _ => true,
        };
        return fits ? escaped.ToArray() : rule == ToolIdRule.Nine ? Hash(escaped, 9) : [.. "call_"u8, .. Hash(escaped, 24)];
    }

    private static bool IsWord(ReadOnlySpan<byte> text, bool joiners)
    {
        foreach (byte b in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)b) && !(joiners && b is (byte)'_' or (byte)'-'))
                return false;
        }

        return true;
    }

    private static byte[] Hash(ReadOnlySpan<byte> text, int length)
    {
        BigInteger number = new(SHA256.HashData(text), isUnsigned: true);
        byte[] hash = new byte[length];
        for (int i = 0; i < length; i++)
        {
            number = BigInteger.DivRem(number, Digits.Length, out BigInteger digit);
            hash[i] = (byte)Digits[(int)digit];
        }

        return hash;
    }
}

namespace Perigee.Logs.Redacting;

/// <summary>Kinds of characters, of which the rules are made.</summary>
internal static class Letters
{
    /// <summary>Past the end of a text.</summary>
    public const byte None = 0;

    /// <summary>The byte at a place, or <see cref="None"/> outside of the text.</summary>
    public static byte At(ReadOnlySpan<byte> text, int at) => (uint)at < (uint)text.Length ? text[at] : None;

    public static bool IsDigit(byte b) => (uint)(b - '0') <= 9;

    public static bool IsLetter(byte b) => (uint)((b | 0x20) - 'a') <= 25;

    public static bool IsWord(byte b) => IsDigit(b) || IsLetter(b) || b >= 0x80;

    public static bool IsSpace(byte b) => b is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';

    /// <summary>Of the names of members, parameters, variables.</summary>
    public static bool IsName(byte b) => IsWord(b) || b is (byte)'_' or (byte)'-';

    /// <summary>Of keys and tokens, base64 in all its alphabets, and masks of them.</summary>
    public static bool IsKey(byte b) => IsDigit(b) || IsLetter(b)
        || b is (byte)'-' or (byte)'_' or (byte)'.' or (byte)'+' or (byte)'/' or (byte)'=' or (byte)'~' or (byte)'%' or (byte)'*';

    /// <summary>Of the local part of an address.</summary>
    public static bool IsMailbox(byte b) => IsWord(b) || b is (byte)'.' or (byte)'_' or (byte)'%' or (byte)'+' or (byte)'-';
}

using System.Buffers.Text;

namespace Perigee.Logs.Redacting;

/// <summary>
/// Finds what must go in base64 and base64url: a run of such letters that is a text once it is decoded, and in that text something. Looks at no more
/// than the window, so of a long run at its beginning only; what goes is the whole run.
/// </summary>
internal static class EncodedRules
{
    // Shorter runs are words, and hold nothing that a rule finds.
    private const int Shortest = 12;
    private const int FirstGroups = 8;

    /// <summary>A run that begins here.</summary>
    /// <param name="text">The logical text.</param>
    /// <param name="at">The place.</param>
    /// <param name="rules">Says what must go.</param>
    public static Finding? At(ReadOnlySpan<byte> text, int at, RedactionRules rules)
    {
        if (Letters.At(text, at - 1) is var before && IsLetter(before) && before != (byte)'/')
            return null;
        int end = at;
        while (end < text.Length && IsLetter(text[end]))
            end++;

        // A slash may as well divide a path.
        int slash = text[at..end].IndexOf((byte)'/');
        return Within(text, at, end, rules) ?? (slash > 0 ? Within(text, at, at + slash, rules) : null);
    }

    private static Finding? Within(ReadOnlySpan<byte> text, int at, int end, RedactionRules rules)
    {
        int length = end - at;
        if (length < Shortest || length % 4 == 1)
            return null;
        Span<byte> plain = stackalloc byte[RedactionScan.Window];

        // Nearly every run that is no base64 of a text is known by its first letters.
        if (!TryDecode(text.Slice(at, FirstGroups), plain, out _) || !TryDecode(text.Slice(at, length), plain, out int count))
            return null;
        Span<int> starts = stackalloc int[RedactionScan.Window + 1];
        for (int i = 0; i <= count; i++)
            starts[i] = i;
        for (int i = 0; i < count; i++)
        {
            if (rules.PlainAt(plain[..count], starts[..(count + 1)], i, out _) is not null)
                return new(at, end, Tail.Key);
        }

        return null;
    }

    private static bool TryDecode(ReadOnlySpan<byte> letters, Span<byte> plain, out int count)
    {
        Span<byte> url = stackalloc byte[RedactionScan.Window];
        url = url[..letters.Length];
        for (int i = 0; i < letters.Length; i++)
            url[i] = letters[i] switch { (byte)'+' => (byte)'-', (byte)'/' => (byte)'_', byte b => b };
        if (Base64Url.DecodeFromUtf8(url, plain, out _, out count) != System.Buffers.OperationStatus.Done)
            return false;
        foreach (byte b in plain[..count])
        {
            // Text: no control characters, and no bytes that no UTF-8 has.
            if (b is < 0x20 and not (0x09 or 0x0a or 0x0d) or 0x7f or 0xc0 or 0xc1 or >= 0xf5)
                return false;
        }

        return true;
    }

    private static bool IsLetter(byte b) => Letters.IsDigit(b) || Letters.IsLetter(b) || b is (byte)'+' or (byte)'/' or (byte)'-' or (byte)'_';
}

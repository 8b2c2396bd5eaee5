using System.Text;

namespace Perigee.Forwarding;

/// <summary>Takes the provider's key out of what the provider says: some echo it, whole or in part, in their errors.</summary>
internal static class KeyMask
{
    private const int Telling = 6;

    /// <summary>The text with every word that shows the key, its beginning or its end replaced by <c>***</c>.</summary>
    public static string Mask(string text, string? key)
    {
        if (key is null || key.Length < Telling || !Shows(text, key))
            return text;
        StringBuilder masked = new(text.Length);
        int at = 0;
        while (at < text.Length)
        {
            int end = at;
            while (end < text.Length && IsKeyChar(text[end]))
                end++;
            string word = text[at..end];
            if (word.Length >= Telling && Shows(word, key))
                masked.Append("***");
            else
                masked.Append(word);
            if (end < text.Length)
                masked.Append(text[end++]);
            at = end;
        }

        // A key with characters that no word has is still taken out where it stands whole.
        return masked.Replace(key, "***").ToString();
    }

    /// <summary>As <see cref="Mask(string, string?)"/>, on UTF-8. The same memory where there is nothing to mask.</summary>
    public static ReadOnlyMemory<byte> Mask(ReadOnlyMemory<byte> text, string? key)
    {
        if (key is null)
            return text;
        string before = Encoding.UTF8.GetString(text.Span);
        string after = Mask(before, key);
        return ReferenceEquals(before, after) || before == after ? text : Encoding.UTF8.GetBytes(after);
    }

    private static bool Shows(string text, string key) =>
        text.Contains(key[..Telling], StringComparison.Ordinal) || text.Contains(key[^Telling..], StringComparison.Ordinal);

    private static bool IsKeyChar(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '*' or '.' or '+' or '=' or '~';
}

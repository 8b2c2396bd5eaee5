namespace Perigee;

/// <summary>Cuts texts that others chose so that what is redacted afterwards is whole: half a key is not known for one.</summary>
internal static class ForeignText
{
    /// <summary>So much at the end of a cut text may be half a secret, an address, a number.</summary>
    private const int Doubtful = 256;

    /// <summary>The text, or its beginning up to a place between two words.</summary>
    /// <param name="text">Any text, or null.</param>
    /// <param name="most">The most characters that are left.</param>
    public static string? Cut(string? text, int most)
    {
        if (text is null || text.Length <= most)
            return text;
        for (int end = most; end > most - Doubtful && end > 1; end--)
        {
            // Numbers are written in groups: only between two words of letters nothing can straddle.
            if (char.IsWhiteSpace(text[end - 1]) && char.IsLetter(text[end]) && char.IsLetter(text[end - 2 < 0 ? 0 : end - 2]))
                return text[..end];
        }

        return text[..Math.Max(0, most - Doubtful)];
    }

    /// <summary>The text as a message quotes it: whole, or about so many characters of it with three dots.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="most">The characters that are shown of a long one, up to 256 more where what is behind them may belong to them.</param>
    public static string Quoted(string text, int most) => text.Length <= most + Doubtful ? text : Cut(text, most + Doubtful) + "...";
}

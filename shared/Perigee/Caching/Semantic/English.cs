namespace Perigee.Caching.Semantic;

/// <summary>Whether words are English: the lists are, and would fold other languages wrongly.</summary>
internal static class English
{
    /// <summary>Looks at the words outside of quotes.</summary>
    public static bool IsIt(ReadOnlySpan<Token> tokens)
    {
        int words = 0, structure = 0, known = 0, foreign = 0;
        foreach (ref readonly Token token in tokens)
        {
            if (token.Kind != TokenKind.Word)
                continue;
            words++;
            if (token.Word is not { } word)
                continue;
            if (word.Is(WordKinds.Foreign))
                foreign++;
            else if (word.Is(WordKinds.Function | WordKinds.Request))
                structure++;
            else
                known++;
        }

        if (words == 0)
            return true;

        // "me" and "a" are words elsewhere, too: a few of them among foreign ones prove nothing.
        if (foreign > 0 && foreign * 2 > structure)
            return false;
        if (words >= 6 && structure == 0)
            return false;
        return words < 4 || (structure * 2) + known >= Math.Min(words / 3, 12);
    }
}

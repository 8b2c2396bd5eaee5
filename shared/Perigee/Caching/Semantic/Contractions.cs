namespace Perigee.Caching.Semantic;

/// <summary>Words with an apostrophe.</summary>
internal static class Contractions
{
    private static readonly Lexeme s_not = Lexicon.Get("not");
    private static readonly Lexeme s_is = Lexicon.Get("is");
    private static readonly Lexeme s_am = Lexicon.Get("am");
    private static readonly Lexeme s_have = Lexicon.Get("have");
    private static readonly Lexeme s_will = Lexicon.Get("will");
    private static readonly Lexeme s_would = Lexicon.Get("would");
    private static readonly Lexeme s_can = Lexicon.Get("can");

    /// <summary>What a word with an apostrophe is made of.</summary>
    internal struct Parts
    {
        /// <summary>Where its first part ends.</summary>
        public int BaseEnd;

        /// <summary>The first part, where it is not what is written (can't, won't).</summary>
        public Lexeme? Base;

        /// <summary>The second.</summary>
        public Lexeme? Ending;

        /// <summary>Whether the second says whose.</summary>
        public bool Possessive;
    }

    /// <summary>Reads what follows a word.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">Where the word begins.</param>
    /// <param name="end">Where its letters end.</param>
    /// <param name="used">The characters of all of it.</param>
    /// <param name="parts">Its parts.</param>
    public static void Read(ReadOnlySpan<char> text, int start, int end, out int used, out Parts parts)
    {
        parts = new Parts { BaseEnd = end };
        used = end - start;
        if (end >= text.Length || text[end] is not ('\'' or '’' or 'ʼ' or '`' or '´'))
            return;
        int last = end + 1;
        while (last < text.Length && char.IsAsciiLetter(text[last]))
            last++;
        ReadOnlySpan<char> ending = text[(end + 1)..last];
        ReadOnlySpan<char> word = text[start..end];
        int whole = last - start;
        if (ending.Equals("t", StringComparison.OrdinalIgnoreCase) && word.EndsWith("n", StringComparison.OrdinalIgnoreCase))
        {
            parts.Ending = s_not;
            if (word.Equals("can", StringComparison.OrdinalIgnoreCase))
                parts.Base = s_can;
            else if (word.Equals("won", StringComparison.OrdinalIgnoreCase))
                parts.Base = s_will;
            else
                parts.BaseEnd = end - 1;
            used = whole;
        }
        else if (ending.Equals("s", StringComparison.OrdinalIgnoreCase))
        {
            if (IsBeforeIs(word))
                parts.Ending = s_is;
            else
                parts.Possessive = true;
            used = whole;
        }
        else if (ending.Equals("re", StringComparison.OrdinalIgnoreCase))
        {
            parts.Ending = s_is;
            used = whole;
        }
        else if (ending.Equals("m", StringComparison.OrdinalIgnoreCase) && word is "i" or "I")
        {
            parts.Ending = s_am;
            used = whole;
        }
        else if (ending.Equals("ve", StringComparison.OrdinalIgnoreCase))
        {
            parts.Ending = s_have;
            used = whole;
        }
        else if (ending.Equals("ll", StringComparison.OrdinalIgnoreCase))
        {
            parts.Ending = s_will;
            used = whole;
        }
        else if (ending.Equals("d", StringComparison.OrdinalIgnoreCase) && IsWould(text[last..]))
        {
            parts.Ending = s_would;
            used = whole;
        }
        else if (ending.IsEmpty && word.EndsWith("s", StringComparison.OrdinalIgnoreCase) && (last >= text.Length || text[last] == ' '))
        {
            // The students' books: a plural that owns.
            parts.Possessive = true;
            used = whole;
        }
    }

    /// <summary>After these an 's is "is"; after a name it may be whose, and after he or she "has".</summary>
    private static bool IsBeforeIs(ReadOnlySpan<char> word) =>
        word.Equals("what", StringComparison.OrdinalIgnoreCase) || word.Equals("who", StringComparison.OrdinalIgnoreCase)
        || word.Equals("where", StringComparison.OrdinalIgnoreCase) || word.Equals("when", StringComparison.OrdinalIgnoreCase)
        || word.Equals("how", StringComparison.OrdinalIgnoreCase) || word.Equals("why", StringComparison.OrdinalIgnoreCase)
        || word.Equals("that", StringComparison.OrdinalIgnoreCase) || word.Equals("there", StringComparison.OrdinalIgnoreCase)
        || word.Equals("here", StringComparison.OrdinalIgnoreCase) || word.Equals("it", StringComparison.OrdinalIgnoreCase);

    /// <summary>"I'd like" is "I would like"; "I'd gone" and "I'd better" are "I had".</summary>
    private static bool IsWould(ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart();
        foreach (string verb in (ReadOnlySpan<string>)["like", "love", "prefer", "rather", "appreciate", "be", "really", "want"])
        {
            if (rest.StartsWith(verb, StringComparison.OrdinalIgnoreCase) && (rest.Length == verb.Length || !char.IsLetter(rest[verb.Length])))
                return true;
        }

        return false;
    }
}

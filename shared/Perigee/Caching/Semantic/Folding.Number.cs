namespace Perigee.Caching.Semantic;

/// <summary>Where number, articles and "do" say something.</summary>
internal static partial class Folding
{
    private static void Article(Span<Token> tokens, int sentence, int at, Lexeme word, bool few, ref UnitWriter units)
    {
        Token next = at + 1 < tokens.Length ? tokens[at + 1] : default;
        bool before = at + 1 < tokens.Length && next.Kind is TokenKind.Word or TokenKind.Number or TokenKind.Quote or TokenKind.Code or TokenKind.Verbatim;
        if (word.Text == "the")
        {
            if (few && before && !IsTheOnly(tokens, at))
                units.Add(UnitKind.Article, Marks.Function, "the", default);
            return;
        }

        // "a" before a word that begins no noun phrase is a letter: from a to b.
        if (!before || next.Is(WordKinds.Preposition | WordKinds.Wh | WordKinds.Auxiliary | WordKinds.Pronoun | WordKinds.Article | WordKinds.Negation) || next.Is("and") || next.Is("or")
            || (at > sentence && tokens[at - 1].Is(WordKinds.Lettered)))
            units.Add(UnitKind.Term, Marks.None, word.Text, default);
        else if (next.Is("few") || next.Is("little") || next.Is("lot") || next.Is("bit") || next.Is("couple"))
            units.Add(UnitKind.Word, Marks.Function, "a", default);
        else if (few)
            units.Add(UnitKind.Article, Marks.Function, "a", default);
    }

    /// <summary>Of which there is one only: "the capital of", "the best", "the difference".</summary>
    private static bool IsTheOnly(ReadOnlySpan<Token> tokens, int at)
    {
        if (tokens[at + 1].Is(WordKinds.Definite) || tokens[at + 1].Is("difference"))
            return true;
        for (int i = at + 2; i < tokens.Length && i <= at + 4; i++)
        {
            if (tokens[i].Is("of"))
                return true;
            if (tokens[i].Kind != TokenKind.Word || tokens[i].Is(WordKinds.Function))
                return false;
        }

        return false;
    }

    /// <summary>Where a plural without an article begins, with what qualifies it: "cats" and "product managers", which "a cat" asks the same of.</summary>
    private static bool BeginsBarePlural(ReadOnlySpan<Token> tokens, int sentence, int at)
    {
        if (!IsBare(tokens, sentence, at))
            return false;
        for (int i = at; i < tokens.Length && i < at + 3; i++)
        {
            if (tokens[i].Kind != TokenKind.Word || tokens[i].Word is not { } word || word.Is(WordKinds.Function | WordKinds.Number | WordKinds.Definite | WordKinds.Name))
                return false;
            if (word.Is(WordKinds.Plural))
                return word.Is(WordKinds.Noun) && (!word.Is(WordKinds.Verb) || i > at) && !NumberMatters(tokens, sentence, i);
            if (word.Is(WordKinds.Verb) && !(word.Is(WordKinds.Noun) && i > at))
                return false;
        }

        return false;
    }

    /// <summary>Whether the words up to a plural are a name, whose plural is not folded.</summary>
    private static bool HasName(ReadOnlySpan<Token> tokens)
    {
        for (int i = 0; i < tokens.Length && i < 3; i++)
        {
            if (tokens[i].Case != LetterCase.Lower && !tokens[i].Initial)
                return true;
            if (tokens[i].Is(WordKinds.Plural))
                return false;
        }

        return false;
    }

    /// <summary>Whether no word before belongs to what begins here.</summary>
    private static bool IsBare(ReadOnlySpan<Token> tokens, int sentence, int at)
    {
        if (at == sentence)
            return true;
        ref readonly Token before = ref tokens[at - 1];
        if (before.Kind != TokenKind.Word || before.Word is not { } word)
            return false;
        if (!word.Is(WordKinds.Function))
            return word.Is(WordKinds.Verb) && (!word.Is(WordKinds.Noun) || (at - 1 > sentence && tokens[at - 2].Is(WordKinds.Wh | WordKinds.Pronoun)) || at - 1 == sentence);
        return !word.Is(WordKinds.Article | WordKinds.Negation) && !(word.Is(WordKinds.Pronoun) && word.Text is not ("i" or "you" or "we"))
            && word.Text is not ("all" or "some" or "any" or "many" or "much" or "few" or "several" or "most" or "more" or "less" or "fewer" or "same" or "half" or "own" or "other" or "such");
    }

    /// <summary>Whether one and several are different wishes: "write a poem", "which planet", "who is the founder", "the best way".</summary>
    private static bool NumberMatters(ReadOnlySpan<Token> tokens, int sentence, int at)
    {
        ref readonly Token first = ref tokens[sentence];
        if (first.Is("who") || first.Is("whose") || first.Is("whom"))
            return true;
        if (first.Is(WordKinds.Creation))
        {
            bool direct = true;
            for (int i = sentence + 1; i < at && direct; i++)
                direct = !tokens[i].Is(WordKinds.Preposition);
            if (direct)
                return true;
        }

        for (int i = at - 1; i >= sentence && i >= at - 4; i--)
        {
            if (tokens[i].Is("which") || (tokens[i].Is("what") && !tokens[i + 1].Is(WordKinds.Auxiliary)) || tokens[i].Is(WordKinds.Definite) || tokens[i].Is("each") || tokens[i].Is("every"))
                return true;

            // "my pill" is one of them.
            if (tokens[i].Word?.Text is "my" or "your" or "his" or "her" or "our" or "their" or "its" or "whose")
                return true;

            // "what causes earthquakes": the verb comes between.
            if (tokens[i].Is(WordKinds.Preposition) || tokens[i].Kind != TokenKind.Word || (tokens[i].Is(WordKinds.Verb) && tokens[i].Is(WordKinds.Plural)))
                return false;
        }

        return false;
    }

    /// <summary>The "do" of "how do I": nothing but grammar.</summary>
    private static bool IsSupport(ReadOnlySpan<Token> tokens, int sentence, int at)
    {
        if (at == sentence || at + 2 >= tokens.Length || tokens[at].Word is not { Text: "do" } || tokens[at + 1].Kind != TokenKind.Word || tokens[at + 1].Is(WordKinds.Auxiliary | WordKinds.Preposition)
            || tokens[sentence].Word is not { } wh)
            return false;
        return at == sentence + 1 ? wh.Text is "how" or "why" or "when" or "where" or "what"
            : at == sentence + 2 && wh.Text is "how" && IsMeasure(tokens[sentence + 1]);
    }

    /// <summary>Whether the last sentence has the order of a statement, so that only its mark makes it a question.</summary>
    private static bool IsStatement(ReadOnlySpan<Token> tokens)
    {
        int end = tokens.Length - 1;
        int begin = end;
        while (begin > 0 && !tokens[begin - 1].IsBreak)
            begin--;
        if (begin == end)
            return false;
        ref readonly Token first = ref tokens[begin];
        if (first.Is(WordKinds.Wh | WordKinds.Auxiliary | WordKinds.Request | WordKinds.Preposition))
            return false;
        for (int i = begin + 1; i < end; i++)
        {
            if (tokens[i].Is(WordKinds.Wh))
                return false;
            if (tokens[i].Is(WordKinds.Auxiliary))
                return true;
        }

        return false;
    }
}

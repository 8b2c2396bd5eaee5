namespace Perigee.Caching.Semantic;

internal static partial class Folding
{
    /// <summary>With fewer words than these, articles say something.</summary>
    private const int FewContents = 3;

    /// <summary>Writes the units.</summary>
    /// <returns>False where nothing is left.</returns>
    private static bool Emit(ReadOnlySpan<char> text, Span<Token> tokens, TextCase textCase, bool speaksOfWords, ref UnitWriter units)
    {
        int corrections = 0;
        int contents = 0;
        bool repeated = false;
        Span<ulong> seen = stackalloc ulong[MostTokens];
        for (int i = 0; i < tokens.Length; i++)
        {
            Resolve(text, ref tokens[i], textCase, ref corrections);
            if (!IsContent(tokens[i]))
                continue;
            ulong hash = tokens[i].Word is { } word ? UnitWriter.Hash(word.Stem) : tokens[i].Value is { } value ? UnitWriter.Hash(value)
                : UnitWriter.Hash(text.Slice(tokens[i].Start, tokens[i].Length));
            int known = Math.Min(contents, seen.Length);
            repeated |= seen[..known].Contains(hash);
            if (contents < seen.Length)
                seen[contents] = hash;
            contents++;
        }

        if (contents == 0)
            return false;
        bool few = contents <= FewContents || repeated || speaksOfWords;
        int end = tokens.Length;
        bool statement = end > 0 && tokens[^1].IsBreak && IsStatement(tokens);
        while (end > 0 && (tokens[end - 1].IsBreak || tokens[end - 1].Kind == TokenKind.Comma))
            end--;
        bool asked = end < tokens.Length && tokens[end].Kind == TokenKind.Question;
        int sentence = 0;
        for (int i = 0; i < end; i++)
        {
            ref Token token = ref tokens[i];
            switch (token.Kind)
            {
                case TokenKind.Word:
                    Word(text, tokens[..end], sentence, i, textCase, few, ref units);
                    break;
                case TokenKind.Break or TokenKind.Question:
                    units.Add(UnitKind.Break, Marks.None, default, default);
                    sentence = i + 1;
                    break;
                case TokenKind.Comma:
                    // The comma before the last "and" of a list is a matter of taste.
                    if (!(i + 1 < end && (tokens[i + 1].Is("and") || tokens[i + 1].Is("or"))))
                        units.Add(UnitKind.Comma, Marks.None, default, default);
                    break;
                default:
                    Raw(text, token, ref units);
                    break;
            }
        }

        if (asked && statement)
            units.Add(UnitKind.Question, Marks.None, default, default);
        return true;
    }

    private static bool IsContent(in Token token) => token.Kind switch
    {
        TokenKind.Word => !token.Is(WordKinds.Function),
        TokenKind.Number or TokenKind.Quote or TokenKind.Code or TokenKind.Verbatim => true,
        _ => false,
    };

    /// <summary>Takes a name for a name, and a slip of the pen for what was meant.</summary>
    private static void Resolve(ReadOnlySpan<char> text, ref Token token, TextCase textCase, ref int corrections)
    {
        if (token.Kind != TokenKind.Word)
            return;
        bool name = textCase == TextCase.Normal && !token.Initial && token.Case is LetterCase.Capital or LetterCase.Mixed;
        if (name && textCase == TextCase.Normal && !token.Initial)
        {
            // A name is not misspelled: it is another one.
            if (token.Word is { } word && !text.Slice(token.Start, token.Length).Equals(word.Text, StringComparison.OrdinalIgnoreCase) && !word.Is(WordKinds.Function))
                token.Word = null;
            return;
        }

        if (token.Word is not null || token.Value is not null || token.Case is LetterCase.Capital or LetterCase.Mixed || token.Length > 24 || corrections >= MostCorrections)
            return;
        corrections++;
        Span<char> lower = stackalloc char[24];
        int length = TextScanner.Lower(text.Slice(token.Start, token.Length), lower);
        token.Word = Lexicon.Correct(lower[..length], wide: false);
    }

    private static void Word(ReadOnlySpan<char> text, Span<Token> tokens, int sentence, int at, TextCase textCase, bool few, ref UnitWriter units)
    {
        ref Token token = ref tokens[at];
        bool afterNumber = at > 0 && tokens[at - 1].Kind == TokenKind.Number;
        bool afterLetter = at > sentence && tokens[at - 1].Is(WordKinds.Lettered);
        if (token.Length == 1 && token.Value is null && token.Word?.Text != "i" && (afterLetter || token.Case == LetterCase.Single || token.Word is null))
        {
            Letter(text, token, afterLetter || textCase != TextCase.Normal || (token.Initial && token.Is(WordKinds.Article)), tokens, at, few, ref units);
            return;
        }

        if (token.Word is not { } word)
        {
            Term(text, token, afterNumber, textCase, ref units);
            return;
        }

        if (word.Is(WordKinds.Article))
        {
            Article(tokens, sentence, at, word, few, ref units);
            return;
        }

        if (word.Stem == "do" && IsSupport(tokens, sentence, at))
            return;
        Marks marks = CaseMarks(tokens, at, textCase);
        if (marks == Marks.Acronym && afterNumber && word.Text is "am" or "pm")
            marks = Marks.None;
        bool name = textCase == TextCase.Normal && !token.Initial && token.Case == LetterCase.Capital;
        bool own = name || marks is Marks.Acronym || (word.Is(WordKinds.Plural) && word.Is(WordKinds.Verb) && IsPastAlso(word.Stem)) || (word.Is(WordKinds.Plural) && NumberMatters(tokens, sentence, at));
        if (few && BeginsBarePlural(tokens, sentence, at) && !(textCase == TextCase.Normal && HasName(tokens[at..])))
            units.Add(UnitKind.Article, Marks.Function, "a", default);
        marks |= (word.Is(WordKinds.Function) ? Marks.Function : 0) | (word.Is(WordKinds.Harmless) ? Marks.Harmless : 0)
            | (word.Is(WordKinds.Negation) ? Marks.Negation : 0) | (word.Is(WordKinds.Verb) ? Marks.Verb : 0);
        units.Add(UnitKind.Word, marks, own ? word.Text : word.Stem, own ? default : word.Sense);
    }

    /// <summary>Whose past is written as the verb: "it hurts" is not "it hurt".</summary>
    private static bool IsPastAlso(string stem) =>
        stem is "hurt" or "cut" or "put" or "set" or "hit" or "let" or "shut" or "cost" or "quit" or "spread" or "read" or "split" or "cast" or "bet" or "burst" or "shed" or "rid" or "beat" or "upset" or "forecast"
            or "broadcast" or "reset" or "thrust" or "bid" or "slit" or "input" or "output" or "offset" or "come" or "become" or "run" or "overcome";

    /// <summary>A letter is a name: of a vitamin, a plan, a variable. "g" is not "G" unless something says which it is.</summary>
    private static void Letter(ReadOnlySpan<char> text, in Token token, bool anyCase, Span<Token> tokens, int at, bool few, ref UnitWriter units)
    {
        char letter = text[token.Start];
        if (token.Is(WordKinds.Article) && anyCase && !(at > 0 && tokens[at - 1].Is(WordKinds.Lettered)))
        {
            Article(tokens, 0, at, token.Word!, few, ref units);
            return;
        }

        // ls -l is not ls -L.
        if (at > 0 && tokens[at - 1] is { Kind: TokenKind.Symbol, Value: "-" } sign && sign.Start + 1 == token.Start)
        {
            units.Add(UnitKind.Term, Marks.Exact, [letter], default);
            return;
        }

        Span<char> one = [anyCase ? char.ToLowerInvariant(letter) : letter];
        units.Add(UnitKind.Term, Marks.None, one, default);
    }

    private static void Term(ReadOnlySpan<char> text, in Token token, bool afterNumber, TextCase textCase, ref UnitWriter units)
    {
        ReadOnlySpan<char> letters = token.Value ?? text.Slice(token.Start, token.Length);

        // userId is not userID.
        if (token.Case == LetterCase.Mixed && token.Value is null)
        {
            units.Add(UnitKind.Term, Marks.Exact, letters, default);
            return;
        }

        // MW is not mW, and Mb not MB.
        if (afterNumber && letters.Length <= 3 && token.Case != LetterCase.Lower && textCase != TextCase.Unknown)
        {
            units.Add(UnitKind.Term, Marks.Exact, letters, default);
            return;
        }

        char[]? rented = null;
        Span<char> lower = letters.Length <= 128 ? stackalloc char[128] : (rented = System.Buffers.ArrayPool<char>.Shared.Rent(letters.Length));
        int length = TextScanner.Lower(letters, lower);
        Lexeme? meant = units.Features && token.Value is null && (token.Case == LetterCase.Lower || textCase == TextCase.Unknown) ? Lexicon.Correct(lower[..length], wide: true) : null;
        units.Add(UnitKind.Term, Marks.None, lower[..length], meant is null ? default : meant.Sense);
        if (rented is not null)
            System.Buffers.ArrayPool<char>.Shared.Return(rented);
    }

    private static void Raw(ReadOnlySpan<char> text, in Token token, ref UnitWriter units)
    {
        ReadOnlySpan<char> value = token.Value ?? text.Slice(token.Start, token.Length);
        UnitKind kind = token.Kind switch
        {
            TokenKind.Number => UnitKind.Number,
            TokenKind.Quote => UnitKind.Quote,
            TokenKind.Code => UnitKind.Code,
            TokenKind.Verbatim => UnitKind.Verbatim,
            TokenKind.Possessive => UnitKind.Possessive,
            _ => UnitKind.Symbol,
        };

        // 4AM is 4am.
        if (kind == UnitKind.Verbatim && value.Length <= 8 && IsTime(value))
        {
            Span<char> time = stackalloc char[8];
            units.Add(kind, Marks.None, time[..TextScanner.Lower(value, time)], default);
            return;
        }

        // GPT-4 is gpt-4; 5mW is not 5MW.
        if (kind == UnitKind.Verbatim && value.Length <= 64 && value.Length >= 3 && char.IsAsciiLetter(value[0]) && char.IsAsciiLetter(value[1]) && value.IndexOfAny('_', '/', '(') < 0)
        {
            Span<char> lower = stackalloc char[64];
            units.Add(kind, Marks.None, lower[..TextScanner.Lower(value, lower)], default);
            return;
        }

        units.Add(kind, Marks.None, value, default);
    }

    private static bool IsTime(ReadOnlySpan<char> value)
    {
        if (!value.EndsWith("am", StringComparison.OrdinalIgnoreCase) && !value.EndsWith("pm", StringComparison.OrdinalIgnoreCase))
            return false;
        foreach (char c in value[..^2])
        {
            if (!char.IsAsciiDigit(c) && c is not ('.' or ':'))
                return false;
        }

        return true;
    }
}

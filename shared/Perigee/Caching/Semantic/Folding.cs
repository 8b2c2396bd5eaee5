using System.Buffers;

namespace Perigee.Caching.Semantic;

/// <summary>
/// Reduces a question to the units that are asked. It keeps what it does not know how to fold: only what is on a list, in a place where it says
/// nothing, falls away, and the order of what is left is the order of the text. So numbers, names, negation, direction, degree, person and
/// format need no rule of their own to differ.
/// </summary>
internal static partial class Folding
{
    /// <summary>Of the rules and the lists: keys and features of different versions are never compared.</summary>
    public const byte Version = 1;

    /// <summary>The longest question that is folded, in tokens of about four characters.</summary>
    public const int MostTokens = 256;

    private const int MostCharacters = MostTokens * 4;
    private const int MostCorrections = 8;

    /// <summary>Builds the tables that the first question would wait for, and runs through the folding once.</summary>
    public static void WarmUp()
    {
        Span<byte> key = stackalloc byte[32];
        foreach (string text in (ReadOnlySpan<string>)["Hi, could you please tell me how a toaster's 2 levers are organised? Thanks!", "WHAT IS \"A\", `B` AND c-3?"])
            FoldKey.TryKey(text, default, key, out _);
        if (FoldedText.TryFold("how do I buy bread", default, out FoldedText? one, out _) && FoldedText.TryFold("how to purchase breda", default, out FoldedText? other, out _))
            DifferenceGuard.Compare(one, other);
    }

    /// <summary>Folds a question.</summary>
    /// <param name="text">The question.</param>
    /// <param name="rules">What may be folded.</param>
    /// <param name="units">Takes the units.</param>
    public static FoldRefusal Fold(ReadOnlySpan<char> text, in FoldRules rules, ref UnitWriter units)
    {
        // Whoever pads with so much space sends data, not a question.
        if (text.Length > 2 * MostCharacters)
            return FoldRefusal.TooLong;
        text = text.Trim();
        if (text.Length > MostCharacters)
            return FoldRefusal.TooLong;
        if (text.IsEmpty)
            return FoldRefusal.Empty;
        Token[] pooled = ArrayPool<Token>.Shared.Rent(text.Length + 16);
        int used = 0;
        try
        {
            TextScanner scanner = new(text, pooled);
            FoldRefusal refusal = scanner.Scan();
            used = scanner.Count;
            return refusal != FoldRefusal.None ? refusal : Fold(text, pooled.AsSpan(0, used), rules, ref units);
        }
        finally
        {
            pooled.AsSpan(0, used).Clear();
            ArrayPool<Token>.Shared.Return(pooled);
        }
    }

    private static FoldRefusal Fold(ReadOnlySpan<char> text, Span<Token> tokens, in FoldRules rules, ref UnitWriter units)
    {
        if (!English.IsIt(tokens))
            return FoldRefusal.NotEnglish;
        MarkInitials(tokens);
        TextCase textCase = CaseOf(tokens);
        int indirect = FoldCourtesy(tokens, out bool speaksOfWords);
        int count = Compact(tokens, ref indirect);
        tokens = tokens[..count];
        if (count == 0)
            return FoldRefusal.Empty;
        if (!rules.Deictic && Pointing.IsDeictic(tokens))
            return FoldRefusal.Deictic;
        if (!rules.TimeDependent && Pointing.IsTimely(tokens))
            return FoldRefusal.TimeDependent;
        if (!speaksOfWords)
        {
            Fillers.Drop(tokens);
            tokens = tokens[..Compact(tokens, ref indirect)];
        }

        if (indirect >= 0)
            Straighten(tokens[indirect..]);
        tokens = tokens[..Numerals.Read(text, tokens)];
        if (!Emit(text, tokens, textCase, speaksOfWords, ref units))
            return FoldRefusal.Empty;
        return FoldRefusal.None;
    }

    private static bool SpeaksOfWords(ReadOnlySpan<Token> tokens)
    {
        foreach (ref readonly Token token in tokens)
        {
            if (token.Dropped)
                continue;
            if (token.Is(WordKinds.Language) || token is { Kind: TokenKind.Symbol, Value: ":" })
                return true;
        }

        return false;
    }

    private static void MarkInitials(Span<Token> tokens)
    {
        for (int i = 0; i < tokens.Length; i++)
            tokens[i].Initial = i == 0 || tokens[i - 1].IsBreak || tokens[i - 1] is { Kind: TokenKind.Symbol, Value: ":" };
    }

    /// <summary>Drops the courtesies of every sentence.</summary>
    /// <returns>Where a question begins that has the order of a statement, or -1.</returns>
    private static int FoldCourtesy(Span<Token> tokens, out bool speaksOfWords)
    {
        int statement = -1;
        int at = 0;
        speaksOfWords = false;
        while (at < tokens.Length)
        {
            bool first = at == 0;
            if (first || !speaksOfWords)
            {
                at = Courtesy.Open(tokens, at, out bool indirect);
                if (first)
                    speaksOfWords = SpeaksOfWords(tokens);
                if (at == tokens.Length)
                    break;
                tokens[at].Initial = true;
                if (indirect && statement < 0)
                    statement = at;
            }

            int end = at;
            while (end < tokens.Length && !tokens[end].IsBreak)
                end++;
            if (end > at)
                Courtesy.Close(tokens[at..end], speaksOfWords);
            at = end;
            while (at < tokens.Length && tokens[at].IsBreak)
                at++;
        }

        return statement;
    }

    /// <summary>Closes the gaps. A comma beside what fell away goes with it; so does what would now begin the text.</summary>
    private static int Compact(Span<Token> tokens, ref int marked)
    {
        int count = 0;
        bool gap = false;
        int kept = marked;
        for (int i = 0; i < tokens.Length; i++)
        {
            if (i == marked)
                kept = count;
            ref Token token = ref tokens[i];
            if (token.Dropped)
            {
                gap = true;
                if (count > 0 && tokens[count - 1].Kind == TokenKind.Comma)
                    count--;
                continue;
            }

            if (token.Kind == TokenKind.Comma && (gap || count == 0))
                continue;
            if (token.IsBreak && (count == 0 || tokens[count - 1].IsBreak))
            {
                gap = false;
                continue;
            }

            gap = false;
            tokens[count++] = token;
        }

        marked = kept >= count ? -1 : kept;
        return count;
    }

    /// <summary>"what the capital of France is", after "could you tell me": the verb goes where a question has it.</summary>
    private static void Straighten(Span<Token> tokens)
    {
        int end = 0;
        while (end < tokens.Length && !tokens[end].IsBreak)
            end++;
        if (end < 3 || !tokens[0].Is(WordKinds.Wh) || !(tokens[0].Word!.Text is "what" or "who" or "where" or "when" or "why" or "how"))
            return;
        if (tokens[0].Word!.Text is "why" or "when" or "where")
        {
            StraightenReason(tokens[..end]);
            return;
        }

        int verb = tokens[end - 1] is { Kind: TokenKind.Word, Word.Stem: "is" or "was" } ? end - 1
            : tokens[end - 2] is { Kind: TokenKind.Word, Word.Stem: "is" or "was" } && IsParticiple(tokens[end - 1]) ? end - 2 : -1;
        int to = tokens[0].Is("how") && IsMeasure(tokens[1]) ? 2 : 1;
        if (verb <= to)
            return;
        for (int i = 1; i < verb; i++)
        {
            if (tokens[i].Is(WordKinds.Auxiliary) || tokens[i].Kind == TokenKind.Comma)
                return;
        }

        Token moved = tokens[verb];
        for (int i = verb; i > to; i--)
            tokens[i] = tokens[i - 1];
        tokens[to] = moved;
    }

    /// <summary>"why the sky is blue".</summary>
    private static void StraightenReason(Span<Token> tokens)
    {
        int verb = -1;
        for (int i = 1; i < tokens.Length; i++)
        {
            if (tokens[i].Kind != TokenKind.Word || tokens[i].Is(WordKinds.Wh) || tokens[i].Is("that") || (verb >= 0 && tokens[i].Is(WordKinds.Auxiliary)))
                return;
            if (!tokens[i].Is(WordKinds.Auxiliary))
                continue;
            if (!(tokens[i].Is("is") || tokens[i].Is("was")))
                return;
            verb = i;
        }

        if (verb <= 1)
            return;
        Token moved = tokens[verb];
        for (int i = verb; i > 1; i--)
            tokens[i] = tokens[i - 1];
        tokens[1] = moved;
    }

    private static bool IsParticiple(in Token token) =>
        token.Word is { } word && (word.Text.EndsWith("ed", StringComparison.Ordinal) || word.Text is "made" or "born" or "found" or "built" or "written" or "spoken" or "grown" or "sold" or "known" or "held");

    private static bool IsMeasure(in Token token) =>
        token.Word?.Text is "many" or "much" or "old" or "long" or "far" or "tall" or "big" or "high" or "deep" or "fast" or "often" or "large" or "heavy" or "hot" or "cold"
            or "hard" or "expensive" or "popular" or "important" or "difficult" or "wide" or "safe" or "accurate" or "common";
}

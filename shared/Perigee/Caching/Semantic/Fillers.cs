namespace Perigee.Caching.Semantic;

/// <summary>Marks the words that say nothing where they stand. Each in its places only: "not really" and "just one" say something.</summary>
internal static class Fillers
{
    /// <summary>Marks them.</summary>
    public static void Drop(Span<Token> tokens)
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            ref Token token = ref tokens[i];
            if (token.Kind != TokenKind.Word || token.Word is not { } word || token.Case == LetterCase.Upper)
                continue;
            Lexeme? before = i > 0 && tokens[i - 1].Kind == TokenKind.Word ? tokens[i - 1].Word : null;
            Lexeme? after = i + 1 < tokens.Length && tokens[i + 1].Kind == TokenKind.Word ? tokens[i + 1].Word : null;
            bool first = i == 0 || tokens[i - 1].IsBreak;
            token.Dropped = word.Text switch
            {
                "really" or "actually" or "basically" or "essentially" or "honestly" =>
                    (before is null || !before.Is(WordKinds.Negation)) && (after is null || !after.Is(WordKinds.Negation)) && tokens.Length > 2,
                "just" => (before is { Text: "i" } && after is not null && after.Is(WordKinds.Verb) && i >= 2 && IsHow(tokens[..i]))
                    || (first && after is { Text: "tell" or "explain" or "wondering" or "curious" }),
                "simply" => before is { Text: "i" or "you" } && after is not null && after.Is(WordKinds.Verb),
                "exactly" => (before is { Text: "what" or "how" or "why" or "who" or "where" } && after is not null && after.Is(WordKinds.Auxiliary))
                    || (after is null && i >= 3 && tokens[0].Is("what") && tokens[1].Is("is") && IsEnd(tokens, i)),
                "please" => IsAside(tokens, i),
                "kindly" => first && after is not null && after.Is(WordKinds.Request),
                "to" or "for" => IsToMe(tokens, i, before),
                _ => false,
            };
            if (token.Dropped && word.Text is "to" or "for" && token.Dropped)
                tokens[++i].Dropped = true;
        }
    }

    private static bool IsHow(ReadOnlySpan<Token> before) => before[0].Is("how") || (before.Length > 2 && before[^3].Is("how"));

    private static bool IsEnd(ReadOnlySpan<Token> tokens, int at) => at + 1 == tokens.Length || tokens[at + 1].IsBreak;

    private static bool IsAside(ReadOnlySpan<Token> tokens, int at) =>
        at > 0 && at + 1 < tokens.Length && tokens[at - 1].Kind == TokenKind.Comma && (tokens[at + 1].Kind == TokenKind.Comma || Courtesy.Starts(tokens[at + 1]));

    /// <summary>"explain to me how", "summarize ... for me".</summary>
    private static bool IsToMe(ReadOnlySpan<Token> tokens, int at, Lexeme? before)
    {
        if (at + 1 >= tokens.Length || !tokens[at + 1].Is("me"))
            return false;
        if (tokens[at].Is("to"))
            return before is { Stem: "explain" or "describe" or "clarify" };
        return IsEnd(tokens, at + 1) && tokens[0].Word?.Stem is "explain" or "describe" or "summarize" or "translate" or "list" or "define" or "convert" or "calculate" or "solve" or "compare" or "clarify" or "outline";
    }
}

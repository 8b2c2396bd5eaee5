namespace Perigee.Caching.Semantic;

internal static partial class Folding
{
    /// <summary>What capitals say in a text.</summary>
    private enum TextCase
    {
        /// <summary>They mark names.</summary>
        Normal,

        /// <summary>There are none, or everything is one: nothing.</summary>
        Unknown,

        /// <summary>There are none.</summary>
        Flat,
    }

    private static TextCase CaseOf(ReadOnlySpan<Token> tokens)
    {
        int words = 0, lower = 0, upper = 0, capital = 0, titled = 0;
        foreach (ref readonly Token token in tokens)
        {
            if (token.Kind != TokenKind.Word || token.Length < 2)
                continue;
            words++;
            switch (token.Case)
            {
                case LetterCase.Lower:
                    lower++;
                    break;
                case LetterCase.Upper:
                    upper++;
                    break;
                case LetterCase.Capital when !token.Initial:
                    capital++;
                    titled += token.Is(WordKinds.Function | WordKinds.Request) ? 1 : 0;
                    break;
            }
        }

        if (upper > 1 && lower == 0 && upper * 2 > words)
            return TextCase.Unknown;
        if (capital == 0 && upper == 0)
            return TextCase.Flat;
        return titled > 0 && capital > lower ? TextCase.Unknown : TextCase.Normal;
    }

    /// <summary>What the case of a word adds to it.</summary>
    private static Marks CaseMarks(ReadOnlySpan<Token> tokens, int at, TextCase textCase)
    {
        ref readonly Token token = ref tokens[at];
        if (token.Word is not { } word)
            return Marks.None;
        bool cased = word.Is(WordKinds.Cased);
        if (textCase == TextCase.Unknown)
            return cased || (word.Text is "us" && token.Case == LetterCase.Upper) ? Marks.AnyCase : Marks.None;
        if (token.Case == LetterCase.Upper)
            return word.Is(WordKinds.Name) || word.Text is "ok" ? Marks.None : Marks.Acronym;
        if (!cased || token.Initial || token.Case == LetterCase.Lower || (token.Case == LetterCase.Single && word.Text is "i"))
            return Marks.None;

        // In a name of several words the others say that it is one; a month beside a number is one either way.
        bool among = (at > 0 && IsNamePart(tokens[at - 1])) || (at + 1 < tokens.Length && IsNamePart(tokens[at + 1]));
        return among ? Marks.None : Marks.Capital;
    }

    private static bool IsNamePart(in Token token) =>
        token.Kind == TokenKind.Number || (token is { Kind: TokenKind.Word, Case: LetterCase.Capital } && !token.Initial && !token.Is(WordKinds.Function));
}

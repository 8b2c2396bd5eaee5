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
        bool cased = word.Is(WordKinds.Cased) && !IsLanguage(tokens, at);
        if (textCase == TextCase.Unknown)
            return (cased && word.Is(WordKinds.Name)) || (token.Case == LetterCase.Upper && word.Text is "us" or "aids" or "ram" or "pin" or "polish") ? Marks.AnyCase : Marks.None;
        if (token.Case == LetterCase.Upper)
            return word.Is(WordKinds.Name) || word.Text is "ok" ? Marks.None : Marks.Acronym;
        if (word.Is(WordKinds.Wh) && token.Case == LetterCase.Capital && at > 0 && tokens[at - 1].Is(WordKinds.Article))
            return Marks.Capital;
        if (token.Initial)
            return cased && token.Case == LetterCase.Capital && !word.Is(WordKinds.Auxiliary | WordKinds.Request | WordKinds.Wh) ? Marks.AnyCase : Marks.None;
        if (token.Case != LetterCase.Capital || (!cased && IsLanguage(tokens, at)) || (!cased && (word.Is(WordKinds.Function | WordKinds.Name | WordKinds.Number | WordKinds.Definite) || IsCaseless(word.Text))))
            return Marks.None;

        // A month beside a number is one either way; of words that are no names by themselves, the others of a name say that it is one.
        bool number = (at > 0 && tokens[at - 1].Kind == TokenKind.Number) || (at + 1 < tokens.Length && tokens[at + 1].Kind == TokenKind.Number);
        if (cased)
            return number && word.Text is "may" or "march" or "august" ? Marks.None : Marks.Capital;
        bool among = number || (at > 0 && IsNamePart(tokens[at - 1])) || (at + 1 < tokens.Length && IsNamePart(tokens[at + 1]));
        return among ? Marks.None : Marks.Capital;
    }

    /// <summary>"in python" is in Python; only "a python" and "much java" are a snake and a coffee.</summary>
    private static bool IsLanguage(ReadOnlySpan<Token> tokens, int at)
    {
        if (tokens[at].Word!.Text is not ("python" or "java"))
            return false;
        if (at == 0 || tokens[at - 1].Word is not { } before)
            return true;
        return !before.Is(WordKinds.Article) && !(before.Text is "much" or "some" or "any" or "more" or "no" or "my" or "your" or "his" or "her" or "of" or "two" or "three" or "big" or "large" or "pet" or "wild")
            && !(before.Stem is "drink" or "see" or "buy" or "sell" or "keep" or "feed" or "catch" or "kill" or "hold" or "own" or "eat" or "find" or "taste");
    }

    /// <summary>Of these, many write a capital and mean the same: sciences, teachings, and things of which there is one.</summary>
    private static bool IsCaseless(string word) =>
        word is "internet" or "web" or "sun" or "moon" or "january" or "february" or "april" or "june" or "july" or "september" or "october" or "november" or "december"
            or "monday" or "tuesday" or "wednesday" or "thursday" or "friday" or "saturday" or "sunday" or "american"
        || word.EndsWith("ology", StringComparison.Ordinal) || word.EndsWith("ics", StringComparison.Ordinal) || word.EndsWith("sis", StringComparison.Ordinal)
        || word.EndsWith("graphy", StringComparison.Ordinal) || word.EndsWith("ism", StringComparison.Ordinal);

    private static bool IsNamePart(in Token token) =>
        token.Kind == TokenKind.Number || (token is { Kind: TokenKind.Word, Case: LetterCase.Capital } && !token.Initial && !token.Is(WordKinds.Function));
}

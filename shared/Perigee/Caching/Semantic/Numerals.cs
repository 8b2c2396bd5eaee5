using System.Globalization;

namespace Perigee.Caching.Semantic;

/// <summary>Numbers in words, and "percent" after a number.</summary>
internal static class Numerals
{
    /// <summary>Turns words for numbers into numbers, closing the gaps.</summary>
    /// <returns>The tokens that are left.</returns>
    public static int Read(ReadOnlySpan<char> text, Span<Token> tokens)
    {
        int count = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            int used = TryRead(text, tokens[i..], out long value);
            if (used == 0)
            {
                ref Token token = ref tokens[i];
                if (token is { Kind: TokenKind.Word, Word.Text: "per" } && i + 1 < tokens.Length && tokens[i + 1] is { Kind: TokenKind.Word, Word: null } && count > 0
                    && tokens[count - 1].Kind == TokenKind.Number && Is(text, tokens[i + 1], "cent"))
                {
                    tokens[count++] = new Token { Kind = TokenKind.Symbol, Value = "%" };
                    i++;
                    continue;
                }

                if (token is { Kind: TokenKind.Word, Word.Text: "%" })
                    token = new Token { Kind = TokenKind.Symbol, Value = "%" };
                tokens[count++] = token;
                continue;
            }

            bool initial = tokens[i].Initial;
            tokens[count++] = new Token { Kind = TokenKind.Number, Value = value.ToString(CultureInfo.InvariantCulture), Initial = initial };
            i += used - 1;
        }

        return count;
    }

    private static bool Is(ReadOnlySpan<char> text, in Token token, string word) =>
        text.Slice(token.Start, token.Length).Equals(word, StringComparison.OrdinalIgnoreCase);

    private static int TryRead(ReadOnlySpan<char> text, ReadOnlySpan<Token> tokens, out long value)
    {
        value = 0;
        int at = 0;
        long part = -1;
        bool any = false;

        // "a hundred"; "5 thousand".
        if (tokens.Length > 1 && tokens[0] is { Kind: TokenKind.Word, Word.Text: "a" } && tokens[1].Word is { Value: >= 100 })
        {
            part = 1;
            at = 1;
        }
        else if (tokens.Length > 1 && tokens[0].Kind == TokenKind.Number && tokens[0].Length <= 3 && tokens[1].Word is { Value: >= 100 }
            && int.TryParse(text.Slice(tokens[0].Start, tokens[0].Length), NumberStyles.None, CultureInfo.InvariantCulture, out int digits))
        {
            part = digits;
            at = 1;
        }

        int end = 0;
        while (at < tokens.Length && tokens[at] is { Kind: TokenKind.Word, Word: { } word } && word.Is(WordKinds.Number))
        {
            int number = word.Value;
            if (number == 1000)
            {
                if (part < 0 || value >= 1000)
                    break;
                value = (value + part) * 1000;
                part = 0;
            }
            else if (number == 100)
            {
                if (part is < 1 or > 99)
                    break;
                part *= 100;
            }
            else if (part < 0)
            {
                part = number;
            }
            else if (number > 0 && ((part % 100 == 0 && (part > 0 || value > 0)) || (part % 10 == 0 && part % 100 >= 20 && number < 10)))
            {
                part += number;
            }
            else
            {
                break;
            }

            any = true;
            end = ++at;
            if (at + 1 >= tokens.Length || tokens[at + 1].Word is not { } next || !next.Is(WordKinds.Number))
                continue;

            // "twenty-five"; "one hundred and five".
            bool dash = tokens[at] is { Kind: TokenKind.Symbol, Value: "-" } && part % 10 == 0 && part % 100 >= 20 && next.Value < 10;
            bool and = tokens[at].Is("and") && (number is 100 or 1000) && next.Value < 100;
            if (dash || and)
                at++;
        }

        value += Math.Max(part, 0);
        return any ? end : 0;
    }
}

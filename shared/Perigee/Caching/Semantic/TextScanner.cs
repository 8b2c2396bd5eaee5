using System.Globalization;
using System.Text;

namespace Perigee.Caching.Semantic;

/// <summary>Cuts a text into tokens, in one pass. Nothing of the text is lost but spacing and the kind of its quotes and dashes.</summary>
internal ref struct TextScanner(ReadOnlySpan<char> text, Token[] tokens)
{
    private const int MostLineBreaks = 6;

    private readonly ReadOnlySpan<char> _text = text;
    private int _at;
    private bool _apart = true;

    /// <summary>Tokens found.</summary>
    public int Count { get; private set; }

    /// <summary>Reads it all.</summary>
    public FoldRefusal Scan()
    {
        int lineBreaks = 0;
        int layout = 0;
        while (_at < _text.Length)
        {
            char c = _text[_at];
            if (char.IsWhiteSpace(c))
            {
                if (c == '\n')
                {
                    lineBreaks++;
                    AddBreak(TokenKind.Break, 1);
                }

                if (c == '\t')
                    layout++;
                _at++;
                _apart = true;
                continue;
            }

            if (Count >= tokens.Length - 4)
                return FoldRefusal.TooLong;
            if (c is '{' or '}' or ';' or '|' or '<')
                layout++;
            bool apart = _apart;
            _apart = c is '(' or '[' or '{' or '"' or '“' or '‘' or '\'' or '—' or '–';
            if (char.IsAsciiLetterOrDigit(c) || c >= 0x80)
            {
                FoldRefusal refusal = Piece(c, apart);
                if (refusal != FoldRefusal.None)
                    return refusal;
            }
            else
            {
                if (c == '`' && _text[_at..].StartsWith("```"))
                    return FoldRefusal.Structured;
                Mark(c, apart);
            }
        }

        return lineBreaks > MostLineBreaks || layout >= 3 ? FoldRefusal.Structured : FoldRefusal.None;
    }

    private FoldRefusal Piece(char c, bool apart)
    {
        if (apart && TryName())
            return FoldRefusal.None;
        if (char.IsAsciiDigit(c))
        {
            Number();
            return FoldRefusal.None;
        }

        if (IsLetter(c))
        {
            Word(apart);
            return FoldRefusal.None;
        }

        Rune.DecodeFromUtf16(_text[_at..], out Rune rune, out int used);
        if (char.IsLetter(c) || (used == 2 && Rune.IsLetter(rune)))
            return FoldRefusal.NotEnglish;
        switch (c)
        {
            case '“' or '”' or '„' or '«' or '‘' or '‹':
                Mark(c, apart);
                break;
            case '…':
                AddBreak(TokenKind.Break, 1);
                _at++;
                break;
            case '–' or '—' or '−' or '‐' or '‑':
                Add(TokenKind.Symbol, 1, "-");
                break;
            default:
                Add(TokenKind.Symbol, Math.Max(1, used), null);
                break;
        }

        return FoldRefusal.None;
    }

    /// <summary>A character of ASCII that is neither letter nor digit, or a quote.</summary>
    private void Mark(char c, bool apart)
    {
        switch (c)
        {
            case ',':
                Add(TokenKind.Comma, 1, ",");
                break;
            case '.' when Next(1) is >= '0' and <= '9' && apart:
                Number();
                break;
            case '.' when char.IsAsciiLetter(Next(1)) && apart:
                Name(End());
                break;
            case '!' or '?' when apart && char.IsWhiteSpace(Next(1)) && IsNamed():
                Add(TokenKind.Symbol, 1, c is '!' ? "!" : "?");
                break;
            case '.' or '!' or '?':
                int length = 0;
                bool asks = false;
                for (; Next(length) is '.' or '!' or '?'; length++)
                    asks |= Next(length) == '?';
                AddBreak(asks ? TokenKind.Question : TokenKind.Break, length);
                _at += length;
                break;
            case '"' or '“' or '”' or '„' or '«' or '`' or '‘' or '‹':
                if (!TryQuote(c))
                    Add(TokenKind.Symbol, 1, c is '`' ? "`" : c is '‘' ? "'" : "\"");
                break;
            case '\'' when apart && TryQuote(c):
                break;
            case '/' or '~' or '\\' or '@' or '$' when apart && TryName():
                break;
            case '-' when Next(1) == '-' && apart && char.IsAsciiLetter(Next(2)):
                Name(End());
                break;
            case ':':
                Add(TokenKind.Symbol, 1, ":");
                break;
            case '-':
                Add(TokenKind.Symbol, 1, "-");
                break;
            default:
                Add(TokenKind.Symbol, 1, null);
                break;
        }
    }

    /// <summary>"a ? after a variable": after such a word no sentence ends.</summary>
    private readonly bool IsNamed() => Count > 0 && (tokens[Count - 1].Is(WordKinds.Article | WordKinds.Preposition | WordKinds.Negation | WordKinds.Wh) || tokens[Count - 1].Is("and") || tokens[Count - 1].Is("or"));

    private bool TryQuote(char open)
    {
        if (open is '"' && _at > 0 && char.IsAsciiDigit(_text[_at - 1]))
            return false;
        ReadOnlySpan<char> rest = _text[(_at + 1)..];
        int end = open switch
        {
            '“' or '”' or '„' => rest.IndexOfAny('”', '“', '"'),
            '«' => rest.IndexOf('»'),
            '‹' => rest.IndexOf('›'),
            '‘' or '\'' => ClosingSingle(rest),
            '"' => rest.IndexOfAny('"', '”'),
            _ => rest.IndexOf(open),
        };
        if (end < 0)
            return false;
        ref Token token = ref Add(open == '`' ? TokenKind.Code : TokenKind.Quote, end + 2, null);
        token.Start++;
        token.Length -= 2;
        return true;
    }

    /// <summary>An apostrophe inside a word closes nothing.</summary>
    private static int ClosingSingle(ReadOnlySpan<char> rest)
    {
        for (int i = 1; i < rest.Length; i++)
        {
            if (rest[i] is '\'' or '’' && rest[i - 1] != ' ' && (i + 1 == rest.Length || !char.IsLetterOrDigit(rest[i + 1])))
                return i;
        }

        return -1;
    }

    /// <summary>An address, a path, a file or an identifier: what stands between spaces, where it cannot be words.</summary>
    private bool TryName()
    {
        int end = End();
        ReadOnlySpan<char> chunk = _text[_at..end];
        bool name = chunk.Contains("://", StringComparison.Ordinal) || chunk.StartsWith("www.", StringComparison.OrdinalIgnoreCase)
            || chunk.IndexOfAny('_', '\\', '@') >= 0 || chunk.Contains("::", StringComparison.Ordinal) || chunk.Contains("->", StringComparison.Ordinal)
            || chunk.Contains("()", StringComparison.Ordinal) || chunk.Count('/') > 1 && chunk.ContainsAnyInRange('a', 'z') || DottedName(chunk)
            || Coded(chunk);
        if (name && chunk.Length > 1)
            Name(end);
        return name && chunk.Length > 1;
    }

    /// <summary>Letters with digits: GPT-4, H2O, x86, 10GB, 3rd. Not dates, and not words after a number and a dash (<c>5-year</c>).</summary>
    private static bool Coded(ReadOnlySpan<char> chunk)
    {
        bool letters = false, digits = false;
        foreach (char c in chunk)
        {
            letters |= char.IsLetter(c);
            digits |= char.IsAsciiDigit(c);
            if (!char.IsLetterOrDigit(c) && c is not ('-' or '.' or '/' or ':' or '+'))
                return false;
        }

        return letters && digits;
    }

    /// <summary>Letters on both sides of a dot: node.js, a.txt, example.com; not U.S., e.g. or the end of a sentence.</summary>
    private static bool DottedName(ReadOnlySpan<char> chunk)
    {
        int dot = chunk.IndexOf('.');
        if (dot <= 0 || dot == chunk.Length - 1)
            return false;
        return !IsInitials(chunk) && char.IsLetterOrDigit(chunk[dot - 1]) && char.IsLetter(chunk[dot + 1]);
    }

    private static bool IsInitials(ReadOnlySpan<char> chunk)
    {
        for (int i = 0; i < chunk.Length; i++)
        {
            if (i % 2 == 0 ? !char.IsAsciiLetter(chunk[i]) : chunk[i] != '.')
                return false;
        }

        return chunk.Length >= 3;
    }

    /// <summary>Where the piece between spaces ends, without the marks that close a sentence.</summary>
    private readonly int End()
    {
        int end = _at;
        while (end < _text.Length && !char.IsWhiteSpace(_text[end]))
            end++;
        while (end > _at + 1 && (_text[end - 1] is '.' or ',' or ';' or ':' or '!' or '?' or '"' or '\'' or '”' or '’' or ']' or '}' or '`' or '>' or '…'
            || (_text[end - 1] == ')' && _text[_at..end].IndexOf('(') < 0)))
            end--;
        return end;
    }

    private void Name(int end)
    {
        ref Token token = ref Add(TokenKind.Verbatim, end - _at, null);
        token.Word = null;
        if (token.Length <= 4)
        {
            Span<char> lower = stackalloc char[4];
            token.Word = Lexicon.Find(lower[..Lower(_text.Slice(token.Start, token.Length), lower)]);
            if (token.Word is not null)
                token.Kind = TokenKind.Word;
        }
    }

    private void Number()
    {
        int end = _at;
        while (end < _text.Length)
        {
            char c = _text[end];
            bool between = c is '.' or ',' or ':' or '/' or '-' or '–' && end + 1 < _text.Length && char.IsAsciiDigit(_text[end + 1]);
            if (!char.IsAsciiDigit(c) && !between)
                break;
            end++;
        }

        if (end < _text.Length && IsLetter(_text[end]))
        {
            while (end < _text.Length && char.IsLetterOrDigit(_text[end]))
                end++;
            Name(end);
            return;
        }

        ReadOnlySpan<char> digits = _text[_at..end];
        string? plain = IsGrouped(digits) ? digits.ToString().Replace(",", "", StringComparison.Ordinal)
            : digits.Contains('–') ? digits.ToString().Replace('–', '-') : null;
        Add(TokenKind.Number, end - _at, plain);
    }

    /// <summary>Thousands with commas: 1,000 and 12,345.6.</summary>
    private static bool IsGrouped(ReadOnlySpan<char> digits)
    {
        int comma = digits.IndexOf(',');
        if (comma is < 1 or > 3 || digits[0] == '0' || digits.IndexOfAny(':', '/', '-') >= 0)
            return false;
        int dot = digits.IndexOf('.');
        ReadOnlySpan<char> whole = dot < 0 ? digits : digits[..dot];
        for (int i = comma; i < whole.Length; i += 4)
        {
            if (whole[i] != ',' || whole.Length - i < 4 || whole.Slice(i + 1, 3).Contains(','))
                return false;
        }

        return (whole.Length - comma) % 4 == 0;
    }

    private void Word(bool apart)
    {
        int start = _at, end = _at;
        int letters = 0, capitals = 0;
        bool first = false, plain = true;
        while (end < _text.Length && (IsLetter(_text[end]) || CharUnicodeInfo.GetUnicodeCategory(_text[end]) == UnicodeCategory.NonSpacingMark))
        {
            char c = _text[end++];
            letters++;
            plain &= c < 0x80;
            if (!char.IsUpper(c))
                continue;
            capitals++;
            first |= end - 1 == start;
        }

        LetterCase letterCase = capitals == 0 ? LetterCase.Lower : letters == 1 ? LetterCase.Single : capitals == letters ? LetterCase.Upper
            : capitals == 1 && first ? LetterCase.Capital : LetterCase.Mixed;
        if (end < _text.Length && char.IsAsciiDigit(_text[end]))
        {
            while (end < _text.Length && char.IsLetterOrDigit(_text[end]))
                end++;
            Name(end);
            return;
        }

        if (letters == 1 && Next(1) == '.' && IsInitials(_text[_at..Math.Min(_text.Length, _at + 3)]))
        {
            Initials(apart);
            return;
        }

        Contractions.Read(_text, start, end, out int used, out Contractions.Parts parts);
        Span<char> lower = stackalloc char[40];
        Span<char> american = stackalloc char[Spelling.Longest + 4];
        string? other = null;
        Lexeme? known = null;
        Lexeme[]? stands = null;
        if (letters <= lower.Length)
        {
            int written = Lower(_text[start..(parts.BaseEnd)], lower);
            known = Lexicon.Find(lower[..written]);
            if (parts.Ending is null && known is null)
                Lexicon.TryContraction(lower[..written], out stands);
            if (known is null && stands is null && plain && letterCase != LetterCase.Mixed && Spelling.Americanize(lower[..written], american) is > 0 and int length)
            {
                known = Lexicon.Find(american[..length]);
                other = known is null ? american[..length].ToString() : null;
            }
        }

        if (parts.Base is not null)
            known = parts.Base;
        if (stands is not null)
        {
            foreach (Lexeme word in stands)
                AddWord(word, start, end, letterCase, apart);
            _at = end;
            return;
        }

        AddWord(known, start, parts.BaseEnd, letterCase, apart);
        tokens[Count - 1].Value = other;
        if (parts.Ending is not null)
            AddWord(parts.Ending, parts.BaseEnd, start + used, LetterCase.Lower, apart: false);
        _at = start + used;
        if (parts.Possessive)
        {
            tokens[Count] = new Token { Kind = TokenKind.Possessive, Start = parts.BaseEnd, Length = 0, Value = "'s" };
            Count++;
        }
    }

    /// <summary>U.S., e.g., p.m.: their letters are a name of their own.</summary>
    private void Initials(bool apart)
    {
        int end = _at;
        Span<char> letters = stackalloc char[8];
        int count = 0;
        while (end + 1 < _text.Length && char.IsAsciiLetter(_text[end]) && _text[end + 1] == '.' && count < letters.Length)
        {
            letters[count++] = _text[end];
            end += 2;
        }

        if (end < _text.Length && char.IsAsciiLetter(_text[end]) && count < letters.Length && (end + 1 == _text.Length || !char.IsLetterOrDigit(_text[end + 1])))
            letters[count++] = _text[end++];
        bool upper = !letters[..count].ContainsAnyExceptInRange('A', 'Z');
        Span<char> lower = stackalloc char[8];
        Lexeme? known = Lexicon.Find(lower[..Lower(letters[..count], lower)]);
        ref Token token = ref Add(TokenKind.Word, end - _at, lower[..count].ToString());
        token.Word = known;
        token.Case = upper ? LetterCase.Upper : LetterCase.Mixed;
        token.Apart = apart;
    }

    private void AddWord(Lexeme? word, int start, int end, LetterCase letterCase, bool apart)
    {
        tokens[Count] = new Token { Kind = TokenKind.Word, Word = word, Start = start, Length = end - start, Case = letterCase, Apart = apart };
        Count++;
    }

    private ref Token Add(TokenKind kind, int length, string? value)
    {
        tokens[Count] = new Token { Kind = kind, Start = _at, Length = length, Value = value, Apart = _at == 0 || char.IsWhiteSpace(_text[_at - 1]) };
        _at += length;
        return ref tokens[Count++];
    }

    /// <summary>Several ends in a row are one; the first that asks says so.</summary>
    private void AddBreak(TokenKind kind, int length)
    {
        if (Count > 0 && tokens[Count - 1].IsBreak)
        {
            if (kind == TokenKind.Question)
                tokens[Count - 1].Kind = kind;
            return;
        }

        if (Count > 0)
            tokens[Count++] = new Token { Kind = kind, Start = _at, Length = length };
    }

    private readonly char Next(int offset) => _at + offset < _text.Length ? _text[_at + offset] : '\0';

    /// <summary>Latin letters, with their accents.</summary>
    internal static bool IsLetter(char c) =>
        char.IsAsciiLetter(c) || (c is >= '\u00C0' and <= '\u024F' && c is not ('×' or '÷')) || c is >= '\u1E00' and <= '\u1EFF';

    internal static int Lower(ReadOnlySpan<char> from, Span<char> to) => from.ToLowerInvariant(to);
}

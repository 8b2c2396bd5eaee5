using System.Runtime.InteropServices;

namespace Perigee.Caching.Semantic;

/// <summary>What a piece of text is.</summary>
internal enum TokenKind : byte
{
    /// <summary>Letters.</summary>
    Word,

    /// <summary>Digits with what belongs between them: numbers, dates, times, versions, ranges.</summary>
    Number,

    /// <summary>A quoted span.</summary>
    Quote,

    /// <summary>A back-ticked span.</summary>
    Code,

    /// <summary>A name that is no word: an address, a file, an identifier, letters with digits.</summary>
    Verbatim,

    /// <summary>Any other character.</summary>
    Symbol,

    /// <summary>A comma.</summary>
    Comma,

    /// <summary>The end of a sentence or line.</summary>
    Break,

    /// <summary>The end of a sentence that asks.</summary>
    Question,

    /// <summary>The possessive ending.</summary>
    Possessive,
}

/// <summary>How a word is written.</summary>
internal enum LetterCase : byte
{
    /// <summary>No capitals.</summary>
    Lower,

    /// <summary>One at its beginning.</summary>
    Capital,

    /// <summary>Capitals only, two or more.</summary>
    Upper,

    /// <summary>One letter, a capital.</summary>
    Single,

    /// <summary>Some inside.</summary>
    Mixed,
}

/// <summary>A piece of the text.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct Token
{
    /// <summary>The word, where it is known.</summary>
    public Lexeme? Word;

    /// <summary>What stands for it where that is neither its word nor its letters.</summary>
    public string? Value;

    /// <summary>Where it is in the text.</summary>
    public int Start;

    /// <summary>Its characters.</summary>
    public int Length;

    /// <summary>What it is.</summary>
    public TokenKind Kind;

    /// <summary>How it is written.</summary>
    public LetterCase Case;

    /// <summary>Whether it is folded away.</summary>
    public bool Dropped;

    /// <summary>Whether a space or a bracket comes before it.</summary>
    public bool Apart;

    /// <summary>Whether a sentence, or what is asked in it, begins here: a capital says nothing.</summary>
    public bool Initial;

    /// <summary>Whether it is known to be this.</summary>
    public readonly bool Is(WordKinds kinds) => Word is not null && Word.Is(kinds);

    /// <summary>Whether it is this word, in whatever form that has its stem.</summary>
    public readonly bool Is(string stem) => Word is not null && Word.Stem == stem;

    /// <summary>Whether a sentence ends here.</summary>
    public readonly bool IsBreak => Kind is TokenKind.Break or TokenKind.Question;
}

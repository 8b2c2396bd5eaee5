namespace Perigee.Caching.Semantic;

/// <summary>What the folding knows of a word.</summary>
[Flags]
internal enum WordKinds
{
    /// <summary>That it is a word.</summary>
    None = 0,

    /// <summary>It carries structure, not content: articles, prepositions, pronouns, auxiliaries, conjunctions ...</summary>
    Function = 1 << 0,

    /// <summary>It asks: who, what, when ...</summary>
    Wh = 1 << 1,

    /// <summary>be, do, have and the modals: they come first in a yes-no question.</summary>
    Auxiliary = 1 << 2,

    /// <summary>a, an, the.</summary>
    Article = 1 << 3,

    /// <summary>Persons and possession.</summary>
    Pronoun = 1 << 4,

    /// <summary>Prepositions.</summary>
    Preposition = 1 << 5,

    /// <summary>Whatever turns what follows into its opposite.</summary>
    Negation = 1 << 6,

    /// <summary>A noun whose plural is folded.</summary>
    Noun = 1 << 7,

    /// <summary>A verb whose third person is folded.</summary>
    Verb = 1 << 8,

    /// <summary>A verb that asks somebody for something: explain, list, write ...</summary>
    Request = 1 << 9,

    /// <summary>A request whose object may be one or many, which then are different wishes.</summary>
    Creation = 1 << 10,

    /// <summary>An inflected form: its stem is another word.</summary>
    Plural = 1 << 11,

    /// <summary>Where the question is about words, none of them is filler.</summary>
    Language = 1 << 12,

    /// <summary>Of superlatives and ordinals: one of it and several of it are different wishes, and there is one of it only.</summary>
    Definite = 1 << 13,

    /// <summary>A common word of another language.</summary>
    Foreign = 1 << 14,

    /// <summary>A capital makes another word of it: Polish, Turkey, May.</summary>
    Cased = 1 << 15,

    /// <summary>The answer depends on when it is asked.</summary>
    Timely = 1 << 16,

    /// <summary>A name of a place, people or language.</summary>
    Name = 1 << 17,

    /// <summary>Added to a question it rarely narrows what would be answered.</summary>
    Harmless = 1 << 18,

    /// <summary>Takes the place of a thing named before: it, they ...</summary>
    Anaphor = 1 << 19,

    /// <summary>The word for a number.</summary>
    Number = 1 << 20,

    /// <summary>After such a word an "a" is a letter: vitamin, plan, type.</summary>
    Lettered = 1 << 21,
}

/// <summary>A word that the folding knows.</summary>
/// <param name="Text">As it is written, in lower case.</param>
/// <param name="Stem">What stands for all its forms.</param>
/// <param name="Kinds">What is known of it.</param>
/// <param name="Sense">What stands for it and its curated synonyms, tier <c>near</c> only.</param>
internal sealed record Lexeme(string Text, string Stem, WordKinds Kinds, string Sense)
{
    /// <summary>The value of the word for a number.</summary>
    public int Value { get; init; }

    /// <summary>Whether it is any of these.</summary>
    public bool Is(WordKinds kinds) => (Kinds & kinds) != 0;
}

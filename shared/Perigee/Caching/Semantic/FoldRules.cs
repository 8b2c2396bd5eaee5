namespace Perigee.Caching.Semantic;

/// <summary>What may be folded besides plain questions.</summary>
/// <param name="Deictic">Questions that point at something (<c>this</c>, <c>the following</c>).</param>
/// <param name="TimeDependent">Questions that depend on the time (<c>today</c>, <c>latest</c>).</param>
internal readonly record struct FoldRules(bool Deictic, bool TimeDependent);

/// <summary>Why a question stays exact.</summary>
internal enum FoldRefusal
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>Nothing is left of it, or too little to tell it from others.</summary>
    Empty,

    /// <summary>More than about 256 tokens.</summary>
    TooLong,

    /// <summary>Not English, or of several scripts: the words that guards look for are English ones.</summary>
    NotEnglish,

    /// <summary>It points at something.</summary>
    Deictic,

    /// <summary>Its answer depends on when it is asked.</summary>
    TimeDependent,

    /// <summary>Code, tables, lists of data: layout is part of what it says.</summary>
    Structured,
}

/// <summary>What the guards say of two questions.</summary>
/// <param name="Same">Whether an answer to the one answers the other.</param>
/// <param name="Word">A word for headers and logs: <c>same</c>, or the first difference (<c>number</c>, <c>negation</c>, <c>entity</c>, <c>order</c> ...).</param>
internal readonly record struct GuardVerdict(bool Same, string Word);

namespace Perigee.Logs.Redacting;

/// <summary>What goes on behind a finding for as long as the text says.</summary>
internal enum Tail
{
    /// <summary>The finding ends where it says.</summary>
    None,

    /// <summary>Up to what is no character of a key.</summary>
    Key,

    /// <summary>Up to white space or what divides values.</summary>
    Value,

    /// <summary>Up to the quote that closes.</summary>
    Quoted,

    /// <summary>Up to the end of a key's armour.</summary>
    Armour,
}

/// <summary>Something that must not be written.</summary>
/// <param name="Start">Its first logical byte.</param>
/// <param name="End">The one behind its last one, as far as was looked.</param>
/// <param name="Tail">What else belongs to it: it is never cut because the window ends.</param>
/// <param name="Quote">The quote that closes it, where it is quoted.</param>
/// <param name="QuoteWidth">How many raw bytes the opening quote has, where it is quoted: one that is escaped more deeply does not close it.</param>
internal readonly record struct Finding(int Start, int End, Tail Tail = Tail.None, byte Quote = 0, int QuoteWidth = 0);

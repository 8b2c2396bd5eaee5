using System.Text.RegularExpressions;

namespace Perigee;

/// <summary>What is taken out of texts besides secrets, which always are.</summary>
internal sealed record RedactionOptions
{
    /// <summary>Whether e-mail addresses are.</summary>
    public bool Email { get; init; } = true;

    /// <summary>Whether telephone numbers are, where they are written as such: with <c>+</c>, a leading zero or the usual groups.</summary>
    public bool Phone { get; init; } = true;

    /// <summary>Whether numbers of payment cards are (13 to 19 digits whose check digit holds).</summary>
    public bool Card { get; init; } = true;

    /// <summary>Whether international bank account numbers are (ISO 13616, with their check digits).</summary>
    public bool Iban { get; init; } = true;

    /// <summary>Whether IP addresses are.</summary>
    public bool Ip { get; init; } = true;

    /// <summary>Whether all this is taken out of what clients are told of failures, too. Secrets are in any case.</summary>
    public bool Errors { get; init; } = true;

    /// <summary>Patterns of the operator's own.</summary>
    public IReadOnlyList<OwnPattern> Patterns { get; init; } = [];
}

/// <summary>A pattern of the operator's own.</summary>
/// <param name="Name">Stands in brackets in the place of what it finds.</param>
/// <param name="Regex">Never backtracks: its time is linear in the text.</param>
internal sealed record OwnPattern(string Name, Regex Regex);

namespace Perigee.Benchmarks.Semantic;

/// <summary>Long and short forms that mean the same.</summary>
internal static class Contractions
{
    private static readonly (string Long, string Short)[] Forms =
    [
        ("What is", "What's"), ("what is", "what's"), ("Who is", "Who's"), ("Where is", "Where's"), ("How is", "How's"), ("When is", "When's"), ("do not", "don't"), ("does not", "doesn't"),
        ("did not", "didn't"), ("is not", "isn't"), ("are not", "aren't"), ("was not", "wasn't"), ("cannot", "can't"), ("will not", "won't"), ("I am", "I'm"), ("I have", "I've"),
        ("I will", "I'll"), ("I would", "I'd"), ("It is", "It's"), ("it is", "it's"), ("Is it not", "Isn't it"), ("that is", "that's"), ("you are", "you're"), ("they are", "they're"),
        ("we are", "we're"), ("What are", "What're"), ("Who was", "Who was"), ("should not", "shouldn't"), ("would not", "wouldn't"), ("must not", "mustn't"),
    ];

    /// <summary>Contracts the forms in a text, or as it is where there are none; one in five without the apostrophe, as people type.</summary>
    public static string Make(string text, Random dice)
    {
        string contracted = text;
        foreach ((string whole, string less) in Forms)
            contracted = $" {contracted} ".Replace($" {whole} ", $" {less} ", StringComparison.Ordinal)[1..^1];
        return contracted == text || dice.Next(5) > 0
            ? contracted.Replace('\'', dice.Next(4) == 0 && contracted != text ? '\u2019' : '\'')
            : contracted.Replace("'t ", "t ", StringComparison.Ordinal).Replace("'s ", "s ", StringComparison.Ordinal);
    }
}

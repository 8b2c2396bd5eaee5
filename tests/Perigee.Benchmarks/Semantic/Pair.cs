namespace Perigee.Benchmarks.Semantic;

/// <summary>A question to the cache: the last text of the user and what was said before it.</summary>
/// <param name="Text">The last text.</param>
/// <param name="History">System prompt and earlier turns, each <c>role: text</c>. It is part of the scope, never of what is folded.</param>
internal sealed record Ask(string Text, IReadOnlyList<string> History)
{
    /// <summary>The earlier turns as one word: what every tier has to find equal before it looks at the text.</summary>
    public string Scope { get; } = string.Join('\u001e', History);

    /// <summary>The whole question as one word.</summary>
    public string Whole => Scope + "\u001f" + Text;
}

/// <summary>Two questions and whether an answer to the first answers the second.</summary>
/// <param name="A">The one whose answer is in the cache.</param>
/// <param name="B">The one that is asked.</param>
/// <param name="Same">Whether the answer may be served.</param>
/// <param name="Class">What differs between them.</param>
/// <param name="Source">Who made it: <c>template:id</c>, <c>repeat:id</c>, <c>hand</c>, or what a file says.</param>
/// <param name="Domain">What it is about.</param>
internal sealed record Pair(Ask A, Ask B, bool Same, string Class, string Source, string Domain)
{
    /// <summary><see cref="A"/> before politeness and context were put around it: texts of one meaning share it, also across pairs.</summary>
    public string MeaningA { get; init; } = A.Whole;

    /// <summary><see cref="B"/> before politeness and context were put around it.</summary>
    public string MeaningB { get; init; } = B.Whole;
}

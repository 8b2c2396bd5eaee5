namespace Perigee.Benchmarks.Semantic;

/// <summary>The ways in which people put the same question to a chat: both questions of a minimal pair wear the same.</summary>
internal static class Style
{
    private static readonly string[] Short =
    [
        "Hi, {0}", "Hello! {0}", "{0} Thanks!", "Please help: {0}", "Quick question: {0}", "Could you please answer: {0}", "{0} Thank you in advance.", "I would like to know: {0}",
        "Question: {0}", "Dear assistant, {0}",
    ];

    private static readonly string[] Long =
    [
        "I am preparing a talk for a group of volunteers and want to get the facts right before anybody asks me about them in front of a full room. {0}",
        "My colleague and I had a long argument over lunch, neither of us could convince the other, and we agreed to ask. {0}",
        "You are talking to someone who has read a little on the subject but never worked in the field. {0}",
        "{0} Please be precise, because a friend of mine will rely on the answer and has no way to check it against a second source.",
        "For a newsletter with about two thousand readers, most of whom are not experts, I need a reliable answer. {0}",
        "{0} A short explanation of the reasoning would help me more than a link, since my connection is slow and pages rarely load.",
        "I searched several forums and found only contradictory replies, so I hope for a clear one. {0}",
    ];

    /// <summary>How many there are, besides the question as it is.</summary>
    public static int Count => Short.Length + Long.Length + 2;

    /// <summary>Draws one: half of all questions stay as they are.</summary>
    public static int Draw(Random dice) => dice.Next(2) == 0 ? -1 : dice.Next(Count);

    /// <summary>Puts a style on a text.</summary>
    /// <param name="style">Its number, or -1.</param>
    /// <param name="text">The text.</param>
    public static string Wear(int style, string text) => style switch
    {
        < 0 => text,
        _ when style < Short.Length => Put(Short[style], text),
        _ when style < Short.Length + Long.Length => Put(Long[style - Short.Length], text),
        _ when style == Count - 1 => text.TrimEnd('?', '.'),
        _ => Ended(text) + " I am curious.",
    };

    /// <summary>The text with a stop, so that another sentence may follow.</summary>
    public static string Ended(string text) => text.Length > 0 && text[^1] is '?' or '.' or '!' ? text : text + ".";

    /// <summary>Puts the text where <c>{0}</c> is; a sentence after it needs a stop between.</summary>
    public static string Put(string frame, string text) =>
        frame.Replace("{0}", frame.StartsWith("{0} ", StringComparison.Ordinal) ? Ended(text) : text, StringComparison.Ordinal);
}

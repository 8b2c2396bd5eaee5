namespace Perigee.Caching.Keys;

/// <summary>Everything that the cache needs to know of a question, from one walk.</summary>
/// <param name="Hash">The hash of all of it, in lower-case hex.</param>
internal readonly record struct QuestionParts(string Hash)
{
    /// <summary>The hash of all but the last user turn's text. Set together with <see cref="LastText"/>.</summary>
    public string? Scope { get; init; }

    /// <summary>The last user turn's text: where the last turn is a user's and exactly one text, and semantic parts were asked for.</summary>
    public string? LastText { get; init; }

    /// <summary>Whether tools are declared, called or answered.</summary>
    public bool HasTools { get; init; }

    /// <summary>Whether a turn holds anything but text, calls and their results.</summary>
    public bool HasMedia { get; init; }

    /// <summary>The temperature, where it is stated.</summary>
    public double? Temperature { get; init; }

    /// <summary>Whether more than one answer is wanted.</summary>
    public bool Multiple { get; init; }

    /// <summary>The turns, without the system's. A tool's result is one.</summary>
    public int Turns { get; init; }
}

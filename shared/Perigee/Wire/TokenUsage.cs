namespace Perigee.Wire;

/// <summary>Tokens of one answer in classes that do not overlap, so that each is priced once. Source of the per-dialect sums: each reader.</summary>
/// <param name="InputFresh">Input tokens read anew.</param>
/// <param name="InputCacheRead">Input tokens read from the provider's prompt cache.</param>
/// <param name="InputCacheWrite">Input tokens written to the provider's prompt cache, kept for five minutes or for an unstated time.</param>
/// <param name="OutputText">Output tokens without reasoning.</param>
/// <param name="OutputReasoning">Output tokens of reasoning.</param>
internal readonly record struct TokenUsage(long InputFresh, long InputCacheRead, long InputCacheWrite, long OutputText, long OutputReasoning)
{
    /// <summary>Input tokens written to the provider's prompt cache for an hour: not part of <see cref="InputCacheWrite"/>.</summary>
    public long InputCacheWriteHour { get; init; }

    /// <summary>How many of the input tokens are audio, cached or not. A split, not a class of its own.</summary>
    public long InputAudio { get; init; }

    /// <summary>How many of the input tokens are images or video.</summary>
    public long InputImage { get; init; }

    /// <summary>How many of the input tokens came out of the provider's own tools.</summary>
    public long InputTools { get; init; }

    /// <summary>How many of the output tokens are audio.</summary>
    public long OutputAudio { get; init; }

    /// <summary>How many of the output tokens are images.</summary>
    public long OutputImage { get; init; }

    /// <summary>Searches that the provider made and bills.</summary>
    public long WebSearches { get; init; }

    /// <summary>All input tokens.</summary>
    public long Input => InputFresh + InputCacheRead + InputCacheWrite + InputCacheWriteHour;

    /// <summary>All output tokens.</summary>
    public long Output => OutputText + OutputReasoning;
}

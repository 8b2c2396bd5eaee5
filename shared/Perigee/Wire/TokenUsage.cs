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

    /// <summary>In which service tier the provider says that it served the answer: it decides the price.</summary>
    public ServiceTier Tier { get; init; }

    /// <summary>All input tokens.</summary>
    public long Input => InputFresh + InputCacheRead + InputCacheWrite + InputCacheWriteHour;

    /// <summary>All output tokens.</summary>
    public long Output => OutputText + OutputReasoning;
}

/// <summary>Service tiers with prices of their own.</summary>
internal enum ServiceTier
{
    /// <summary>The ordinary one, and every one that is billed like it.</summary>
    Standard,

    /// <summary>Slower and cheaper.</summary>
    Flex,

    /// <summary>In batches: cheaper.</summary>
    Batch,

    /// <summary>Ahead of others: dearer.</summary>
    Priority,
}

/// <summary>Words for <see cref="ServiceTier"/>.</summary>
internal static class ServiceTiers
{
    /// <summary>The tier that a provider's or a client's word means; a word that is not known is the ordinary one.</summary>
    public static ServiceTier Of(ReadOnlySpan<byte> word) =>
        word.SequenceEqual("priority"u8) || word.SequenceEqual("SERVICE_TIER_PRIORITY"u8) ? ServiceTier.Priority
        : word.SequenceEqual("flex"u8) || word.SequenceEqual("SERVICE_TIER_FLEX"u8) ? ServiceTier.Flex
        : word.SequenceEqual("batch"u8) ? ServiceTier.Batch
        : ServiceTier.Standard;
}

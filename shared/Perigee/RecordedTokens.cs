using Perigee.Wire;

namespace Perigee;

/// <summary>Tokens of an answer, in classes that do not overlap.</summary>
/// <param name="InputFresh">Input tokens read anew.</param>
/// <param name="InputCacheRead">Input tokens read from the provider's prompt cache.</param>
/// <param name="InputCacheWrite">Input tokens written to it for five minutes or an unstated time.</param>
/// <param name="OutputText">Output tokens without reasoning.</param>
/// <param name="OutputReasoning">Output tokens of reasoning.</param>
internal readonly record struct RecordedTokens(long InputFresh, long InputCacheRead, long InputCacheWrite, long OutputText, long OutputReasoning)
{
    /// <summary>Input tokens written to the provider's prompt cache for an hour: not part of <see cref="InputCacheWrite"/>.</summary>
    public long InputCacheWriteHour { get; init; }

    /// <summary>How many of the input tokens are audio: a split, not a class of its own. So are the next four.</summary>
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

    /// <summary>The service tier that decides the price.</summary>
    public ServiceTier Tier { get; init; }

    /// <summary>The word for it, or null for the ordinary one.</summary>
    public string? TierWord => Tier switch
    {
        ServiceTier.Flex => "flex",
        ServiceTier.Batch => "batch",
        ServiceTier.Priority => "priority",
        _ => null,
    };

    /// <summary>Whether they were counted from outside, as the answer was cut before it told them: bytes by four.</summary>
    public bool Estimated { get; init; }

    /// <summary>All input tokens.</summary>
    public long Input => InputFresh + InputCacheRead + InputCacheWrite + InputCacheWriteHour;

    /// <summary>All output tokens.</summary>
    public long Output => OutputText + OutputReasoning;

    /// <summary>What an answer told.</summary>
    public static RecordedTokens Of(in TokenUsage usage) => new(usage.InputFresh, usage.InputCacheRead, usage.InputCacheWrite, usage.OutputText, usage.OutputReasoning)
    {
        InputCacheWriteHour = usage.InputCacheWriteHour,
        InputAudio = usage.InputAudio,
        InputImage = usage.InputImage,
        InputTools = usage.InputTools,
        OutputAudio = usage.OutputAudio,
        OutputImage = usage.OutputImage,
        WebSearches = usage.WebSearches,
        Tier = usage.Tier,
    };
}

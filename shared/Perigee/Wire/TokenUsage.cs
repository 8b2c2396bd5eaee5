namespace Perigee.Wire;

/// <summary>Tokens of one answer in classes that do not overlap, so that each is priced once. Source of the per-dialect sums: each reader.</summary>
/// <param name="InputFresh">Input tokens read anew.</param>
/// <param name="InputCacheRead">Input tokens read from the provider's prompt cache.</param>
/// <param name="InputCacheWrite">Input tokens written to the provider's prompt cache.</param>
/// <param name="OutputText">Output tokens without reasoning.</param>
/// <param name="OutputReasoning">Output tokens of reasoning.</param>
internal readonly record struct TokenUsage(long InputFresh, long InputCacheRead, long InputCacheWrite, long OutputText, long OutputReasoning)
{
    /// <summary>All input tokens.</summary>
    public long Input => InputFresh + InputCacheRead + InputCacheWrite;

    /// <summary>All output tokens.</summary>
    public long Output => OutputText + OutputReasoning;
}

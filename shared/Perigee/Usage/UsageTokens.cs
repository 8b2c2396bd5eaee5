namespace Perigee.Usage;

/// <summary>Tokens in classes that do not overlap, named as the log names them.</summary>
internal readonly record struct UsageTokens(long InputFresh, long InputCacheRead, long InputCacheWrite, long InputCacheWriteHour, long OutputText, long OutputReasoning)
{
    /// <summary>The classes' names, in order.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["inputFresh", "inputCacheRead", "inputCacheWrite", "inputCacheWriteHour", "outputText", "outputReasoning"];

    /// <summary>The tokens of a class, by its place.</summary>
    public long this[int place] => place switch
    {
        0 => InputFresh,
        1 => InputCacheRead,
        2 => InputCacheWrite,
        3 => InputCacheWriteHour,
        4 => OutputText,
        _ => OutputReasoning,
    };

    /// <summary>The tokens of a record; none for null.</summary>
    public static UsageTokens Of(RecordedTokens? recorded) => recorded is not { } tokens ? default
        : new(tokens.InputFresh, tokens.InputCacheRead, tokens.InputCacheWrite, tokens.InputCacheWriteHour, tokens.OutputText, tokens.OutputReasoning);
}

using Perigee.Catalog;
using Perigee.Wire;

namespace Perigee;

/// <summary>What an answer costs by the catalogue.</summary>
internal static class AnswerCost
{
    /// <summary>Pico-dollars, or null where the price or the tokens are unknown: never 0 for want of knowledge.</summary>
    /// <param name="target">Whose answer it is.</param>
    /// <param name="usage">Its tokens.</param>
    /// <param name="at">When it was made.</param>
    public static long? Of(Target? target, TokenUsage? usage, DateTimeOffset at)
    {
        if (target?.Known is not { } model || usage is not { } tokens)
            return null;
        return model.Cost(new PricedTokens
        {
            // Sound is a split of the input, read anew or not; its own price is that of what is read anew.
            Input = Math.Max(0, tokens.InputFresh - tokens.InputAudio),
            InputAudio = Math.Min(tokens.InputFresh, tokens.InputAudio),
            CacheRead = tokens.InputCacheRead,
            CacheWrite = tokens.InputCacheWrite,
            CacheWriteHour = tokens.InputCacheWriteHour,
            Output = Math.Max(0, tokens.Output - tokens.OutputAudio),
            OutputAudio = Math.Min(tokens.Output, tokens.OutputAudio),
        }, at);
    }
}

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
        if (target is null || PriceOf(target) is not { } price || usage is not { } tokens)
            return null;

        // Sound and pictures are splits of the input, read anew or not; their own prices are those of what is read anew.
        long inputAudio = Math.Min(tokens.InputFresh, tokens.InputAudio), inputImage = Math.Min(tokens.InputFresh - inputAudio, tokens.InputImage);
        long outputAudio = Math.Min(tokens.OutputText, tokens.OutputAudio), outputImage = Math.Min(tokens.OutputText - outputAudio, tokens.OutputImage);
        return price.Cost(new PricedTokens
        {
            Input = tokens.InputFresh - inputAudio - inputImage,
            InputAudio = inputAudio,
            InputImage = inputImage,
            CacheRead = tokens.InputCacheRead,
            CacheWrite = tokens.InputCacheWrite,
            CacheWriteHour = tokens.InputCacheWriteHour,
            Output = tokens.OutputText - outputAudio - outputImage,
            OutputAudio = outputAudio,
            OutputImage = outputImage,
            Reasoning = tokens.OutputReasoning,
            Service = ServiceOf(tokens.Tier),
        }, at);
    }

    /// <summary>What a model costs there, or null where that is not known. What is built in costs nothing.</summary>
    public static ModelPrice? PriceOf(Target target) => target.Provider.BuiltIn ? ModelPrice.Free : target.Known?.Price;

    /// <summary>The catalogue's word for a tier.</summary>
    public static PricedService ServiceOf(ServiceTier tier) => tier switch
    {
        ServiceTier.Flex => PricedService.Flex,
        ServiceTier.Batch => PricedService.Batch,
        ServiceTier.Priority => PricedService.Priority,
        _ => PricedService.Standard,
    };
}

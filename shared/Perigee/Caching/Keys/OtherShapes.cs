using Perigee.Wire;
using static Perigee.Caching.Keys.Field;

namespace Perigee.Caching.Keys;

/// <summary>Questions that are no conversation: all that is known of their bodies is what never matters.</summary>
internal static class OtherShapes
{
    /// <summary>The body. Whether it is to be streamed matters here: such answers are replayed in the shape they came in.</summary>
    public static Shape Body { get; } = new(
        60,
        DialectFamily.OpenAi,
        [""],
        Ignored("model", "user", "safety_identifier", "metadata", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"),
        Ignored("session_id", "cache"),
        Default("stream", Fold.False),
        Default("store", Fold.False));
}

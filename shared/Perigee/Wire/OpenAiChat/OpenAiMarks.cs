namespace Perigee.Wire.OpenAiChat;

/// <summary>Marks for the provider's prompt cache, which some servers of this dialect take in Anthropic's form (OpenRouter).</summary>
internal static class OpenAiMarks
{
    /// <summary>Writes a mark as a member of the object that is open, or names its loss.</summary>
    public static GatewayError? Write(CacheMark? mark, Translation translation, JsonOut json)
    {
        if (mark is null)
            return null;

        // Named once, not at every place: a question has several, and all are lost alike.
        if (!translation.Traits.CacheMarks)
            return Lost(translation);
        json.Name("cache_control"u8).Object();
        json.Name("type"u8).Text("ephemeral"u8);
        if (mark.Hour)
            json.Name("ttl"u8).Text("1h"u8);
        json.EndObject();
        return null;
    }

    /// <summary>Names the loss of a mark.</summary>
    public static GatewayError? Lost(Translation translation) =>
        translation.Drop("cache_control", Loss.Hint, "The model's provider takes no marks for its prompt cache; most cache by themselves.");
}

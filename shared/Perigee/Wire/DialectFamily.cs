using System.Text.Json.Serialization;

namespace Perigee.Wire;

/// <summary>The dialects of conversations, each with the operations that belong to it.</summary>
internal enum DialectFamily
{
    /// <summary>OpenAI's: chat completions, Responses and all that stands around them.</summary>
    [JsonStringEnumMemberName("openai")]
    OpenAi,

    /// <summary>Anthropic's Messages.</summary>
    [JsonStringEnumMemberName("anthropic")]
    Anthropic,

    /// <summary>Google's generateContent.</summary>
    [JsonStringEnumMemberName("gemini")]
    Gemini,
}

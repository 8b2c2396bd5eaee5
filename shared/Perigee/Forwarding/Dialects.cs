using Perigee.Wire;
using Perigee.Wire.Anthropic;
using Perigee.Wire.Gemini;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Forwarding;

/// <summary>The dialects of conversations by their family.</summary>
internal static class Dialects
{
    /// <summary>The dialect of a family.</summary>
    public static IChatDialect Of(DialectFamily family) => family switch
    {
        DialectFamily.Anthropic => AnthropicDialect.Instance,
        DialectFamily.Gemini => GeminiDialect.Instance,
        _ => (IChatDialect)(object)OpenAiChatDialect.Chat,
    };
}

using Perigee.Wire;

namespace Perigee;

/// <summary>The words for what clients speak, as keys and limits use them.</summary>
internal static class ClientDialect
{
    /// <summary>The word for an operation's: one of <see cref="CallerScope.DialectWords"/>.</summary>
    public static string WordOf(Operation operation) => operation.Speaks switch
    {
        DialectFamily.Anthropic => "anthropic",
        DialectFamily.Gemini => "gemini",
        _ => operation.Name.StartsWith("responses", StringComparison.Ordinal) ? "openai-responses" : "openai-chat",
    };
}

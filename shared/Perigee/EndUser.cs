using System.Text.Json;
using Perigee.Wire;

namespace Perigee;

/// <summary>The end user behind a caller, as a request names it.</summary>
internal static class EndUser
{
    /// <summary>
    /// <c>x-perigee-user</c>, else the body's <c>user</c>, <c>safety_identifier</c> or <c>metadata.user_id</c>, whichever of the dialects'
    /// names is there; or null.
    /// </summary>
    public static string? Of(Exchange exchange)
    {
        if (exchange.Http.Request.Headers[HeaderNames.User] is { Count: 1 } header && header[0]!.Trim() is { Length: > 0 } named)
            return named;
        if (exchange.Question is not { } question)
            return null;
        if (question.TryGetTopLevelString("user"u8, out string? user) && user.Length > 0)
            return user;
        if (question.TryGetTopLevelString("safety_identifier"u8, out string? identifier) && identifier.Length > 0)
            return identifier;
        int metadata = question.FindTopLevel("metadata"u8);
        if (metadata < 0 || question.Tokens[metadata].Type != JsonTokenType.StartObject)
            return null;
        ReadOnlySpan<JsonIndex.Token> tokens = question.Tokens;
        for (int i = metadata + 1; i < tokens[metadata].Next; i = tokens[i + 1].Next)
        {
            if (tokens[i + 1].Type == JsonTokenType.String && question.NameIs(tokens[i], "user_id"u8))
                return question.Text(tokens[i + 1]) is { Length: > 0 } id ? id : null;
        }

        return null;
    }
}

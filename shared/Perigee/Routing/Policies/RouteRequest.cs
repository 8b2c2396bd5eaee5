using Perigee.Wire;

namespace Perigee.Routing.Policies;

/// <summary>One request as policies see it: each fact is read when it is first asked for.</summary>
internal sealed class RouteRequest(Exchange exchange)
{
    /// <summary>The exchange.</summary>
    public Exchange Exchange { get; } = exchange;

    /// <summary>The configuration in force.</summary>
    public GatewayOptions Options => Exchange.Options;

    /// <summary>When it came: prices change.</summary>
    public DateTimeOffset At => Exchange.StartedAt;

    /// <summary>What it needs of a target.</summary>
    public RequestNeeds Needs => field ??= NeedsReader.Read(Exchange);

    /// <summary>What the request says of itself, where the operator does not.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get => field ??= CallerMetadata.OfBody(Exchange); init; }

    /// <summary>What its session is, for <see cref="RoutePolicy.Sticky"/>; null where nothing says so.</summary>
    public string? Session => Header(HeaderNames.Session)
        ?? (Exchange.Question is { } question && question.TryGetTopLevelString("session_id"u8, out string? id) && id.Length > 0 ? id : null)
        ?? Needs.CacheKey
        ?? Needs.User;

    /// <summary>A header's value, or null.</summary>
    public string? Header(string name) => Exchange.Http.Request.Headers[name].ToString().Trim() is { Length: > 0 } value ? value : null;

    /// <summary>Whether a condition holds.</summary>
    public bool Holds(RouteCondition condition)
    {
        foreach ((string name, var values) in condition.Metadata)
        {
            // What the operator says of the caller no request can change.
            if (!(Exchange.Caller?.Metadata.TryGetValue(name, out string? value) == true || Metadata.TryGetValue(name, out value)) || !values.Contains(value))
                return false;
        }

        foreach ((string name, var values) in condition.Headers)
        {
            if (Header(name) is not { } value || !values.Contains(value))
                return false;
        }

        return (condition.Users is null || (Needs.User is { } user && condition.Users.Contains(user)))
            && (condition.BodyBytes?.Holds(Exchange.Question?.Json.Length ?? 0) ?? true)
            && (condition.Tokens?.Holds(Needs.Tokens) ?? true)
            && (condition.Tools is not { } tools || tools == (Needs.Tools || Needs.ServerTools))
            && (condition.Images is not { } images || images == Needs.Images)
            && (condition.Stream is not { } stream || stream == Exchange.Stream)
            && (condition.Operations is null || condition.Operations.Contains(Exchange.Operation.Name))
            && (condition.Dialects is null || condition.Dialects.Contains(Word(Exchange.Operation.Speaks)));
    }

    private static string Word(DialectFamily family) => family switch
    {
        DialectFamily.Anthropic => "anthropic",
        DialectFamily.Gemini => "gemini",
        _ => "openai",
    };
}

namespace Perigee;

/// <summary>Who has to act for a failure to go away.</summary>
public enum Blame
{
    /// <summary>The caller: the request has to change.</summary>
    Client,

    /// <summary>The gateway or its configuration.</summary>
    Gateway,

    /// <summary>The provider behind the gateway.</summary>
    Provider,

    /// <summary>The owner's storage account.</summary>
    Storage,
}

/// <summary>What went wrong. Each kind knows its HTTP status, its word in logs and metrics, and who is to blame (<see cref="ErrorKinds"/>).</summary>
public enum ErrorKind
{
    /// <summary>The request is malformed: not JSON, a field of the wrong type, a parameter nobody can serve.</summary>
    BadRequest,

    /// <summary>No key, or one that is unknown, revoked or expired.</summary>
    Unauthenticated,

    /// <summary>A known caller that may not do this.</summary>
    Forbidden,

    /// <summary>No such path or object.</summary>
    NotFound,

    /// <summary>No such model, or its provider is off.</summary>
    ModelNotFound,

    /// <summary>The path exists, the method does not.</summary>
    MethodNotAllowed,

    /// <summary>The object is bound to a target that cannot be used now.</summary>
    Conflict,

    /// <summary>The body is larger than the gateway takes.</summary>
    BodyTooLarge,

    /// <summary>A body of a media type that the operation does not take.</summary>
    UnsupportedMediaType,

    /// <summary>A limit of the caller's is used up.</summary>
    LimitReached,

    /// <summary>A budget of the caller's does not cover the request.</summary>
    BudgetSpent,

    /// <summary>A budget holds for the request, and what the model costs is not known.</summary>
    PriceUnknown,

    /// <summary>The client went away before the answer was complete. Never written, only logged (499).</summary>
    ClientGone,

    /// <summary>A fault of the gateway's own.</summary>
    Internal,

    /// <summary>The provider cannot be reached, or what it sent cannot be used: a cut stream, an error inside a 200.</summary>
    ProviderFailed,

    /// <summary>The provider answered with an error status of its own, which the client sees.</summary>
    ProviderRefused,

    /// <summary>The provider was silent longer than a time-out allows.</summary>
    ProviderTimeout,

    /// <summary>The storage does not answer and the operation needs it.</summary>
    StorageDown,

    /// <summary>The gateway is stopping, or nothing that could serve the request is on.</summary>
    Unavailable,
}

/// <summary>The only failure type: a value that a step returns or refuses with, never an exception of an expected case.</summary>
/// <param name="Kind">What went wrong.</param>
/// <param name="Message">For the person at the client: names the field or limit and the remedy. Never holds a secret.</param>
/// <param name="Param">The request field at fault, as the client wrote it, or null.</param>
/// <param name="RetryAfter">When a retry can succeed, where that is known.</param>
public sealed record GatewayError(ErrorKind Kind, string Message, string? Param = null, TimeSpan? RetryAfter = null)
{
    /// <summary>The provider's own status where <see cref="Kind"/> is <see cref="ErrorKind.ProviderRefused"/>, else the kind's.</summary>
    public int Status { get; init; } = ErrorKinds.Status(Kind);

    /// <summary>A code for programs; null takes the kind's own.</summary>
    public string? Code { get; init; }

    /// <summary>
    /// Whether it quotes nobody: the message holds the gateway's words, the owner's settings and the address of the connection, which the client must see to mend what is wrong. It is told as it is.
    /// </summary>
    public bool QuotesNobody { get; init; }
}

/// <summary>What every <see cref="ErrorKind"/> means in HTTP, logs and metrics.</summary>
public static class ErrorKinds
{
    /// <summary>The HTTP status of a kind.</summary>
    public static int Status(ErrorKind kind) => kind switch
    {
        ErrorKind.BadRequest => 400,
        ErrorKind.Unauthenticated => 401,
        ErrorKind.Forbidden => 403,
        ErrorKind.NotFound or ErrorKind.ModelNotFound => 404,
        ErrorKind.MethodNotAllowed => 405,
        ErrorKind.Conflict => 409,
        ErrorKind.BodyTooLarge => 413,
        ErrorKind.UnsupportedMediaType => 415,
        ErrorKind.BudgetSpent or ErrorKind.PriceUnknown => 402,
        ErrorKind.LimitReached => 429,
        ErrorKind.ClientGone => 499,
        ErrorKind.ProviderFailed or ErrorKind.ProviderRefused => 502,
        ErrorKind.StorageDown or ErrorKind.Unavailable => 503,
        ErrorKind.ProviderTimeout => 504,
        _ => 500,
    };

    /// <summary>The word of a kind in logs and metrics.</summary>
    public static string Word(ErrorKind kind) => kind switch
    {
        ErrorKind.BadRequest => "bad_request",
        ErrorKind.Unauthenticated => "unauthenticated",
        ErrorKind.Forbidden => "forbidden",
        ErrorKind.NotFound => "not_found",
        ErrorKind.ModelNotFound => "model_not_found",
        ErrorKind.MethodNotAllowed => "method_not_allowed",
        ErrorKind.Conflict => "conflict",
        ErrorKind.BodyTooLarge => "body_too_large",
        ErrorKind.UnsupportedMediaType => "unsupported_media_type",
        ErrorKind.LimitReached => "limit_reached",
        ErrorKind.BudgetSpent => "budget_spent",
        ErrorKind.PriceUnknown => "price_unknown",
        ErrorKind.ClientGone => "client_gone",
        ErrorKind.ProviderFailed => "provider_failed",
        ErrorKind.ProviderRefused => "provider_refused",
        ErrorKind.ProviderTimeout => "provider_timeout",
        ErrorKind.StorageDown => "storage_down",
        ErrorKind.Unavailable => "unavailable",
        _ => "internal",
    };

    /// <summary>Who has to act.</summary>
    public static Blame Blame(ErrorKind kind) => kind switch
    {
        ErrorKind.Internal or ErrorKind.Unavailable => Perigee.Blame.Gateway,
        ErrorKind.ProviderFailed or ErrorKind.ProviderRefused or ErrorKind.ProviderTimeout => Perigee.Blame.Provider,
        ErrorKind.StorageDown => Perigee.Blame.Storage,
        _ => Perigee.Blame.Client,
    };
}

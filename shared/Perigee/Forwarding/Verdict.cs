using Microsoft.AspNetCore.Http;
using Perigee.Routing.Health;

namespace Perigee.Forwarding;

/// <summary>Where a request may go on after a try failed.</summary>
internal enum Onward
{
    /// <summary>Nowhere: another target would say the same, or nobody waits.</summary>
    Stop,

    /// <summary>To the next target.</summary>
    Next,

    /// <summary>To the next target whose window is not known to be as small.</summary>
    LargerWindow,

    /// <summary>To the targets that the route names for blocked questions, and nowhere else.</summary>
    ContentPolicy,
}

/// <summary>What a failed try means: for this request, and for the health of its target.</summary>
/// <param name="Outcome">The word in receipts and logs.</param>
/// <param name="Onward">Where the request may go on.</param>
/// <param name="Retry">Whether the same target may be asked again.</param>
/// <param name="Health">What it says of the target.</param>
internal readonly record struct Verdict(string Outcome, Onward Onward, bool Retry, HealthEffect Health)
{
    /// <summary>An answer that holds nothing.</summary>
    public static Verdict Empty { get; } = new("empty", Onward.Next, false, HealthEffect.Failure);

    /// <summary>An answer that the provider's filter stopped before it said anything.</summary>
    public static Verdict Blocked { get; } = new("blocked", Onward.ContentPolicy, false, HealthEffect.None);

    /// <summary>Another try was quicker.</summary>
    public static Verdict Lost { get; } = new("lost", Onward.Stop, false, HealthEffect.None);

    /// <summary>The verdict on an error.</summary>
    /// <param name="error">The error.</param>
    /// <param name="failure">What was thrown, where that is how it failed.</param>
    public static Verdict Of(GatewayError error, Exception? failure) => error.Kind switch
    {
        ErrorKind.ClientGone => new("client_gone", Onward.Stop, false, HealthEffect.None),
        ErrorKind.BodyTooLarge => new("413", Onward.Stop, false, HealthEffect.None),

        // The client's own body is broken: it would be for everybody.
        ErrorKind.BadRequest when Is<BadHttpRequestException>(failure) => new("400", Onward.Stop, false, HealthEffect.None),

        // What cannot be asked there may well be asked elsewhere.
        ErrorKind.BadRequest => new("unfit", Onward.Next, false, HealthEffect.None),
        ErrorKind.ProviderTimeout when Is<ConnectTimeoutException>(failure) => new("connect_timeout", Onward.Next, true, HealthEffect.Failure),

        // Whoever was waited for once is not waited for again.
        ErrorKind.ProviderTimeout => new("timeout", Onward.Next, false, HealthEffect.Failure),
        ErrorKind.ProviderFailed when Is<AddressRefusedException>(failure) => new("refused_address", Onward.Next, false, HealthEffect.Unusable),
        ErrorKind.ProviderFailed => new(failure is HttpRequestException ? "unreachable" : "broken", Onward.Next, true, HealthEffect.Failure),
        ErrorKind.ProviderRefused => OfRefusal(error),
        _ => new("internal", Onward.Next, false, HealthEffect.None),
    };

    private static Verdict OfRefusal(GatewayError error)
    {
        string status = Word(error.Status);
        switch (error.Code)
        {
            case ErrorWords.ContextLength:
                return new("context", Onward.LargerWindow, false, HealthEffect.None);
            case ErrorWords.Filtered:
                return Blocked;
            case ErrorWords.BadKey or ErrorWords.Quota or ErrorWords.NoModel:
                return new(status, Onward.Next, false, HealthEffect.Unusable);
            default:
                break;
        }

        return error.Status switch
        {
            429 => new(status, Onward.Next, true, HealthEffect.Limited),
            503 or 529 when error.RetryAfter is not null => new(status, Onward.Next, true, HealthEffect.Limited),
            409 => new(status, Onward.Next, true, HealthEffect.None),
            408 => new(status, Onward.Next, true, HealthEffect.Failure),
            401 or 402 => new(status, Onward.Next, false, HealthEffect.Unusable),
            403 or 404 or 405 or 410 => new(status, Onward.Next, false, HealthEffect.Failure),
            413 => new(status, Onward.LargerWindow, false, HealthEffect.None),
            501 or 505 => new(status, Onward.Next, false, HealthEffect.None),
            >= 500 => new(status, Onward.Next, true, HealthEffect.Failure),

            // 400, 422 and their like: the request itself is at fault, and every target would say so.
            _ => new(status, Onward.Stop, false, HealthEffect.None),
        };
    }

    private static bool Is<T>(Exception? failure)
        where T : Exception
    {
        for (Exception? inner = failure; inner is not null; inner = inner.InnerException)
        {
            if (inner is T)
                return true;
        }

        return false;
    }

    private static string Word(int status) => status switch
    {
        429 => "429",
        500 => "500",
        503 => "503",
        _ => status.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}

/// <summary>A try that failed with nothing shown.</summary>
/// <param name="Error">What went wrong, for the client if it comes to that.</param>
/// <param name="Verdict">What it means.</param>
internal sealed record TryFailure(GatewayError Error, Verdict Verdict)
{
    /// <summary>The provider's answer, for its headers; or null where none came.</summary>
    public HttpResponseMessage? Answer { get; init; }

    /// <summary>The provider's own error body, where the client reads such bodies and they mean what their status says; or null.</summary>
    public byte[]? OwnBytes { get; init; }

    /// <summary>Whether it was asked in the client's own dialect.</summary>
    public bool Within { get; init; }
}

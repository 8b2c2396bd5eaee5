namespace Perigee.Routing.Health;

/// <summary>What one try says of its target's health.</summary>
internal enum HealthEffect
{
    /// <summary>Nothing: the client's own fault, a blocked question, a lost hedge, a client that went away before the headers.</summary>
    None,

    /// <summary>It works.</summary>
    Success,

    /// <summary>It failed: no connection, silence, a 5xx, a cut stream, nonsense.</summary>
    Failure,

    /// <summary>It asks to be left alone for a while (429, 503 with a time). Opens at once where it names a time beyond what is waited for.</summary>
    Limited,

    /// <summary>It cannot serve anybody: key refused, no money, model gone. Opens at once.</summary>
    Unusable,
}

/// <summary>How one try ended, for the target's state.</summary>
/// <param name="Effect">What it says of its health.</param>
internal readonly record struct TryOutcome(HealthEffect Effect)
{
    /// <summary>To the first content of a stream, where content came.</summary>
    public TimeSpan? ToContent { get; init; }

    /// <summary>From the start of the try to its end. Also tells which tries began before the breaker last changed: they say nothing of now.</summary>
    public TimeSpan Total { get; init; }

    /// <summary>Tokens of the answer, or 0 where unknown.</summary>
    public long OutputTokens { get; init; }

    /// <summary>When the provider wants to be asked again, or null.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>
    /// It was cancelled before its first content because another was quicker: the first content would have taken at least
    /// <see cref="Total"/>. Without these the slowest answers would never be measured.
    /// </summary>
    public bool LostRace { get; init; }

    /// <summary>A word for the shared row and for people: <c>503</c>, <c>connect</c>, <c>quota</c>. Never text of the provider's.</summary>
    public string? Why { get; init; }
}

namespace Perigee.Limits;

/// <summary>What the limiter says of one request.</summary>
internal enum Verdict
{
    /// <summary>It is counted and may go on.</summary>
    Admitted,

    /// <summary>The limit of this window is used up.</summary>
    Refused,

    /// <summary>The storage does not answer, so it cannot be counted.</summary>
    StorageDown,
}

/// <summary>A verdict and what the headers say with it.</summary>
/// <param name="Verdict">Whether it may go on.</param>
/// <param name="Limit">Requests a minute allowed.</param>
/// <param name="Remaining">Requests left, as far as this process knows.</param>
/// <param name="EndsAt">When the window ends.</param>
internal readonly record struct Admission(Verdict Verdict, int Limit, int Remaining, DateTimeOffset EndsAt);

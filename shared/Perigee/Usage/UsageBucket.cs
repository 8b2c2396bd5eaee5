namespace Perigee.Usage;

/// <summary>How an answer cuts the time that it is asked for.</summary>
internal enum UsageBucket
{
    /// <summary>By minutes.</summary>
    Minute,

    /// <summary>By hours.</summary>
    Hour,

    /// <summary>By days.</summary>
    Day,

    /// <summary>Not at all.</summary>
    Total,
}

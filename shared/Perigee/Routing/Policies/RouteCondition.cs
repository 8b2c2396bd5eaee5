using System.Collections.Frozen;

namespace Perigee.Routing.Policies;

/// <summary>When a choice of a <see cref="RoutePolicy.Conditional"/> holds: all that is stated must hold; of several values any.</summary>
internal sealed record RouteCondition
{
    /// <summary>Members of the caller's metadata, each with the values that it may have.</summary>
    public IReadOnlyList<KeyValuePair<string, FrozenSet<string>>> Metadata { get; init; } = [];

    /// <summary>Headers of the request, each with the values that it may have. Never one that carries a secret.</summary>
    public IReadOnlyList<KeyValuePair<string, FrozenSet<string>>> Headers { get; init; } = [];

    /// <summary>The end users as the body names them, or null for any.</summary>
    public FrozenSet<string>? Users { get; init; }

    /// <summary>The size of the JSON body, or null for any.</summary>
    public LongRange? BodyBytes { get; init; }

    /// <summary>The estimated tokens of the question, or null for any.</summary>
    public LongRange? Tokens { get; init; }

    /// <summary>Whether tools are declared, or null for either.</summary>
    public bool? Tools { get; init; }

    /// <summary>Whether pictures are shown, or null for either.</summary>
    public bool? Images { get; init; }

    /// <summary>Whether a stream is asked for, or null for either.</summary>
    public bool? Stream { get; init; }

    /// <summary>The operations as logs name them, or null for any.</summary>
    public FrozenSet<string>? Operations { get; init; }

    /// <summary>The dialects of the client, or null for any.</summary>
    public FrozenSet<string>? Dialects { get; init; }
}

/// <summary>Whole numbers from one to another, both included.</summary>
/// <param name="AtLeast">The least.</param>
/// <param name="AtMost">The most.</param>
internal readonly record struct LongRange(long AtLeast, long AtMost)
{
    /// <summary>Whether a number lies within.</summary>
    public bool Holds(long value) => value >= AtLeast && value <= AtMost;
}

namespace Perigee.Tests.Failover;

/// <summary>What the client gets when the first target of two has a fault.</summary>
internal enum Gets
{
    /// <summary>The second target's answer.</summary>
    Second,

    /// <summary>The first target's, whole.</summary>
    First,

    /// <summary>An error.</summary>
    Error,

    /// <summary>What the first target said, then the error event of its dialect.</summary>
    FirstThenError,

    /// <summary>The answer of the target that the route names for this alone.</summary>
    Special,
}

/// <summary>One way in which a provider fails, and what has to come of it.</summary>
/// <param name="Phase">When: connect, headers, before, after (content), end.</param>
/// <param name="Name">What.</param>
/// <param name="Does">What the provider does.</param>
/// <param name="Tries">The outcomes of the first target's tries, in the receipts' words.</param>
/// <param name="Health">What the first target's state has learned: untouched, succeeded, failed xN, limited xN, open.</param>
internal sealed record Fault(string Phase, string Name, Func<Talk, Task> Does, string[] Tries, string Health)
{
    public Gets Gets { get; init; } = Gets.Second;

    /// <summary>The client's status, where it gets an error.</summary>
    public int Status { get; init; }

    /// <summary>What everybody's failing so leaves the client with; 0 where it is not asked.</summary>
    public int StatusOfAll { get; init; }

    /// <summary>The tries of the last target, where they are not the first's.</summary>
    public string[]? TriesOfLast { get; init; }

    /// <summary>The Retry-After with which the client is told of it, where all fail.</summary>
    public string RetryAfter { get; init; } = "";

    /// <summary>Whether it happens to streams alone, or to whole answers alone.</summary>
    public bool? Stream { get; init; }

    /// <summary>The dialect of the only providers that fail so.</summary>
    public string? Of { get; init; }

    /// <summary>The provider's address, where it is not the upstream's.</summary>
    public Func<FaultyUpstream, string>? Base { get; init; }

    /// <summary>Members of the route, besides its targets.</summary>
    public string Route { get; init; } = "";

    /// <summary>Whether calls arrive at all.</summary>
    public bool Arrives { get; init; } = true;
}

using System.Collections.Frozen;

namespace Perigee;

/// <summary>Where a request is to be tried, in what order and with how much patience: decided by routing, obeyed by forward. Immutable.</summary>
internal sealed record RoutePlan
{
    /// <summary>The operator's name of the route, or empty where the request named a model.</summary>
    public string Route { get; init; } = "";

    /// <summary>What to try, the preferred first. Targets whose breaker is open are at its end, never missing.</summary>
    public required IReadOnlyList<Target> Targets { get; init; }

    /// <summary>What is tried besides when a target says that the question does not fit into its window.</summary>
    public IReadOnlyList<Target> OnContextWindow { get; init; } = [];

    /// <summary>What is tried when a target's filter blocks the question or the answer; nothing else is then.</summary>
    public IReadOnlyList<Target> OnContentPolicy { get; init; } = [];

    /// <summary>What was left out before the first try, each with the reason.</summary>
    public IReadOnlyList<SkippedTarget> Skipped { get; init; } = [];

    /// <summary>Whether a second target may be tried at all.</summary>
    public bool MayFallBack { get; init; } = true;

    /// <summary>Patience with each target.</summary>
    public required TimeoutOptions Timeouts { get; init; }

    /// <summary>How often and when one target is tried again.</summary>
    public required RetryOptions Retries { get; init; }

    /// <summary>When a second target is started beside a slow first one; null is never. Set only where the request allows it.</summary>
    public HedgeOptions? Hedge { get; init; }

    /// <summary>Why this order, in a few words for people (<c>x-perigee-chosen</c>), where a policy chose; or null.</summary>
    public string? Chosen { get; init; }

    /// <summary>Top-level members of the body that were meant for the gateway: no provider gets them, and they are no loss.</summary>
    public FrozenSet<string> OwnFields { get; init; } = FrozenSet<string>.Empty;
}

/// <summary>A target that cannot or may not serve the request.</summary>
/// <param name="Name"><c>provider/model</c>.</param>
/// <param name="Reason">Why, for people: <c>takes no pictures</c>, <c>window of 8192 tokens is too small</c>.</param>
internal sealed record SkippedTarget(string Name, string Reason);

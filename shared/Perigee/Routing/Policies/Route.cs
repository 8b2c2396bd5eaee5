namespace Perigee.Routing.Policies;

/// <summary>How a route orders what it can choose from.</summary>
internal enum RoutePolicy
{
    /// <summary>As written.</summary>
    InOrder,

    /// <summary>By chance, each with its weight.</summary>
    Weighted,

    /// <summary>By what the request would cost there: catalogue price times estimated tokens. Unknown prices last.</summary>
    Cheapest,

    /// <summary>By measured TTFT and throughput, decayed.</summary>
    Quickest,

    /// <summary>By calls in flight.</summary>
    LeastBusy,

    /// <summary>By what rate-limit headers said is left.</summary>
    MostHeadroom,

    /// <summary>The first choice whose condition holds.</summary>
    Conditional,

    /// <summary>One session, one target: by session id or prompt-cache key.</summary>
    Sticky,
}

/// <summary>A route of the operator's, validated: a name that clients use as a model.</summary>
/// <param name="Name">That name.</param>
/// <param name="Root">What it chooses from.</param>
internal sealed record Route(string Name, RouteNode Root)
{
    /// <summary>See <see cref="RoutePlan.OnContextWindow"/>.</summary>
    public IReadOnlyList<RouteNode> OnContextWindow { get; init; } = [];

    /// <summary>See <see cref="RoutePlan.OnContentPolicy"/>.</summary>
    public IReadOnlyList<RouteNode> OnContentPolicy { get; init; } = [];

    /// <summary>Whether a second target may be tried at all.</summary>
    public bool MayFallBack { get; init; } = true;

    /// <summary>Patience of its own, or null.</summary>
    public TimeoutOptions? Timeouts { get; init; }

    /// <summary>Retries of its own, or null.</summary>
    public RetryOptions? Retries { get; init; }

    /// <summary>Its own word on the response cache, or null.</summary>
    public CacheOptions? Cache { get; init; }

    /// <summary>Hedging, where the operator asked for it.</summary>
    public HedgeOptions? Hedge { get; init; }
}

/// <summary>A place in the tree of a route.</summary>
internal abstract record RouteNode
{
    /// <summary>What stays the same as long as the operator means the same: sessions stick by it.</summary>
    public abstract string Key { get; }
}

/// <summary>A model: <c>provider/model</c> or an alias.</summary>
/// <param name="Model">The name as written.</param>
internal sealed record ModelNode(string Model) : RouteNode
{
    /// <inheritdoc/>
    public override string Key => Model;
}

/// <summary>Another route, by name. The validator has refused cycles.</summary>
/// <param name="Route">The name.</param>
internal sealed record NamedNode(string Route) : RouteNode
{
    /// <inheritdoc/>
    public override string Key => Route;
}

/// <summary>The cheapest model that can do what a request needs (<see cref="AutoModels"/>).</summary>
internal sealed record AutoNode : RouteNode
{
    /// <inheritdoc/>
    public override string Key => "auto";
}

/// <summary>A choice among others.</summary>
/// <param name="Policy">How.</param>
/// <param name="Choices">Among what.</param>
internal sealed record PolicyNode(RoutePolicy Policy, IReadOnlyList<RouteChoice> Choices) : RouteNode
{
    /// <inheritdoc/>
    public override string Key { get; } = string.Join(' ', Choices.Select(choice => choice.Node.Key));
}

/// <summary>One of the choices.</summary>
/// <param name="Node">What is chosen with it.</param>
/// <param name="Weight">For <see cref="RoutePolicy.Weighted"/> and <see cref="RoutePolicy.Sticky"/>: 0 to 1,000,000.</param>
internal sealed record RouteChoice(RouteNode Node, int Weight = 1)
{
    /// <summary>When it holds, for <see cref="RoutePolicy.Conditional"/>; null is always.</summary>
    public RouteCondition? When { get; init; }
}

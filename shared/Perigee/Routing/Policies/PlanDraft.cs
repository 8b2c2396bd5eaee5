using System.Collections.Frozen;

namespace Perigee.Routing.Policies;

/// <summary>A plan in the making: what could serve the request, before it is known who is down and who made what the question names.</summary>
internal sealed class PlanDraft(RouteRequest request)
{
    /// <summary>The request.</summary>
    public RouteRequest Request { get; } = request;

    /// <summary>See <see cref="RoutePlan.Route"/>.</summary>
    public string Route { get; set; } = "";

    /// <summary>The outermost policy in a word, or null where none chose.</summary>
    public string? Policy { get; set; }

    /// <summary>See <see cref="RoutePlan.Targets"/>.</summary>
    public List<Target> Targets { get; set; } = [];

    /// <summary>See <see cref="RoutePlan.OnContextWindow"/>.</summary>
    public List<Target> OnContextWindow { get; set; } = [];

    /// <summary>See <see cref="RoutePlan.OnContentPolicy"/>.</summary>
    public List<Target> OnContentPolicy { get; set; } = [];

    /// <summary>See <see cref="RoutePlan.Skipped"/>.</summary>
    public List<SkippedTarget> Skipped { get; set; } = [];

    /// <summary>See <see cref="RoutePlan.MayFallBack"/>.</summary>
    public bool MayFallBack { get; set; } = true;

    /// <summary>See <see cref="RoutePlan.Timeouts"/>.</summary>
    public TimeoutOptions Timeouts { get; set; } = request.Options.Timeouts;

    /// <summary>See <see cref="RoutePlan.Retries"/>.</summary>
    public RetryOptions Retries { get; set; } = request.Options.Retries;

    /// <summary>Hedging, where the route asks for it.</summary>
    public HedgeOptions? Hedge { get; set; }

    /// <summary>See <see cref="RoutePlan.Chosen"/>.</summary>
    public string? Chosen { get; set; }

    /// <summary>See <see cref="RoutePlan.OwnFields"/>.</summary>
    public FrozenSet<string> OwnFields { get; set; } = FrozenSet<string>.Empty;
}

using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Perigee.Routing.Health;

namespace Perigee.Routing.Policies;

/// <summary>Makes the plan of a request: a ready one for a plain model, else what its draft says, with who is down at the end.</summary>
internal sealed class RoutePlanner(ModelResolver models, TargetStates states)
{
    // Names come from requests: what is kept of them is bounded.
    private const int MostKept = 4096;
    private const int LongestKept = 256;

    private Ready? _ready;

    /// <summary>The plan of a model that is no route and of which the request wishes nothing: one look-up and no allocation where it was seen before.</summary>
    public bool TryPlain(string name, GatewayOptions options, [NotNullWhen(true)] out RoutePlan? plan, out GatewayError? error)
    {
        Ready ready = _ready is { } current && ReferenceEquals(current.Options, options) ? current : _ready = new(options);
        error = null;
        if (ready.Plans.TryGetValue(name, out plan))
            return true;
        if (!models.TryResolve(name, options, out Target? target, out error))
            return false;
        plan = new() { Targets = [target], Timeouts = options.Timeouts, Retries = options.Retries };
        if (ready.Plans.Count >= MostKept)
            ready.Plans.Clear();
        if (name.Length <= LongestKept)
            ready.Plans.TryAdd(name, plan);
        return true;
    }

    /// <summary>Makes the plan: who is down goes last, and what the request forbids is left out.</summary>
    /// <param name="draft">What could serve it.</param>
    /// <param name="calling">Whether it will be called: a probe's place is taken then.</param>
    public RoutePlan Finish(PlanDraft draft, bool calling = true)
    {
        RouteRequest request = draft.Request;
        List<Target> targets = DownLast(draft.Targets, calling);
        string? chosen = draft.Chosen is { } why && targets[0] != draft.Targets[0] ? $"{why}; {ModelResolver.Shown(draft.Targets[0].Name)} is down" : draft.Chosen;
        bool hedge = draft.Hedge is not null && draft.MayFallBack && draft.Targets.Count > 1 && MayHedge(request);
        return new()
        {
            Route = draft.Route,
            Targets = targets,
            OnContextWindow = DownLast(draft.OnContextWindow, false),
            OnContentPolicy = DownLast(draft.OnContentPolicy, false),
            Skipped = draft.Skipped,
            MayFallBack = draft.MayFallBack,
            Timeouts = draft.Timeouts,
            Retries = draft.Retries,
            Hedge = hedge ? draft.Hedge : null,
            Chosen = chosen,
            OwnFields = draft.OwnFields,
        };
    }

    /// <summary>A policy's word in perigee.json.</summary>
    public static string Word(RoutePolicy policy) => policy switch
    {
        RoutePolicy.Weighted => "weighted",
        RoutePolicy.Cheapest => "cheapest",
        RoutePolicy.Quickest => "quickest",
        RoutePolicy.LeastBusy => "least-busy",
        RoutePolicy.MostHeadroom => "most-headroom",
        RoutePolicy.Conditional => "conditional",
        RoutePolicy.Sticky => "sticky",
        _ => "in-order",
    };

    private static bool MayHedge(RouteRequest request) =>
        request.Exchange.Operation is { Asks: Asks.Conversation } or { Name: "responses" or "completions" }
        && request.Needs is { Kept: false, ServerTools: false, Upload: false };

    /// <summary>
    /// Those whose breaker is open go last, the next to be probed first among them. One that is half-open keeps its place at the head for the
    /// one request that probes it; further back it stands behind those that are known to work.
    /// </summary>
    private List<Target> DownLast(List<Target> targets, bool calling)
    {
        if (targets.Count < 2)
            return targets;
        List<Target>? up = null, half = null, down = null;
        bool head = true;
        for (int i = 0; i < targets.Count; i++)
        {
            Target target = targets[i];
            TargetState state = states.Of(target);
            BreakerState breaker = state.Breaker;
            if (breaker == BreakerState.Closed || (breaker == BreakerState.HalfOpen && head && (!calling || state.TryEnter())))
            {
                head = false;
                up?.Add(target);
                continue;
            }

            up ??= [.. targets[..i]];
            if (breaker == BreakerState.HalfOpen && !head)
                (half ??= []).Add(target);
            else
                (down ??= []).Add(target);
        }

        if (up is null)
            return targets;
        up.AddRange(half ?? []);
        up.AddRange((down ?? []).OrderBy(target => states.Of(target).OpenUntil));
        return up;
    }

    private sealed class Ready(GatewayOptions options)
    {
        public GatewayOptions Options { get; } = options;

        public ConcurrentDictionary<string, RoutePlan> Plans { get; } = new(StringComparer.Ordinal);
    }
}

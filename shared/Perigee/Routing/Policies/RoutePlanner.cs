using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Perigee.Routing.Health;

namespace Perigee.Routing.Policies;

/// <summary>Makes the plan of a request: a ready one for a plain model, else the operator's route, evaluated.</summary>
internal sealed class RoutePlanner(ModelResolver models, TargetStates states, Random dice)
{
    // Names come from requests: what is kept of them is bounded.
    private const int MostKept = 4096;
    private const int LongestKept = 256;

    private readonly Ordering _ordering = new(states, dice);
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

    /// <summary>What could serve a request that names a route.</summary>
    /// <param name="route">The route.</param>
    /// <param name="request">The request.</param>
    /// <param name="error">Why nothing can, or null.</param>
    public PlanDraft? Draft(Route route, RouteRequest request, out GatewayError? error)
    {
        RouteWalk walk = new(request, models, _ordering);
        PlanDraft draft = new(request)
        {
            Route = route.Name,
            Policy = Word((route.Root as PolicyNode)?.Policy ?? RoutePolicy.InOrder),
            MayFallBack = route.MayFallBack,
            Timeouts = route.Timeouts ?? request.Options.Timeouts,
            Retries = route.Retries ?? request.Options.Retries,
            Hedge = route.Hedge,
            Targets = walk.Expand(route.Root),
        };
        error = Settle(draft, walk, $"The route '{route.Name}'");
        if (error is not null)
            return null;
        draft.Chosen = walk.Why is { } why ? $"{route.Name}: {why}" : null;
        draft.OnContextWindow = Expand(route.OnContextWindow, walk);
        draft.OnContentPolicy = Expand(route.OnContentPolicy, walk);
        draft.Skipped = walk.Skipped;
        return draft;
    }

    /// <summary>Makes the plan: who is down goes last, and what the request forbids is left out.</summary>
    /// <param name="draft">What could serve it.</param>
    /// <param name="calling">Whether it will be called: a probe's place is taken then.</param>
    public RoutePlan Finish(PlanDraft draft, bool calling = true)
    {
        RouteRequest request = draft.Request;
        bool hedge = draft.Hedge is not null && draft.MayFallBack && draft.Targets.Count > 1 && MayHedge(request);
        return new()
        {
            Route = draft.Route,
            Targets = DownLast(draft.Targets, calling),
            OnContextWindow = DownLast(draft.OnContextWindow, false),
            OnContentPolicy = DownLast(draft.OnContentPolicy, false),
            Skipped = draft.Skipped,
            MayFallBack = draft.MayFallBack,
            Timeouts = draft.Timeouts,
            Retries = draft.Retries,
            Hedge = hedge ? draft.Hedge : null,
            Chosen = draft.Chosen,
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

    /// <summary>Where nothing is left: one target is tried all the same, several that are nearly wide enough too; else the reasons are told.</summary>
    private static GatewayError? Settle(PlanDraft draft, RouteWalk walk, string who)
    {
        RequestNeeds needs = draft.Request.Needs;
        if (draft.Targets.Count > 0)
            return null;
        if (walk.Unfit.Count == 0)
        {
            return walk.Lost ?? new GatewayError(ErrorKind.BadRequest, walk.ConditionsFailed
                ? $"{who} has no target for this request: none of its conditions holds, and it has no target without one."
                : $"{who} has no target.", "model");
        }

        // A choice of one is none: the provider itself says what it cannot do. And an estimate of tokens is no reason to refuse what may fit.
        bool windows = walk.Unfit.All(unfit => unfit.Reason == TargetFilter.Window(unfit.Target, needs));
        if (walk.Unfit.Count == 1 && walk.Skipped.Count == 1)
            draft.Targets.Add(walk.Unfit[0].Target);
        else if (windows)
            draft.Targets.AddRange(walk.Unfit.Select(unfit => unfit.Target).Where(target => !TargetFilter.IsFarTooSmall(target, needs)).OrderByDescending(target => target.Known?.Context));
        walk.Skipped.RemoveAll(skipped => draft.Targets.Any(target => target.Name == skipped.Name));
        if (draft.Targets.Count > 0)
            return null;
        string reasons = string.Join("; ", walk.Skipped.Take(5).Select(skipped => $"{skipped.Name} {skipped.Reason}"));
        return new GatewayError(ErrorKind.BadRequest, $"{who} has no target that can serve this request: {reasons}.", "model")
        {
            Code = windows ? "context_length_exceeded" : "no_capable_target",
        };
    }

    private static List<Target> Expand(IReadOnlyList<RouteNode> nodes, RouteWalk walk)
    {
        if (nodes.Count == 0)
            return [];
        List<Branch> branches = [.. nodes.Select(node => new Branch(new RouteChoice(node), walk.Expand(node)))];
        return RouteWalk.Join(branches);
    }

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

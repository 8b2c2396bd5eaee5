using System.Globalization;
using Perigee.Routing.Health;

namespace Perigee.Routing.Policies;

/// <summary>A choice with what it leads to.</summary>
/// <param name="Choice">As the operator wrote it.</param>
/// <param name="Targets">The targets behind it that can serve the request, the preferred first; never empty.</param>
internal readonly record struct Branch(RouteChoice Choice, List<Target> Targets);

/// <summary>The policies: each puts the choices in an order, and says of the first why it is that.</summary>
internal sealed class Ordering(TargetStates states, Random dice)
{
    /// <summary>The share of requests for which <see cref="RoutePolicy.Quickest"/> tries another than the quickest: who was slow may have recovered.</summary>
    private const double Exploring = 0.05;

    /// <summary>What an answer is taken to be written at where nothing was measured: it cancels out.</summary>
    private const double UsualTokensPerSecond = 50;

    /// <summary>Orders choices. What is equal stays as written.</summary>
    /// <param name="policy">How.</param>
    /// <param name="branches">What there is to choose from, as written.</param>
    /// <param name="request">The request.</param>
    public List<Branch> Order(RoutePolicy policy, List<Branch> branches, RouteRequest request) => policy switch
    {
        RoutePolicy.Weighted => By(branches, Draw),
        RoutePolicy.Cheapest => By(branches, branch => Cost(branch, request)),
        RoutePolicy.Quickest => Quickest(branches, branch => Duration(branch, request.Needs)),
        RoutePolicy.LeastBusy => By(branches, branch => StateOf(branch).InFlight),
        RoutePolicy.MostHeadroom => By(branches, branch => -Headroom(branch)),
        RoutePolicy.Conditional => By(branches, branch => branch.Choice.When is null ? 1 : 0),
        RoutePolicy.Sticky when request.Session is { } session => By(branches, branch => Sessions.Score(session, branch.Choice.Node.Key, branch.Choice.Weight)),
        _ => branches,
    };

    /// <summary>The quickest first by a measure of seconds, with what nobody has measured before it and, now and then, another in its place.</summary>
    public List<Branch> Quickest(List<Branch> branches, Func<Branch, double?> measure)
    {
        // Of several that were never measured not all requests go to one.
        List<Branch> ordered = By(branches, branch => measure(branch) ?? -1_000_000 + StateOf(branch).InFlight);
        if (ordered.Count > 1 && measure(ordered[0]) is not null && dice.NextDouble() < Exploring)
        {
            int other = 1 + dice.Next(ordered.Count - 1);
            (ordered[0], ordered[other]) = (ordered[other], ordered[0]);
        }

        return ordered;
    }

    /// <summary>Why the first is the first.</summary>
    public string Why(RoutePolicy policy, List<Branch> ordered, RouteRequest request)
    {
        Branch first = ordered[0];
        TargetState state = StateOf(first);
        return policy switch
        {
            RoutePolicy.Weighted => "weighted",
            RoutePolicy.Cheapest => $"cheapest of {ordered.Count}, {(ModelFacts.Estimate(first.Targets[0], request.Needs, request.At) is { } cost ? "est. " + ModelFacts.Dollars(cost) : "price unknown")}",
            RoutePolicy.Quickest => $"quickest of {ordered.Count}, {(state.Ttft is { } ttft ? string.Create(CultureInfo.InvariantCulture, $"TTFT {ttft.TotalMilliseconds:0} ms") : "not measured yet")}",
            RoutePolicy.LeastBusy => $"least busy of {ordered.Count}, {state.InFlight} in flight",
            RoutePolicy.MostHeadroom => $"most headroom of {ordered.Count}, {(state.Headroom is { } left ? string.Create(CultureInfo.InvariantCulture, $"{left * 100:0}% left") : "none known")}",
            RoutePolicy.Conditional => first.Choice.When is null ? "no condition held" : "condition held",
            RoutePolicy.Sticky => request.Session is null ? "sticky, no session: in order" : "sticky",
            _ => "in order",
        };
    }

    /// <summary>Stable: what has equal marks stays in its order.</summary>
    public static List<Branch> By(List<Branch> branches, Func<Branch, double> mark) =>
        branches.Count < 2 ? branches : [.. branches.Select(branch => (branch, mark: mark(branch))).OrderBy(pair => pair.mark).Select(pair => pair.branch)];

    /// <summary>What stands for a branch in a comparison: its first target that is not known to be down.</summary>
    private Target Head(in Branch branch)
    {
        foreach (Target target in branch.Targets)
        {
            if (states.Of(target).Breaker != BreakerState.Open)
                return target;
        }

        return branch.Targets[0];
    }

    private TargetState StateOf(in Branch branch) => states.Of(Head(branch));

    // An exponential clock for each: the first to ring is drawn by weight, the second by weight among the rest, and so on.
    private double Draw(Branch branch) => branch.Choice.Weight == 0 ? double.PositiveInfinity : -Math.Log(1 - dice.NextDouble()) / branch.Choice.Weight;

    private double Cost(in Branch branch, RouteRequest request) => ModelFacts.Estimate(Head(branch), request.Needs, request.At) ?? double.PositiveInfinity;

    // What no header told of counts as half: before those that run dry, behind those that have plenty.
    private double Headroom(in Branch branch) => StateOf(branch).Headroom ?? 0.5;

    private double? Duration(in Branch branch, RequestNeeds needs)
    {
        TargetState state = StateOf(branch);
        (TimeSpan? ttft, double? speed) = (state.Ttft, state.TokensPerSecond);
        return ttft is null && speed is null ? null : (ttft?.TotalSeconds ?? 0) + (needs.LikelyOutput / Math.Max(speed ?? UsualTokensPerSecond, 0.1));
    }
}

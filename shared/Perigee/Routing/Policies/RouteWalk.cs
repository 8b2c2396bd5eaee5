using Perigee.Catalog;

namespace Perigee.Routing.Policies;

/// <summary>
/// One request's way through the tree of a route: what can serve it, in the order of the policies, and what cannot, with the reason.
/// Used once, by one thread.
/// </summary>
internal sealed class RouteWalk(RouteRequest request, ModelResolver models, Ordering ordering, AutoModels auto)
{
    /// <summary>More targets than anybody waits for.</summary>
    public const int Most = 16;

    // Judged once each, however often the tree names them.
    private readonly Dictionary<string, bool> _judged = new(StringComparer.Ordinal);
    private readonly List<(Target Target, string Reason)> _unfit = [];

    /// <summary>What is left out, with the reason, in the order of the tree.</summary>
    public List<SkippedTarget> Skipped { get; } = [];

    /// <summary>Those of <see cref="Skipped"/> that are on but cannot serve the request.</summary>
    public IReadOnlyList<(Target Target, string Reason)> Unfit => _unfit;

    /// <summary>The error of the first name that leads nowhere: what to tell where nothing else is left.</summary>
    public GatewayError? Lost { get; private set; }

    /// <summary>Why the outermost policy put its first choice there, or null where nothing was chosen.</summary>
    public string? Why { get; private set; }

    /// <summary>Whether some condition was asked and did not hold.</summary>
    public bool ConditionsFailed { get; private set; }

    /// <summary>Whether something was left out because the request did not want it.</summary>
    public bool Unwanted { get; private set; }

    /// <summary>The first that was left out because the caller may not use it, or null.</summary>
    public string? Forbidden { get; private set; }

    /// <summary>Why <c>auto</c> found nothing, or null.</summary>
    public GatewayError? NoAuto { get; private set; }

    /// <summary>What is wrong with a header that was needed on the way, or null.</summary>
    public GatewayError? Fault { get; private set; }

    /// <summary>The targets of a node, the preferred first, each once.</summary>
    public List<Target> Expand(RouteNode node) => Follow(node, outermost: true);

    /// <summary>Takes a target that was found elsewhere, if it can serve the request.</summary>
    public bool Judge(Target target)
    {
        if (_judged.TryGetValue(target.Name, out bool fit))
            return fit;
        if (!request.Exchange.MayUse(target.Name))
        {
            Forbid(target.Name);
            return _judged[target.Name] = false;
        }

        string? reason = TargetFilter.Unfit(target, request);
        if (reason is not null)
            LeaveOut(target, reason);
        return _judged[target.Name] = reason is null;
    }

    private List<Target> Follow(RouteNode node, bool outermost)
    {
        switch (node)
        {
            case ModelNode model:
                return Find(model.Model);
            case NamedNode named:
                return request.Options.Routes.TryGetValue(named.Route, out Route? route) ? Follow(route.Root, outermost) : [];
            case PolicyNode policy:
                return Follow(policy, outermost);
            case AutoNode:
                return Auto(outermost);
            default:
                return [];
        }
    }

    private List<Target> Follow(PolicyNode node, bool outermost)
    {
        List<Branch> branches = new(node.Choices.Count);
        foreach (RouteChoice choice in node.Choices)
        {
            if (choice.When is { } condition && !request.Holds(condition))
                ConditionsFailed = true;
            else if (Follow(choice.Node, outermost: false) is { Count: > 0 } targets)
                branches.Add(new(choice, targets));
        }

        if (branches.Count == 0)
            return [];
        branches = ordering.Order(node.Policy, branches, request);
        if (outermost)
            Why = ordering.Why(node.Policy, branches, request);
        return branches.Count == 1 ? branches[0].Targets : Join(branches);
    }

    private List<Target> Auto(bool outermost)
    {
        if (request.Exchange.Operation is not ({ Asks: Asks.Conversation or Asks.Count } or { Name: "responses" }))
        {
            NoAuto ??= new GatewayError(ErrorKind.BadRequest, "The model 'auto' is for conversations: name a model of your choice here.", "model");
            return [];
        }

        Quality quality = AutoModels.QualityOf(request, out GatewayError? fault);
        Fault ??= fault;
        List<Target> targets = auto.Choose(request, quality, out string why, out bool tooLong);
        if (targets.Count == 0)
            NoAuto ??= new GatewayError(ErrorKind.BadRequest, $"The model 'auto' has no target: {why}.", "model") { Code = tooLong ? "context_length_exceeded" : "no_capable_target" };
        else if (outermost)
            Why = why;
        return targets;
    }

    private List<Target> Find(string name)
    {
        if (!models.TryResolve(name, request.Options, out Target? target, out GatewayError? error))
        {
            Lost ??= error;
            if (_judged.TryAdd(name, false))
                Skipped.Add(new(name, "its provider is off"));
            return [];
        }

        return Judge(target) ? [target] : [];
    }

    /// <summary>Leaves out what the caller may not use.</summary>
    public void Forbid(string name)
    {
        Forbidden ??= name;
        Skipped.Add(new(name, "may not be used by this key"));
    }

    /// <summary>Leaves out what a request does not want.</summary>
    public bool IsWanted(Target target, ProviderWish wish)
    {
        if (Offers.Unwanted(target, wish, request) is not { } reason)
            return true;
        Unwanted = true;
        if (!Skipped.Exists(skipped => skipped.Name == target.Name))
            Skipped.Add(new(target.Name, reason));
        return false;
    }

    private void LeaveOut(Target target, string reason)
    {
        _unfit.Add((target, reason));
        Skipped.Add(new(target.Name, reason));
    }

    /// <summary>One list of all, each target where it stands first.</summary>
    public static List<Target> Join(List<Branch> branches)
    {
        List<Target> all = [];
        foreach (Branch branch in branches)
        {
            foreach (Target target in branch.Targets)
            {
                if (!Holds(all, target))
                    all.Add(target);
            }
        }

        return all;
    }

    /// <summary>Whether a target stands in a list: by its name, because each resolution may make its own.</summary>
    public static bool Holds(List<Target> targets, Target target) => Holds(targets, target.Name);

    /// <summary>Whether a target of that name stands in a list.</summary>
    public static bool Holds(List<Target> targets, string name)
    {
        foreach (Target one in targets)
        {
            if (one.Name == name)
                return true;
        }

        return false;
    }
}

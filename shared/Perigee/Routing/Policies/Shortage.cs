namespace Perigee.Routing.Policies;

/// <summary>What happens where nothing is left that can serve a request.</summary>
internal static class Shortage
{
    private const int MostReasons = 5;

    /// <summary>
    /// Tries the only target that there is all the same, and several that an estimate of tokens alone speaks against; else says what is in
    /// the way of each.
    /// </summary>
    /// <param name="draft">The draft; may get targets.</param>
    /// <param name="walk">What was left out on the way.</param>
    /// <param name="name">The first model that was named.</param>
    /// <param name="names">How many were.</param>
    public static GatewayError? Settle(PlanDraft draft, RouteWalk walk, string name, int names)
    {
        if (draft.Targets.Count > 0)
            return null;
        if (walk is { Forbidden: not null, Unfit.Count: 0, Unwanted: false })
            return draft.Request.Exchange.Caller!.Scope.Forbids(names == 1 && draft.Route.Length == 0 ? walk.Forbidden : name);
        RequestNeeds needs = draft.Request.Needs;
        bool windows = walk.Unfit.Count > 0 && walk.Unfit.All(unfit => unfit.Reason == TargetFilter.Window(unfit.Target, draft.Request));

        // A choice of one is none: the provider itself says what it cannot do.
        if (walk.Unfit.Count == 1 && walk.Skipped.Count == 1 && walk.NoAuto is null)
            draft.Targets.Add(walk.Unfit[0].Target);
        else if (windows && !walk.Unwanted)
            draft.Targets.AddRange(walk.Unfit.Select(unfit => unfit.Target).Where(target => !TargetFilter.IsFarTooSmall(target, needs)).OrderByDescending(target => target.Known?.Context));
        if (draft.Targets.Count > 0)
        {
            walk.Skipped.RemoveAll(skipped => RouteWalk.Holds(draft.Targets, skipped.Name));
            return null;
        }

        string who = names > 1 ? $"None of the {names} models named" : draft.Route.Length > 0 ? $"The route '{ModelResolver.Shown(name)}'" : $"The model '{ModelResolver.Shown(name)}'";
        string has = names > 1 ? "has a target" : "has no target";
        if (walk.Unfit.Count == 0 && !walk.Unwanted)
        {
            return walk.NoAuto ?? walk.Lost ?? new GatewayError(ErrorKind.BadRequest, walk.ConditionsFailed
                ? $"{who} {has} for this request: no condition of the route holds, and it has no target without one."
                : $"{who} {has}.", "model");
        }

        string reasons = string.Join("; ", walk.Skipped.Take(MostReasons).Select(skipped => $"{ModelResolver.Shown(skipped.Name)} {skipped.Reason}"));
        string more = walk.Skipped.Count > MostReasons ? $"; and {walk.Skipped.Count - MostReasons} more" : "";
        return new GatewayError(ErrorKind.BadRequest, $"{who} {has} that can serve this request: {reasons}{more}.", walk.Unwanted ? "provider" : "model")
        {
            Code = windows && !walk.Unwanted ? "context_length_exceeded" : "no_capable_target",
        };
    }
}

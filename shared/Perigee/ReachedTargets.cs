using Perigee.Routing;
using Perigee.Routing.Policies;

namespace Perigee;

/// <summary>
/// Where a request may be served, all that it may fall back to included: known before routing, which chooses among these, so that a budget
/// can be held to the dearest of them.
/// </summary>
internal sealed class ReachedTargets(ModelResolver models, PlanDrafter drafter)
{
    /// <summary>Whether they follow from the model's name alone, which is then that of one target or of none.</summary>
    public static bool ByNameAlone(Exchange exchange) =>
        exchange.Model is { Length: > 0 } model && !PlanDrafter.IsChoice(model, exchange.Options) && WishReader.FieldsOf(exchange.Question).Count == 0;

    /// <summary>The targets; empty where routing will refuse the request anyway.</summary>
    public IReadOnlyList<Target> Of(Exchange exchange)
    {
        if (exchange.Operation.TargetBy != TargetBy.Model)
            return [];
        if (ByNameAlone(exchange) && exchange.Model is { } model)
            return models.TryResolve(model, exchange.Options, out Target? target, out _) ? [target] : [];
        if (RequestHeaders.Read(exchange.Http.Request.Headers, out _) is not { } headers)
            return [];
        RouteRequest request = headers.Metadata is { } metadata ? new(exchange) { Metadata = metadata } : new(exchange);
        return drafter.Draft(request, WishReader.FieldsOf(exchange.Question), out _) is { } draft
            ? [.. draft.Targets, .. draft.OnContextWindow, .. draft.OnContentPolicy]
            : [];
    }
}

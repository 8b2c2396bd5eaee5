using System.Collections.Frozen;
using Perigee.Routing.Health;

namespace Perigee.Routing.Policies;

/// <summary>
/// Finds what could serve a request: its model, be that a route, <c>auto</c> or a model's name, then the models that it falls back to by its own
/// wish, each with the providers that it allows.
/// </summary>
internal sealed class PlanDrafter(ModelResolver models, TargetStates states, Random dice)
{
    private readonly Ordering _ordering = new(states, dice);
    private readonly AutoModels _auto = new();
    private readonly Offers _offers = new(states, new(states, dice));

    /// <summary>Whether a name means more than one model at one provider.</summary>
    public static bool IsChoice(string name, GatewayOptions options) => options.Routes.ContainsKey(name)
        || (!options.Aliases.ContainsKey(name) && (AutoModels.IsAuto(name) || SortOf(name) is not null));

    /// <summary>What could serve a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="fields">The members of its body that may hold wishes.</param>
    /// <param name="error">Why nothing can.</param>
    public PlanDraft? Draft(RouteRequest request, FrozenSet<string> fields, out GatewayError? error)
    {
        (Exchange exchange, GatewayOptions options) = (request.Exchange, request.Options);
        string? model = exchange.Model is { Length: > 0 } named ? named : null;
        if (fields.Count > 0 && !fields.Contains("fallbacks") && model is not null && GoesToOpenRouterOnly(model, options))
            fields = WishReader.WithoutOpenRouters(fields);
        error = null;
        Wishes? wishes = fields.Count == 0 ? Wishes.None : WishReader.Read(exchange.Question!, fields, options, out error);
        if (wishes is null)
            return null;

        // "order" without fallbacks means those of the order alone, one after another; without an order, the first alone.
        PlanDraft draft = new(request) { OwnFields = wishes.Fields, MayFallBack = wishes.Provider is not { AllowFallbacks: false, Order.Count: 0 } };
        if (wishes.Provider is { RequireParameters: true })
            exchange.Strict = true;
        RouteWalk walk = new(request, models, _ordering, _auto);
        List<(string Name, string Field)> names = Names(model, wishes);
        if (names.Count == 0)
        {
            error = Missing();
            return null;
        }

        for (int i = 0; i < names.Count; i++)
        {
            error = Add(draft, walk, names[i].Name, names[i].Field, wishes.Provider, first: i == 0);
            if (error is not null)
                return null;
        }

        if (draft.Targets.Count > RouteWalk.Most)
            draft.Targets.RemoveRange(RouteWalk.Most, draft.Targets.Count - RouteWalk.Most);
        draft.Skipped = walk.Skipped;
        error = walk.Fault ?? Shortage.Settle(draft, walk, names[0].Name, names.Count);
        return error is null ? draft : null;
    }

    /// <summary>No model was named.</summary>
    public static GatewayError Missing() =>
        new(ErrorKind.BadRequest, "'model' is missing: name one as provider/model; GET /v1/models lists them.", "model");

    private GatewayError? Add(PlanDraft draft, RouteWalk walk, string name, string field, ProviderWish? wish, bool first)
    {
        (RouteRequest request, GatewayOptions options) = (draft.Request, draft.Request.Options);
        (string inner, OfferSort? sort) = Split(name, options);
        sort ??= wish?.Sort;
        if (draft.Request.Exchange is { Purpose: null, Caller: { Scope: { IsEverything: false } scope } } && !scope.AllowsName(inner, ChoiceNames.Are(inner, options)))
        {
            walk.Forbid(inner);
            return null;
        }

        List<Target> targets;
        string? why = null;
        if (options.Routes.TryGetValue(inner, out Route? route))
        {
            targets = walk.Expand(route.Root);
            why = walk.Why is { } reason ? $"{inner}: {reason}" : null;
            if (first)
                TakeOver(draft, walk, route);
        }
        else if (AutoModels.IsAuto(inner) && !options.Aliases.ContainsKey(inner))
        {
            targets = walk.Expand(new AutoNode());
            why = walk.Why is { } reason ? $"auto: {reason}" : null;
            draft.Policy ??= "auto";
        }
        else if ((wish is not null || sort is not null) && IsBare(inner, options) && Offers.Of(inner, options) is { Count: > 0 } offers)
        {
            targets = [.. offers.Where(walk.Judge)];
        }
        else
        {
            // A name that means nothing is the client's slip; one whose provider is off may have others behind it.
            if (!models.TryResolve(inner, options, out _, out GatewayError? error) && !ModelResolver.IsOff(inner, options))
                return error with { Param = field };
            targets = walk.Expand(new ModelNode(inner));
        }

        if (wish is not null)
            targets = [.. targets.Where(target => walk.IsWanted(target, wish))];
        if (sort is not null || wish is { Order.Count: > 0 })
        {
            targets = _offers.Sort(targets, sort, wish?.Order ?? [], request);
            why = targets.Count == 0 ? why : WhySorted(targets, sort, request);
        }

        foreach (Target target in targets)
        {
            if (!RouteWalk.Holds(draft.Targets, target))
                draft.Targets.Add(target);
        }

        draft.Chosen ??= why;
        return null;
    }

    private static void TakeOver(PlanDraft draft, RouteWalk walk, Route route)
    {
        draft.Route = route.Name;
        draft.Policy = RoutePlanner.Word((route.Root as PolicyNode)?.Policy ?? RoutePolicy.InOrder);
        draft.MayFallBack &= route.MayFallBack;
        draft.Timeouts = route.Timeouts ?? draft.Timeouts;
        draft.Retries = route.Retries ?? draft.Retries;
        draft.Hedge = route.Hedge;
        draft.OnContextWindow = Expand(route.OnContextWindow, walk);
        draft.OnContentPolicy = Expand(route.OnContentPolicy, walk);
    }

    private static List<Target> Expand(IReadOnlyList<RouteNode> nodes, RouteWalk walk) =>
        nodes.Count == 0 ? [] : RouteWalk.Join([.. nodes.Select(node => new Branch(new RouteChoice(node), walk.Expand(node)))]);

    private static List<(string Name, string Field)> Names(string? model, Wishes wishes)
    {
        List<(string Name, string Field)> names = [];
        if (model is not null)
            names.Add((model, "model"));
        names.AddRange(wishes.Models.Select((name, index) => (name, $"models[{index}]")));

        // A model that is missing is no wish for the fallbacks.
        if (names.Count > 0)
            names.AddRange(wishes.Fallbacks.Select((name, index) => (name, $"fallbacks[{index}]")));
        return names;
    }

    // OpenRouter has the same suffixes: where it alone is asked they are its own.
    private (string Name, OfferSort? Sort) Split(string name, GatewayOptions options)
    {
        if (SortOf(name) is not { } sort || options.Routes.ContainsKey(name) || options.Aliases.ContainsKey(name))
            return (name, null);
        string inner = name[..name.LastIndexOf(':')];
        return GoesToOpenRouterOnly(inner, options) ? (name, null) : (inner, sort);
    }

    private static OfferSort? SortOf(string name) =>
        name.EndsWith(":floor", StringComparison.Ordinal) ? OfferSort.Price
        : name.EndsWith(":nitro", StringComparison.Ordinal) ? OfferSort.Throughput
        : null;

    private bool GoesToOpenRouterOnly(string name, GatewayOptions options) =>
        options.Routes.TryGetValue(name, out Route? route) ? GoesToOpenRouterOnly(route.Root, options)
        : IsOpenRouters(name, options);

    private bool GoesToOpenRouterOnly(RouteNode node, GatewayOptions options) => node switch
    {
        ModelNode model => IsOpenRouters(model.Model, options),
        NamedNode named => options.Routes.TryGetValue(named.Route, out Route? route) && GoesToOpenRouterOnly(route.Root, options),
        PolicyNode policy => policy.Choices.All(choice => GoesToOpenRouterOnly(choice.Node, options)),
        _ => false,
    };

    private bool IsOpenRouters(string name, GatewayOptions options) =>
        models.TryResolve(name, options, out Target? target, out _) && target.Provider.Kind == "openrouter";

    private static bool IsBare(string name, GatewayOptions options)
    {
        if (options.Aliases.ContainsKey(name))
            return false;
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash <= 0 || !(options.Providers.ContainsKey(name[..slash]) || options.Off.ContainsKey(name[..slash]));
    }

    private static string WhySorted(List<Target> targets, OfferSort? sort, RouteRequest request) => sort switch
    {
        OfferSort.Price => $"cheapest of {targets.Count}, {(ModelFacts.Estimate(targets[0], request.Needs, request.At) is { } cost ? "est. " + ModelFacts.Dollars(cost) : "price unknown")}",
        OfferSort.Throughput => $"most throughput of {targets.Count}",
        OfferSort.Latency => $"least latency of {targets.Count}",
        _ => "in the order of provider.order",
    };
}

using System.Collections.Frozen;
using Perigee.Catalog;
using Perigee.Routing.Policies;

namespace Perigee;

/// <summary>
/// Reads the <c>routes</c> of perigee.json: names that clients use as a model, each a tree of targets and policies. What a name stands for
/// is decided here, so that a request meets no name that means nothing.
/// </summary>
internal sealed class ConfigurationRoutes(
    ConfiguredProviders providers, FrozenDictionary<string, string> aliases, ConfigurationPatience patience, ConfigurationCache cache,
    ConfigurationFaults faults)
{
    private const int MostWeight = 1_000_000;

    private static readonly string[] Words =
        ["in-order", "weighted", "cheapest", "quickest", "least-busy", "most-headroom", "conditional", "sticky"];

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Reads all of them.</summary>
    /// <param name="section">The object <c>routes</c>.</param>
    /// <param name="options">What holds for requests without a route.</param>
    public FrozenDictionary<string, Route> Read(ConfigurationSection section, GatewayOptions options)
    {
        List<(string Name, ConfigurationSection Entry)> entries = [.. section.Sections()];
        _names.UnionWith(entries.Select(entry => entry.Name));
        Dictionary<string, Route> routes = new(StringComparer.Ordinal);
        foreach ((string name, ConfigurationSection entry) in entries)
        {
            if (!ConfigurationNames.IsModel(name))
                faults.Add(entry.Path, "is not a usable name: 1 to 256 letters, digits and . _ - : / @ + ~ are allowed.");
            if (aliases.ContainsKey(name))
                faults.Add(entry.Path, "is an alias too: keep one of both.");
            routes[name] = ReadRoute(name, entry, options);
        }

        foreach ((string name, ConfigurationSection entry) in entries)
        {
            if (Cycle(name, routes) is { } cycle)
                faults.Add(entry.Path, $"leads back to itself: {string.Join(" -> ", cycle)}.");
        }

        return routes.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private Route ReadRoute(string name, ConfigurationSection entry, GatewayOptions options)
    {
        PolicyNode root = ReadPolicy(name, entry);
        ConfigurationSection hedge = entry.SectionOrFlag("hedge");
        Route route = new(name, root)
        {
            OnContextWindow = ReadList(name, entry, "onContextWindow"),
            OnContentPolicy = ReadList(name, entry, "onContentPolicy"),
            MayFallBack = entry.Flag("fallback") ?? true,
            Timeouts = Given(entry.Section("timeouts"), section => patience.Timeouts(section, options.Timeouts)),
            Retries = Given(entry.Section("retries"), section => patience.Retries(section, options.Retries)),
            Cache = Given(entry.Section("cache"), section => cache.OfRoute(section, options.Cache)),
            Hedge = ReadHedge(hedge),
        };
        entry.Close();
        return route;
    }

    private static T? Given<T>(ConfigurationSection section, Func<ConfigurationSection, T> read)
        where T : class
    {
        T value = read(section);
        return section.IsGiven ? value : null;
    }

    private static HedgeOptions? ReadHedge(ConfigurationSection section)
    {
        HedgeOptions defaults = new();
        HedgeOptions hedge = new()
        {
            Percent = (int?)section.Number("percent", 1, 100) ?? defaults.Percent,
            After = section.Number("afterMilliseconds", 1, 600_000) is { } after ? TimeSpan.FromMilliseconds(after) : defaults.After,
        };
        section.Close();
        return section.IsWanted ? hedge : null;
    }

    private PolicyNode ReadPolicy(string route, ConfigurationSection section)
    {
        RoutePolicy policy = section.Choice("policy", Words) is { } word ? (RoutePolicy)word : RoutePolicy.InOrder;
        List<RouteChoice> choices = [];
        foreach (ConfigurationItem item in section.Items("targets", "target"))
        {
            if (ReadChoice(route, item, policy) is { } choice)
                choices.Add(choice);
        }

        if (!section.HasItems("targets"))
            faults.Add(section.PathOf("targets"), "is needed: a list of provider/model, aliases, other routes, or objects with a target or a policy of their own.");
        else if (policy == RoutePolicy.Weighted && choices.Count > 0 && choices.All(choice => choice.Weight == 0))
            faults.Add(section.PathOf("targets"), "has weights of 0 only: nothing could ever be chosen.");
        return new(policy, choices);
    }

    private List<RouteNode> ReadList(string route, ConfigurationSection section, string member)
    {
        List<RouteNode> nodes = [];
        foreach (ConfigurationItem item in section.Items(member, "target"))
        {
            if (ReadChoice(route, item, RoutePolicy.InOrder) is { } choice)
                nodes.Add(choice.Node);
        }

        return nodes;
    }

    private RouteChoice? ReadChoice(string route, ConfigurationItem item, RoutePolicy within)
    {
        if (item.Text is { } name)
            return ReadName(route, name, item.Path) is { } plain ? new(plain) : null;
        ConfigurationSection section = item.Section!;
        long? weight = section.Number("weight", 0, MostWeight);
        if (weight is not null && within is not (RoutePolicy.Weighted or RoutePolicy.Sticky))
            faults.Add(section.PathOf("weight"), "counts under the policies weighted and sticky only.");
        ConfigurationSection when = section.Section("when");
        RouteCondition condition = ConfigurationConditions.Read(when, faults);
        if (when.IsGiven && within != RoutePolicy.Conditional)
            faults.Add(when.Path, "counts under the policy conditional only.");
        string? target = section.Text("target");
        RouteNode? node;
        if (section.Has("target"))
        {
            foreach (string member in (ReadOnlySpan<string>)["policy", "targets"])
                section.Refuse(member, "does not go with target: keep one of both.");
            node = target is null ? null : ReadName(route, target, section.PathOf("target"));
        }
        else
        {
            node = ReadPolicy(route, section);
        }

        section.Close();
        return node is null ? null : new(node, (int)(weight ?? 1)) { When = when.IsGiven ? condition : null };
    }

    private RouteNode? ReadName(string route, string name, string path)
    {
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        string? provider = slash > 0 && slash < name.Length - 1 && ConfigurationNames.IsModel(name) ? name[..slash] : null;
        bool known = provider is not null && (providers.On.ContainsKey(provider) || providers.Off.ContainsKey(provider));

        // A route may bear the name of a model, to stand before it: within itself that name is the model's.
        if (_names.Contains(name) && !(name == route && known))
            return new NamedNode(name);
        if (aliases.ContainsKey(name) || known)
            return new ModelNode(name);
        if (AutoModels.IsAuto(name))
            return new AutoNode();
        IEnumerable<string> own = _names.Where(one => one != route).Concat(aliases.Keys);
        IReadOnlyList<string> near = provider is null
            ? NearestNames.Of(name, own, 1)
            : NearestNames.Of(provider, providers.On.Keys.Concat(providers.Off.Keys), 1);
        string hint = near.Count > 0 ? $"; did you mean {near[0]}?" : ".";
        faults.Add(path, provider is null
            ? "has to name provider/model, an alias or another route" + hint
            : "names a provider that is neither built in nor under providers" + hint);
        return null;
    }

    // Only the routes on the cycle themselves are at fault, not those that lead into it.
    private static List<string>? Cycle(string name, Dictionary<string, Route> routes)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        List<string> way = [name];
        return Leads(routes[name].Root) ? way : null;

        bool Leads(RouteNode node)
        {
            switch (node)
            {
                case NamedNode named:
                    way.Add(named.Route);
                    if (named.Route == name || (seen.Add(named.Route) && routes.TryGetValue(named.Route, out Route? route) && Leads(route.Root)))
                        return true;
                    way.RemoveAt(way.Count - 1);
                    return false;
                case PolicyNode policy:
                    return policy.Choices.Any(choice => Leads(choice.Node));
                default:
                    return false;
            }
        }
    }
}

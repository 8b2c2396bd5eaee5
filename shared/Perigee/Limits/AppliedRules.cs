using System.Runtime.CompilerServices;

namespace Perigee.Limits;

/// <summary>
/// Finds the limits that hold for a request: the caller's with those of team and organisation, the gateway's, and the requests a minute of a
/// key. The list of a caller is made once: a request pays for a look-up, and where nobody has limits not even for that. Limits of models hold for what the client names and for
/// whatever target that may lead to: an alias is known by its name, a route's targets are looked up for each request.
/// </summary>
internal sealed class AppliedRules(ReachedTargets reached)
{
    // Names come from requests: what is kept of them is bounded.
    private const int MostModels = 64;

    private readonly ConditionalWeakTable<Caller, Known> _known = [];
    private Known? _ofTheGateway;

    /// <summary>The limits that hold, the widest first; empty where there are none.</summary>
    public IReadOnlyList<LimitRule> Of(Exchange exchange)
    {
        (Caller caller, LimitOptions options) = (exchange.Caller!, exchange.Options.Limits);
        if (exchange.Purpose is not null)
            return options.Rules.Count == 0 ? [] : OfTheGateway(exchange, options);
        if (caller.Limits.Count == 0 && options.Rules.Count == 0 && caller.RequestsPerMinute is null && options.RequestsPerMinute is null)
            return [];
        if (!_known.TryGetValue(caller, out Known? known) || !ReferenceEquals(known.Options, exchange.Options))
        {
            known = new Known(exchange.Options, RulesOf(caller, options));
            _known.AddOrUpdate(caller, known);
        }

        return known.For(exchange, reached);
    }

    /// <summary>
    /// What the gateway asks on its own account counts against the gateway's own limits, and nobody else's. It waits for no turn: it is part of a request that has one.
    /// </summary>
    private LimitRule[] OfTheGateway(Exchange exchange, LimitOptions options)
    {
        Known? known = Volatile.Read(ref _ofTheGateway);
        if (known is null || !ReferenceEquals(known.Options, exchange.Options))
        {
            known = new Known(exchange.Options, [.. options.Rules.Where(static rule => rule.Meter != LimitMeter.Concurrency)]);
            Volatile.Write(ref _ofTheGateway, known);
        }

        return known.For(exchange, reached);
    }

    private static LimitRule[] RulesOf(Caller caller, LimitOptions options)
    {
        Dictionary<string, LimitRule> rules = new(StringComparer.Ordinal);
        foreach (LimitRule rule in options.Rules)
            rules.TryAdd(rule.Id, rule);
        foreach (LimitRule rule in caller.Limits)
            rules.TryAdd(rule.Id, rule);
        if ((caller.RequestsPerMinute ?? options.RequestsPerMinute) is { } requests)
        {
            LimitRule ofKey = new()
            {
                Name = LimitRuleJson.UsualName(LimitMeter.Requests, LimitPeriod.Minute),
                Level = LimitLevel.Key,
                Owner = caller.KeyId,
                Meter = LimitMeter.Requests,
                Amount = requests,
                Period = LimitPeriod.Minute,
            };
            rules.TryAdd(ofKey.Id, ofKey);
        }

        return [.. rules.Values.OrderBy(rule => rule.Level)];
    }

    private sealed class Known(GatewayOptions options, LimitRule[] all)
    {
        private readonly bool _byModel = all.Any(rule => rule.Model is not null);
        private readonly Dictionary<string, LimitRule[]> _models = new(StringComparer.Ordinal);

        public GatewayOptions Options => options;

        public LimitRule[] For(Exchange exchange, ReachedTargets reached)
        {
            if (!_byModel)
                return all;
            string? model = exchange.Model;
            if (!ReachedTargets.ByNameAlone(exchange))
                return Of(model, reached.Of(exchange));
            lock (_models)
            {
                if (_models.TryGetValue(model ?? "", out LimitRule[]? rules))
                    return rules;
                rules = Of(model, reached.Of(exchange));
                if (_models.Count >= MostModels)
                    _models.Clear();
                if (model is null or { Length: <= 256 })
                    _models.Add(model ?? "", rules);
                return rules;
            }
        }

        private LimitRule[] Of(string? model, IReadOnlyList<Target> targets) =>
            [.. all.Where(rule => rule.AppliesTo(model) || targets.Any(target => rule.AppliesTo(target.Name) || rule.AppliesTo(target.Model)))];
    }
}

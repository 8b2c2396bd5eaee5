using System.Runtime.CompilerServices;

namespace Perigee.Limits;

/// <summary>
/// Finds the limits that hold for a request: the caller's with those of team and organisation, the gateway's, and the requests a minute of a
/// key. The list of a caller is made once: a request pays for a look-up, and where nobody has limits not even for that.
/// </summary>
internal sealed class AppliedRules
{
    // Names come from requests: what is kept of them is bounded.
    private const int MostModels = 64;

    private readonly ConditionalWeakTable<Caller, Known> _known = [];

    /// <summary>The limits that hold, the widest first; empty where there are none.</summary>
    public IReadOnlyList<LimitRule> Of(Exchange exchange)
    {
        (Caller caller, LimitOptions options) = (exchange.Caller!, exchange.Options.Limits);
        if (caller.Limits.Count == 0 && options.Rules.Count == 0 && caller.RequestsPerMinute is null && options.RequestsPerMinute is null)
            return [];
        if (!_known.TryGetValue(caller, out Known? known) || !ReferenceEquals(known.Options, options))
        {
            known = new Known(options, RulesOf(caller, options));
            _known.AddOrUpdate(caller, known);
        }

        return known.For(exchange.Model);
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

    private sealed class Known(LimitOptions options, LimitRule[] all)
    {
        private readonly bool _byModel = all.Any(rule => rule.Model is not null);
        private readonly Dictionary<string, LimitRule[]> _models = new(StringComparer.Ordinal);

        public LimitOptions Options => options;

        public LimitRule[] For(string? model)
        {
            if (!_byModel)
                return all;
            lock (_models)
            {
                if (_models.TryGetValue(model ?? "", out LimitRule[]? rules))
                    return rules;
                rules = [.. all.Where(rule => rule.AppliesTo(model))];
                if (_models.Count >= MostModels)
                    _models.Clear();
                if (model is null or { Length: <= 256 })
                    _models.Add(model ?? "", rules);
                return rules;
            }
        }
    }
}

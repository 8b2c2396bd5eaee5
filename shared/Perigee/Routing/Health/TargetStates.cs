using System.Collections.Concurrent;

namespace Perigee.Routing.Health;

/// <summary>The states of all targets that this process has met, by their name, and the budgets of providers and routes.</summary>
/// <param name="time">The clock.</param>
/// <param name="options">The rules in force; null takes the defaults.</param>
/// <param name="dice">For jitter; null rolls always the same.</param>
internal sealed class TargetStates(TimeProvider time, IGatewayOptions? options = null, Random? dice = null)
{
    /// <summary>Clients may name any model of a provider: the states of those that are idle make room from here on.</summary>
    private const int Most = 4096;

    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Active = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, TargetState> _states = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TokenBudget> _retries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TokenBudget> _hedges = new(StringComparer.Ordinal);
    private long _asked = long.MinValue;
    private long _swept = long.MinValue;

    /// <summary>The rules where nothing is configured.</summary>
    public static BreakerOptions Defaults { get; } = new();

    /// <summary>The configuration in force, or null.</summary>
    public GatewayOptions? Options => options?.Current;

    /// <summary>Hears of a target whose breaker opened, opened anew or closed by what this process saw.</summary>
    public Action<TargetState>? Changed { get; set; }

    /// <summary>Hears of the first request after a minute without any.</summary>
    public Action? Woken { get; set; }

    /// <summary>Every state, in no order.</summary>
    public IEnumerable<TargetState> All => _states.Values;

    /// <summary>Whether a request was served within the last minute.</summary>
    public bool IsActive => Volatile.Read(ref _asked) is var asked && asked != long.MinValue && time.GetElapsedTime(asked) < Active;

    /// <summary>The state of a target: one object as long as it is used.</summary>
    public TargetState Of(Target target)
    {
        Touch();
        return Of(target.Name);
    }

    /// <summary>The state of that name, made where there is none.</summary>
    public TargetState Of(string name)
    {
        if (_states.TryGetValue(name, out TargetState? state))
            return state;
        if (_states.Count >= Most)
        {
            Sweep();

            // Names that nobody will ask for again: this one is remembered by nobody.
            if (_states.Count >= 2 * Most)
                return new TargetState(name, time, this);
        }

        return _states.GetOrAdd(name, static (name, made) => new TargetState(name, made.time, made.self), (time, self: this));
    }

    /// <summary>The state of that name, or null.</summary>
    public TargetState? Find(string name) => _states.GetValueOrDefault(name);

    /// <summary>Whether a provider may be asked once more: its retry budget, a share of the requests to it. Takes from the budget.</summary>
    public bool TryRetry(Target target, int percent) => percent > 0 && RetriesOf(target.Provider.Name).TryTake();

    /// <summary>Whether a route may start a second call: its hedge budget. Takes from it.</summary>
    public bool TryHedge(string route, int percent) => percent > 0 && HedgesOf(route).TryTake();

    /// <summary>
    /// A request goes to a provider, by a route: what the budgets are shares of. Once for each target that is tried, retries not counted;
    /// the route counts it with the plan's first target only.
    /// </summary>
    public void Counted(Target target, RoutePlan plan)
    {
        RetriesOf(target.Provider.Name).Count(plan.Retries.BudgetPercent);
        if (plan.Hedge is { } hedge && ReferenceEquals(plan.Targets[0], target))
            HedgesOf(plan.Route).Count(hedge.Percent);
    }

    /// <summary>A number from 0 to 1.</summary>
    public double Roll() => dice?.NextDouble() ?? 0.5;

    /// <summary>A breaker changed.</summary>
    public void Tell(TargetState state) => Changed?.Invoke(state);

    private TokenBudget RetriesOf(string provider) => _retries.TryGetValue(provider, out TokenBudget? budget)
        ? budget
        : _retries.GetOrAdd(provider, static _ => new TokenBudget(start: 10, most: 20));

    private TokenBudget HedgesOf(string route) => _hedges.TryGetValue(route, out TokenBudget? budget)
        ? budget
        : _hedges.GetOrAdd(route, static _ => new TokenBudget(start: 1, most: 5));

    private void Touch()
    {
        long asked = Volatile.Read(ref _asked);
        TimeSpan since = asked == long.MinValue ? Active : time.GetElapsedTime(asked);

        // Once a second is enough, and spares the processors a word that all of them write.
        if (since >= TimeSpan.FromSeconds(1))
            Volatile.Write(ref _asked, time.GetTimestamp());
        if (since >= Active)
            Woken?.Invoke();
    }

    private void Sweep()
    {
        // One sweep in ten seconds: a flood of names must not be paid for by each of them.
        long now = time.GetTimestamp();
        long swept = Volatile.Read(ref _swept);
        if ((swept != long.MinValue && time.GetElapsedTime(swept, now) < TimeSpan.FromSeconds(10))
            || Interlocked.CompareExchange(ref _swept, now, swept) != swept)
        {
            return;
        }

        foreach ((string name, TargetState state) in _states)
        {
            if (state.IsIdle(Idle))
                _states.TryRemove(new KeyValuePair<string, TargetState>(name, state));
        }
    }
}

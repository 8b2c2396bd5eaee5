#pragma warning disable CA1822 // for the moment
using System.Collections.Concurrent;

namespace Perigee.Routing.Health;

/// <summary>The states of all targets that this process has met, by their name.</summary>
internal sealed class TargetStates(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, TargetState> _states = new(StringComparer.Ordinal);

    /// <summary>The state of a target: one object as long as the process lives.</summary>
    public TargetState Of(Target target) => _states.TryGetValue(target.Name, out TargetState? state)
        ? state
        : _states.GetOrAdd(target.Name, static (name, time) => new TargetState(name, time), time);

    /// <summary>Whether a provider may be asked once more: its retry budget, a share of the requests to it. Takes from the budget.</summary>
    public bool TryRetry(Target target, int percent)
    {
        _ = (target, percent);
        return true;
    }

    /// <summary>Whether a route may start a second call: its hedge budget. Takes from it.</summary>
    public bool TryHedge(string route, int percent)
    {
        _ = (route, percent);
        return true;
    }

    /// <summary>A request goes to a provider, by a route: what the budgets are shares of.</summary>
    public void Counted(Target target, RoutePlan plan)
    {
    }
}

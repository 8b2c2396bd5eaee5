using Microsoft.Extensions.Logging;
using Perigee.Routing;
using Perigee.Routing.Health;

namespace Perigee.Forwarding;

/// <summary>What every try needs: the connections, the translator, the memory of ids, the states of targets, the clock and the dice.</summary>
/// <param name="Upstreams">The connections.</param>
/// <param name="Translator">Puts questions into other dialects.</param>
/// <param name="Origins">Remembers who made an id.</param>
/// <param name="States">What is known of the targets' health.</param>
/// <param name="Time">The clock.</param>
/// <param name="Dice">Chance.</param>
/// <param name="Log">Takes faults of our own.</param>
internal sealed record TryTools(
    Upstreams Upstreams, Translator Translator, Origins Origins, TargetStates States, TimeProvider Time, Random Dice, ILogger<ForwardMiddleware> Log);

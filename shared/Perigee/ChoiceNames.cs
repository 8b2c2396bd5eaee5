using Perigee.Routing.Policies;

namespace Perigee;

/// <summary>Names that the operator made, or the gateway for it, and that stand for a choice of models.</summary>
internal static class ChoiceNames
{
    /// <summary>Whether a name is a route, an alias or <c>auto</c>.</summary>
    public static bool Are(string name, GatewayOptions options) =>
        options.Routes.ContainsKey(name) || options.Aliases.ContainsKey(name) || AutoModels.IsAuto(name);
}

using System.Globalization;
using Perigee.Catalog;
using Perigee.Wire;

namespace Perigee.Routing.Policies;

/// <summary>Says why a target cannot serve a request. Only what is known counts: a model that the catalogue does not know may be able to do anything.</summary>
internal static class TargetFilter
{
    /// <summary>The reason, for people; or null where it can, as far as anybody knows.</summary>
    public static string? Unfit(Target target, RouteRequest request) => Ability(target, request) ?? Window(target, request);

    /// <summary>Whether the window is too small by so much that no estimate can be that wrong.</summary>
    public static bool IsFarTooSmall(Target target, RequestNeeds needs) => target.Known?.Context is { } window && needs.Tokens > window + (window / 2);

    /// <summary>
    /// Why the question does not fit, or null. Of conversations only: a window of vectors is that of each text and not of all together, and to
    /// count tokens is how clients find out that there are too many.
    /// </summary>
    public static string? Window(Target target, RouteRequest request) =>
        target.Known?.Context is { } window && request.Needs.Tokens > window
        && request.Exchange.Operation is { Asks: Asks.Conversation } or { Name: "responses" or "completions" }
            ? string.Create(CultureInfo.InvariantCulture, $"window of {window} tokens is too small for about {request.Needs.Tokens}")
            : null;

    private static string? Ability(Target target, RouteRequest request)
    {
        Operation operation = request.Exchange.Operation;
        if (operation.Asks == Asks.OwnThing && operation.Speaks != target.Provider.Dialect
            && !(operation.Speaks == DialectFamily.OpenAi && target.Provider.CompatiblePath is not null))
            return "has no such operation";
        if (target.Known is not { } known)
            return null;
        if (operation.Asks is Asks.Conversation or Asks.Count && known.Kind is ModelKind.Embedding or ModelKind.Moderation or ModelKind.Rerank)
            return "holds no conversations";
        if (operation.Asks == Asks.Vectors)
            return known.Kind == ModelKind.Chat ? "gives no vectors" : null;
        RequestNeeds needs = request.Needs;
        return needs.Images && known.Takes(Modalities.Image) == false ? "takes no pictures"
            : needs.Audio && known.Takes(Modalities.Audio) == false ? "takes no sound"
            : needs.Video && known.Takes(Modalities.Video) == false ? "takes no video"
            : needs.Files && known.Takes(Modalities.File) == false ? "takes no files"
            : needs.Speech && known.Outputs != Modalities.None && (known.Outputs & Modalities.Audio) == 0 ? "does not speak"
            : needs.Tools && known.Tools == false ? "calls no tools"
            : needs.Schema && known.Schema == false ? "holds to no schema"
            : needs.Reasoning && known.Reasoning == false ? "does not reason"
            : null;
    }
}

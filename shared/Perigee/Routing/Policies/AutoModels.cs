using Perigee.Catalog;

namespace Perigee.Routing.Policies;

/// <summary>
/// The model <c>auto</c>: the cheapest that can do what a request needs and is good enough. Here only what is known counts: a model whose price,
/// quality or needed ability the catalogue does not know is never chosen.
/// </summary>
internal sealed class AutoModels
{
    /// <summary>The one that is chosen, and those to fall back to.</summary>
    private const int Most = 8;

    /// <summary>
    /// OpenRouter's variants without a price: a few requests a minute, by providers that may keep what is asked. Who wants that has to say so.
    /// </summary>
    private const string Giveaway = ":free";

    private Candidates? _kept;

    /// <summary>Whether a name means this.</summary>
    public static bool IsAuto(string name) => name is "auto" or "perigee/auto";

    /// <summary>Chooses.</summary>
    /// <param name="request">The request.</param>
    /// <param name="quality">The least quality.</param>
    /// <param name="why">Why the first was chosen, or why there is none.</param>
    /// <param name="tooLong">Whether nothing but the length of the question is in the way.</param>
    public List<Target> Choose(RouteRequest request, Quality quality, out string why, out bool tooLong)
    {
        tooLong = false;
        GatewayOptions options = request.Options;
        Candidates kept = _kept is { } current && ReferenceEquals(current.Options, options) ? current : _kept = new(options);
        RequestNeeds needs = request.Needs;
        List<(long Cost, Target Target)> able = [];
        foreach (Target target in kept.Targets)
        {
            if (target.Known!.Quality < quality || !request.Exchange.MayUse(target.Name) || !Can(target, request) || ModelFacts.Estimate(target, needs, request.At) is not { } cost)
                continue;
            if (Fits(target.Known, needs))
                able.Add((cost, target));
            else
                tooLong = true;
        }

        string wanted = string.Join(", ", needs.Words().Prepend($"{Word(quality)} quality"));
        if (able.Count == 0)
        {
            why = kept.Targets.Count == 0
                ? "no provider with models of known price and quality is on"
                : $"none of {kept.Targets.Count} models of known price that are on has {wanted} and room for about {needs.Tokens} tokens";
            return [];
        }

        tooLong = false;
        List<(long Cost, Target Target)> cheapest =
            [.. able.OrderBy(pair => pair.Cost).ThenByDescending(pair => pair.Target.Known!.Quality).ThenBy(pair => pair.Target.Provider.Order).Take(Most)];
        why = $"cheapest of {able.Count} with {wanted}; est. {ModelFacts.Dollars(cheapest[0].Cost)}";
        return [.. cheapest.Select(pair => pair.Target)];
    }

    /// <summary>The least quality that a request wants: by its header, else by its caller's key, else <c>standard</c>.</summary>
    public static Quality QualityOf(RouteRequest request, out GatewayError? error)
    {
        error = null;
        string? asked = request.Header(HeaderNames.Quality);
        if (TryRead(asked ?? request.Exchange.Caller?.Quality, out Quality quality))
            return quality;
        if (asked is not null)
            error = new GatewayError(ErrorKind.BadRequest, $"'{HeaderNames.Quality}' must be basic, standard, strong or frontier.", HeaderNames.Quality);
        return Quality.Standard;
    }

    private static bool TryRead(string? word, out Quality quality)
    {
        foreach (Quality one in Enum.GetValues<Quality>())
        {
            quality = one;
            if (Word(one).Equals(word, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        quality = default;
        return false;
    }

    private static string Word(Quality quality) => quality switch
    {
        Quality.Basic => "basic",
        Quality.Standard => "standard",
        Quality.Strong => "strong",
        _ => "frontier",
    };

    // The answer has to fit in too.
    private static bool Fits(CatalogModel known, RequestNeeds needs) =>
        known.Context is { } window && needs.Tokens + Math.Min(needs.MaxOutput ?? 0, known.MaxOutput ?? long.MaxValue) <= window;

    private static bool Can(Target target, RouteRequest request)
    {
        (RequestNeeds needs, CatalogModel known) = (request.Needs, target.Known!);

        // Only conversations are translated: everything else needs a provider that speaks the client's dialect.
        if (request.Exchange.Operation.Asks == Asks.OwnThing && target.Provider.Dialect != request.Exchange.Operation.Speaks)
            return false;
        return (!needs.Images || known.Takes(Modalities.Image) == true)
            && (!needs.Audio || known.Takes(Modalities.Audio) == true)
            && (!needs.Video || known.Takes(Modalities.Video) == true)
            && (!needs.Files || known.Takes(Modalities.File) == true)
            && (!needs.Speech || (known.Outputs & Modalities.Audio) != 0)
            && (!needs.Tools || known.Tools == true)
            && (!needs.Schema || known.Schema == true)
            && (!needs.Reasoning || known.Reasoning == true);
    }

    /// <summary>What could be chosen at all, once for each configuration.</summary>
    private sealed class Candidates(GatewayOptions options)
    {
        public GatewayOptions Options { get; } = options;

        public List<Target> Targets { get; } =
        [
            .. options.Providers.Values.Where(provider => !provider.BuiltIn).OrderBy(provider => provider.Order).SelectMany(provider => options.Catalog
                .Of(provider.Name, provider.Kind)
                .Where(model => !model.Id.EndsWith(Giveaway, StringComparison.Ordinal) && model is { Kind: ModelKind.Chat, Price: not null, Quality: not null } && (model.Outputs == Modalities.None || (model.Outputs & Modalities.Text) != 0))
                .Select(model => new Target(provider, model.Id) { Known = model })),
        ];
    }
}

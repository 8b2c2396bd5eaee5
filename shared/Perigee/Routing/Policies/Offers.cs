using System.Globalization;
using Perigee.Catalog;
using Perigee.Providers;
using Perigee.Routing.Health;

namespace Perigee.Routing.Policies;

/// <summary>The providers that offer a model, judged and sorted as a request wishes.</summary>
internal sealed class Offers(TargetStates states, Ordering ordering)
{
    private const decimal MicroDollars = 1_000_000;

    /// <summary>
    /// Every provider that is on and offers the model of a name without provider, the preferred first; empty where the catalogue and the operator
    /// know none.
    /// </summary>
    public static List<Target> Of(string name, GatewayOptions options)
    {
        List<Target> targets = [];
        foreach (Provider provider in options.Providers.Values.OrderBy(provider => provider.Order))
        {
            string own = $"{provider.Name}/{name}";
            if (options.Catalog.Find(provider.Name, provider.Kind, name) is { } row)
                targets.Add(new Target(provider, options.Catalog.Has(provider.Kind, name) ? name : row.Id) { Known = row });
            else if (options.ListedModels.Contains(own, StringComparer.Ordinal))
                targets.Add(ModelResolver.Known(provider, name, options));
        }

        return targets;
    }

    /// <summary>Why a request does not want a target, or null.</summary>
    public static string? Unwanted(Target target, ProviderWish wish, RouteRequest request)
    {
        string provider = target.Provider.Name;
        return wish.Only is { } only && !only.Contains(provider) ? "is not among provider.only"
            : wish.Ignore.Contains(provider) ? "is among provider.ignore"
            : !wish.AllowFallbacks && wish.Order.Count > 0 && !wish.Order.Contains(provider, StringComparer.Ordinal) ? "is not among provider.order"
            : (wish.MostPaid is { } cap ? TooDear(target, cap, request) : null)
                ?? (wish.RequireParameters ? Unsure(target, request) : null);
    }

    /// <summary>Puts targets in the order that a request wishes.</summary>
    public List<Target> Sort(List<Target> targets, OfferSort? sort, IReadOnlyList<string> order, RouteRequest request)
    {
        if (targets.Count < 2)
            return targets;
        List<Branch> branches = [.. targets.Select(target => new Branch(new RouteChoice(new ModelNode(target.Name)), [target]))];
        branches = sort switch
        {
            OfferSort.Price => Ordering.By(branches, branch => ModelFacts.Estimate(branch.Targets[0], request.Needs, request.At) ?? double.PositiveInfinity),
            OfferSort.Throughput => ordering.Quickest(branches, branch => 1 / states.Of(branch.Targets[0]).TokensPerSecond),
            OfferSort.Latency => ordering.Quickest(branches, branch => states.Of(branch.Targets[0]).Ttft?.TotalSeconds),
            _ => branches,
        };
        if (order.Count > 0)
            branches = Ordering.By(branches, branch => Place(order, branch.Targets[0].Provider.Name));
        return RouteWalk.Join(branches);
    }

    private static int Place(IReadOnlyList<string> order, string provider)
    {
        for (int i = 0; i < order.Count; i++)
        {
            if (order[i] == provider)
                return i;
        }

        return order.Count;
    }

    private static string? TooDear(Target target, PriceCap cap, RouteRequest request)
    {
        if (target.Known?.Price?.At(request.At) is not { } price)
            return "has no known price, and provider.max_price sets a limit";
        PriceRates rates = price.Rates;
        foreach (PriceTier tier in price.Tiers)
        {
            if (request.Needs.Tokens > tier.Above)
                rates = tier.Rates;
        }

        return Above(rates.Input, cap.Input, "a million prompt tokens")
            ?? Above(rates.Output, cap.Output, "a million completion tokens")
            ?? (request.Needs.Audio ? Above(rates.InputAudio ?? rates.Input, cap.Audio, "a million tokens of sound") : null)
            ?? Above(rates.Request ?? 0, cap.Request, "a request");
    }

    private static string? Above(long rate, long? cap, string unit) => rate > cap
        ? string.Create(CultureInfo.InvariantCulture, $"costs ${rate / MicroDollars:0.######} {unit}, above provider.max_price")
        : null;

    private static string? Unsure(Target target, RouteRequest request)
    {
        if (request.Exchange.Question is { } question)
        {
            foreach (string refused in target.Traits.Refuses)
            {
                if (question.FindTopLevel(System.Text.Encoding.UTF8.GetBytes(refused)) >= 0)
                    return $"refuses '{refused}'";
            }
        }

        (RequestNeeds needs, CatalogModel? known) = (request.Needs, target.Known);
        return needs.Tools && known?.Tools != true ? "is not known to call tools"
            : needs.Schema && known?.Schema != true ? "is not known to hold to a schema"
            : needs.Reasoning && known?.Reasoning != true ? "is not known to reason"
            : needs.Images && known?.Takes(Modalities.Image) != true ? "is not known to take pictures"
            : needs.Audio && known?.Takes(Modalities.Audio) != true ? "is not known to take sound"
            : needs.Files && known?.Takes(Modalities.File) != true ? "is not known to take files"
            : null;
    }
}

using System.Collections.Concurrent;

namespace Perigee.Catalog;

/// <summary>The models of one provider's row, and the names that lead to them. The names are only indexed once one is asked for.</summary>
internal sealed class ProviderModels(IReadOnlyList<CatalogModel> models)
{
    // Names come from requests: what is kept of them is bounded.
    private const int MostKept = 1024;
    private const int LongestName = 256;

    private readonly ConcurrentDictionary<string, CatalogModel?> _known = new(StringComparer.Ordinal);
    private readonly Lazy<Dictionary<string, CatalogModel>> _exact = new(() => IndexExact(models));
    private readonly Lazy<Dictionary<string, CatalogModel?>> _loose = new(() => IndexLoose(models));

    /// <summary>In file order.</summary>
    public IReadOnlyList<CatalogModel> All => models;

    /// <summary>The model of exactly that id or alias, or null.</summary>
    public CatalogModel? Exact(string name) => _exact.Value.GetValueOrDefault(name);

    /// <summary>The model that a name means, or null: better none than another one.</summary>
    public CatalogModel? Find(string name)
    {
        if (Exact(name) is { } exact)
            return exact;
        if (name.Length is 0 or > LongestName)
            return null;
        if (_known.TryGetValue(name, out CatalogModel? known))
            return known;
        CatalogModel? found = null;
        foreach (string form in ModelNames.Reductions(name))
        {
            found = Exact(form) ?? _loose.Value.GetValueOrDefault(ModelNames.Fold(form));
            if (found is not null)
                break;
        }

        // A full map is begun anew: simpler than an order of use, and real traffic never fills it.
        if (_known.Count >= MostKept)
            _known.Clear();
        _known.TryAdd(name, found);
        return found;
    }

    private static Dictionary<string, CatalogModel> IndexExact(IReadOnlyList<CatalogModel> models)
    {
        Dictionary<string, CatalogModel> exact = new(models.Count, StringComparer.Ordinal);
        foreach (CatalogModel model in models)
            exact[model.Id] = model;
        foreach (CatalogModel model in models)
        {
            foreach (string alias in model.Aliases)
                exact.TryAdd(alias, model);
        }

        return exact;
    }

    // Later layers never take a name from earlier ones. Within one a name that leads to two models leads to none, unless they cost the same.
    private static Dictionary<string, CatalogModel?> IndexLoose(IReadOnlyList<CatalogModel> models)
    {
        Dictionary<string, CatalogModel?> loose = new(StringComparer.Ordinal);
        Lay(loose, models.SelectMany(model => model.Aliases.Prepend(model.Id), (model, name) => (ModelNames.Fold(name), model)), sameCost: false);
        Lay(loose, Ended("-latest"), sameCost: false);
        Lay(loose, models.Where(model => ModelNames.Undated(model.Id) is not null).OrderByDescending(model => model.Id, StringComparer.Ordinal)
            .Select(model => (ModelNames.Fold(ModelNames.Undated(model.Id)!), model)), sameCost: true);
        Lay(loose, models.Where(model => ModelNames.CloudCore(model.Id) is not null)
            .Select(model => (ModelNames.Fold(ModelNames.CloudCore(model.Id)!), model)), sameCost: true);
        Lay(loose, models.Where(model => model.Id.Contains('/', StringComparison.Ordinal))
            .Select(model => (ModelNames.Fold(model.Id[(model.Id.LastIndexOf('/') + 1)..]), model)), sameCost: false);
        return loose;

        IEnumerable<(string, CatalogModel)> Ended(string end) => models
            .Where(model => model.Id.EndsWith(end, StringComparison.Ordinal))
            .Select(model => (ModelNames.Fold(model.Id[..^end.Length]), model));
    }

    private static void Lay(Dictionary<string, CatalogModel?> loose, IEnumerable<(string Name, CatalogModel Model)> layer, bool sameCost)
    {
        Dictionary<string, CatalogModel?> own = new(StringComparer.Ordinal);
        foreach ((string name, CatalogModel model) in layer)
        {
            if (!own.TryGetValue(name, out CatalogModel? first))
                own[name] = model;
            else if (first is not null && !ReferenceEquals(first, model) && !(sameCost && SameCost(first, model)))
                own[name] = null;
        }

        foreach ((string name, CatalogModel? model) in own)
            loose.TryAdd(name, model);
    }

    private static bool SameCost(CatalogModel one, CatalogModel other) =>
        one.Price is null ? other.Price is null
        : other.Price is not null && one.Price.Rates == other.Price.Rates && one.Price.Tiers.SequenceEqual(other.Price.Tiers) && one.Price.Later.Count + other.Price.Later.Count == 0;
}

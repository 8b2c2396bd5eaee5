using System.Collections.Concurrent;

namespace Perigee.Catalog;

/// <summary>The models of one provider's row, and the names that lead to them. Rows are only read, and names indexed, once one is asked for.</summary>
internal sealed class ProviderModels
{
    // Names come from requests: what is kept of them is bounded.
    private const int MostKept = 1024;
    private const int LongestName = 256;

    private readonly ReadOnlyMemory<byte> _json;
    private readonly ConcurrentDictionary<string, CatalogModel?> _known = new(StringComparer.Ordinal);
    private readonly Lazy<IReadOnlyList<CatalogModel>> _models;
    private readonly Lazy<Dictionary<string, CatalogModel>> _exact;
    private readonly Lazy<Dictionary<string, CatalogModel?>> _loose;
    private readonly Lazy<Dictionary<string, CatalogModel?>> _makerless;

    /// <summary>Takes a provider's list as it stands in models.json.</summary>
    public ProviderModels(string provider, ReadOnlyMemory<byte> json)
    {
        (Provider, _json) = (provider, json);
        _models = new(() => CatalogFile.Read(_json.Span, Provider));
        _exact = new(() => IndexExact(All));
        _loose = new(() => IndexLoose(All));
        _makerless = new(() => IndexMakerless(All));
    }

    /// <summary>The row's name.</summary>
    public string Provider { get; }

    /// <summary>In file order.</summary>
    public IReadOnlyList<CatalogModel> All => _models.Value;

    /// <summary>False where the rows certainly hold no such name; asking does not read them.</summary>
    /// <param name="quoted">The name in quotation marks. Names in the file need no escapes.</param>
    public bool MayHave(ReadOnlySpan<byte> quoted) => _exact.IsValueCreated || _json.Span.IndexOf(quoted) >= 0;

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

        // A name that states a maker must not find another maker's model of that name.
        CatalogModel? found = null;
        bool makerless = !name.Contains('/', StringComparison.Ordinal);
        foreach (string form in ModelNames.Reductions(name))
        {
            string folded = ModelNames.Fold(form);
            found = Exact(form) ?? _loose.Value.GetValueOrDefault(folded) ?? (makerless ? _makerless.Value.GetValueOrDefault(folded) : null);
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

    // Later layers never take a name from earlier ones.
    private static Dictionary<string, CatalogModel?> IndexLoose(IReadOnlyList<CatalogModel> models)
    {
        Dictionary<string, CatalogModel?> loose = new(models.Count * 2, StringComparer.Ordinal);
        Dictionary<string, CatalogModel?> layer = new(models.Count, StringComparer.Ordinal);
        foreach (CatalogModel model in models)
        {
            Lay(layer, model.Id, model);
            foreach (string alias in model.Aliases)
                Lay(layer, alias, model);
        }

        Settle(loose, layer);
        foreach (CatalogModel model in models)
        {
            if (model.Id.EndsWith("-latest", StringComparison.Ordinal))
                Lay(layer, model.Id[..^7], model);
        }

        // Snapshots or regions of one model: the plainest, then the newest, unless they differ in price.
        Settle(loose, layer);
        foreach (CatalogModel model in models)
        {
            if (ModelNames.Undated(model.Id) is { } undated)
                Lay(layer, undated, model, sameCost: true);
        }

        Settle(loose, layer);
        foreach (CatalogModel model in models)
        {
            if (ModelNames.CloudCore(model.Id) is { } core)
                Lay(layer, core, model, sameCost: true);
        }

        Settle(loose, layer);
        return loose;
    }

    // The ids without their maker.
    private static Dictionary<string, CatalogModel?> IndexMakerless(IReadOnlyList<CatalogModel> models)
    {
        Dictionary<string, CatalogModel?> makerless = new(models.Count, StringComparer.Ordinal);
        foreach (CatalogModel model in models)
        {
            int slash = model.Id.LastIndexOf('/');
            if (slash >= 0)
                Lay(makerless, model.Id[(slash + 1)..], model);
        }

        return makerless;
    }

    // Within a layer a name that leads to two models leads to none.
    private static void Lay(Dictionary<string, CatalogModel?> layer, string name, CatalogModel model, bool sameCost = false)
    {
        string folded = ModelNames.Fold(name);
        if (!layer.TryGetValue(folded, out CatalogModel? first))
            layer[folded] = model;
        else if (first is null || ReferenceEquals(first, model))
            return;
        else if (!sameCost || !SameCost(first, model))
            layer[folded] = null;
        else if (model.Id.Length < first.Id.Length || (model.Id.Length == first.Id.Length && string.CompareOrdinal(model.Id, first.Id) > 0))
            layer[folded] = model;
    }

    private static void Settle(Dictionary<string, CatalogModel?> loose, Dictionary<string, CatalogModel?> layer)
    {
        foreach ((string name, CatalogModel? model) in layer)
            loose.TryAdd(name, model);
        layer.Clear();
    }

    private static bool SameCost(CatalogModel one, CatalogModel other) =>
        one.Price is null ? other.Price is null
        : other.Price is not null && one.Price.Rates == other.Price.Rates && one.Price.Tiers.SequenceEqual(other.Price.Tiers) && one.Price.Later.Count + other.Price.Later.Count == 0;
}

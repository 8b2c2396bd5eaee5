using System.Buffers;
using System.Collections.Frozen;

namespace Perigee.Catalog;

/// <summary>The models that the gateway knows by name. A model that is not here can still be used as <c>provider/model</c>.</summary>
internal sealed class ModelCatalog
{
    private static readonly FrozenDictionary<string, Dictionary<string, CatalogModel>> Nothing = FrozenDictionary<string, Dictionary<string, CatalogModel>>.Empty;

    private readonly Dictionary<string, List<CatalogModel>> _bare;
    private readonly Dictionary<string, ProviderModels> _byProvider;
    private readonly FrozenDictionary<string, Dictionary<string, CatalogModel>> _laid;

    /// <summary>Takes rows in order of preference.</summary>
    public ModelCatalog(IReadOnlyList<CatalogModel> models)
    {
        All = models;
        _laid = Nothing;
        _bare = new(StringComparer.Ordinal);
        _byProvider = new(StringComparer.Ordinal);
        Dictionary<string, List<CatalogModel>> byProvider = new(StringComparer.Ordinal);
        foreach (CatalogModel model in models)
        {
            Add(byProvider, model.Provider, model);
            if (!model.Bare)
                continue;
            Add(_bare, model.Id, model);
            foreach (string alias in model.Aliases)
                Add(_bare, alias, model);
        }

        foreach ((string provider, List<CatalogModel> rows) in byProvider)
            _byProvider[provider] = new(rows);
    }

    private ModelCatalog(ModelCatalog under, FrozenDictionary<string, Dictionary<string, CatalogModel>> laid)
    {
        (All, _bare, _byProvider, _laid) = (under.All, under._bare, under._byProvider, laid);
    }

    /// <summary>The rows that the gateway ships with.</summary>
    public static ModelCatalog Shipped { get; } = Load();

    /// <summary>The shipped rows in file order: the first is preferred where a bare name has several homes.</summary>
    public IReadOnlyList<CatalogModel> All { get; }

    /// <summary>
    /// The models that an exact name without a provider means, the preferred first; empty where there is none. Only a provider's own models:
    /// one that merely resells a model has to be named.
    /// </summary>
    public IReadOnlyList<CatalogModel> Named(string name) => _bare.TryGetValue(name, out List<CatalogModel>? found) ? found : [];

    /// <summary>Whether a provider's row has a model of exactly that name or alias.</summary>
    public bool Has(string kind, string name) => _byProvider.TryGetValue(kind, out ProviderModels? models) && models.Exact(name) is not null;

    /// <summary>The shipped models of a provider's row in file order.</summary>
    public IReadOnlyList<CatalogModel> Of(string kind) => _byProvider.TryGetValue(kind, out ProviderModels? models) ? models.All : [];

    /// <summary>The models of a configured provider: those of its row as the operator has changed them, then the operator's own.</summary>
    /// <param name="provider">The provider's name in the configuration.</param>
    /// <param name="kind">The row that it is like.</param>
    public IEnumerable<CatalogModel> Of(string provider, string kind)
    {
        if (!_laid.TryGetValue(provider, out Dictionary<string, CatalogModel>? laid))
            return Of(kind);
        return Of(kind).Select(model => laid.GetValueOrDefault(model.Id, model)).Concat(laid.Values.Where(model => !Has(kind, model.Id)));
    }

    /// <summary>The shipped row of a model at a provider's row, by any of the ways to write its name (<see cref="ModelNames"/>), or null.</summary>
    /// <param name="kind">The provider's row.</param>
    /// <param name="name">The name as a request gives it.</param>
    public CatalogModel? Find(string kind, string name) => _byProvider.TryGetValue(kind, out ProviderModels? models) ? models.Find(name) : null;

    /// <summary>The row of a model at a configured provider, what the operator says first, or null.</summary>
    /// <param name="provider">The provider's name in the configuration.</param>
    /// <param name="kind">The row that it is like.</param>
    /// <param name="name">The name as a request gives it.</param>
    public CatalogModel? Find(string provider, string kind, string name)
    {
        if (!_laid.TryGetValue(provider, out Dictionary<string, CatalogModel>? laid))
            return Find(kind, name);
        if (laid.TryGetValue(name, out CatalogModel? model))
            return model;
        return Find(kind, name) is { } found ? laid.GetValueOrDefault(found.Id, found) : null;
    }

    /// <summary>The same catalogue with rows of the operator's laid over it; <see cref="CatalogModel.Provider"/> is a configured provider's name in them.</summary>
    public ModelCatalog With(IReadOnlyList<CatalogModel> overrides) => overrides.Count == 0 ? this : new(this, overrides
        .GroupBy(model => model.Provider, StringComparer.Ordinal)
        .ToFrozenDictionary(group => group.Key, group => group.ToDictionary(model => model.Id, StringComparer.Ordinal), StringComparer.Ordinal));

    private static ModelCatalog Load()
    {
        using Stream stream = typeof(ModelCatalog).Assembly.GetManifestResourceStream("Perigee.Catalog.models.json")
            ?? throw new InvalidOperationException("models.json is not embedded.");
        int length = checked((int)stream.Length);
        byte[] json = ArrayPool<byte>.Shared.Rent(length);
        stream.ReadExactly(json.AsSpan(0, length));
        ModelCatalog catalog = new(CatalogFile.Read(json.AsSpan(0, length)));
        ArrayPool<byte>.Shared.Return(json);
        return catalog;
    }

    private static void Add(Dictionary<string, List<CatalogModel>> to, string key, CatalogModel model)
    {
        if (to.TryGetValue(key, out List<CatalogModel>? list))
            list.Add(model);
        else
            to[key] = [model];
    }
}

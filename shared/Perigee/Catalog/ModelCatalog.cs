using System.Text;

namespace Perigee.Catalog;

/// <summary>The models that the gateway knows by name. A model that is not here can still be used as <c>provider/model</c>.</summary>
internal sealed class ModelCatalog
{
    private const int LongestName = 256;

    private readonly List<ProviderModels> _providers;
    private readonly Dictionary<string, ProviderModels> _byName;
    private readonly Dictionary<string, Dictionary<string, CatalogModel>> _laid;

    private ModelCatalog(List<ProviderModels> providers)
    {
        _providers = providers;
        _byName = new(providers.Count, StringComparer.Ordinal);
        _laid = new(StringComparer.Ordinal);
        foreach (ProviderModels models in providers)
            _byName.Add(models.Provider, models);
    }

    private ModelCatalog(ModelCatalog under, Dictionary<string, Dictionary<string, CatalogModel>> laid)
    {
        (_providers, _byName, _laid) = (under._providers, under._byName, laid);
    }

    /// <summary>The rows that the gateway ships with.</summary>
    public static ModelCatalog Shipped { get; } = Load();

    /// <summary>The shipped rows in file order: the first is preferred where a bare name has several homes. Reads all of the file.</summary>
    public IEnumerable<CatalogModel> All => _providers.SelectMany(provider => provider.All);

    /// <summary>
    /// The models that an exact name without a provider means, the preferred first; empty where there is none. Only a provider's own models:
    /// one that merely resells a model has to be named.
    /// </summary>
    public IReadOnlyList<CatalogModel> Named(string name)
    {
        if (name.Length is 0 or > LongestName)
            return [];
        List<CatalogModel>? found = null;
        Span<byte> quoted = stackalloc byte[(LongestName * 3) + 2];
        int length = Encoding.UTF8.GetBytes(name, quoted[1..]) + 2;
        quoted[0] = quoted[length - 1] = (byte)'"';
        foreach (ProviderModels provider in _providers)
        {
            if (provider.MayHave(quoted[..length]) && provider.Exact(name) is { Bare: true } model)
                (found ??= []).Add(model);
        }

        return found ?? (IReadOnlyList<CatalogModel>)[];
    }

    /// <summary>Whether a provider's row has a model of exactly that name or alias.</summary>
    public bool Has(string kind, string name) => _byName.TryGetValue(kind, out ProviderModels? models) && models.Exact(name) is not null;

    /// <summary>The shipped models of a provider's row in file order.</summary>
    public IReadOnlyList<CatalogModel> Of(string kind) => _byName.TryGetValue(kind, out ProviderModels? models) ? models.All : [];

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
    public CatalogModel? Find(string kind, string name) => _byName.TryGetValue(kind, out ProviderModels? models) ? models.Find(name) : null;

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
        .ToDictionary(group => group.Key, group => group.ToDictionary(model => model.Id, StringComparer.Ordinal), StringComparer.Ordinal));

    private static ModelCatalog Load()
    {
        using Stream stream = typeof(ModelCatalog).Assembly.GetManifestResourceStream("Perigee.Catalog.models.json")
            ?? throw new InvalidOperationException("models.json is not embedded.");
        byte[] json = GC.AllocateUninitializedArray<byte>(checked((int)stream.Length));
        stream.ReadExactly(json);
        return new(CatalogFile.Providers(json));
    }
}

using Perigee.Catalog;
using Perigee.Providers;

namespace Perigee;

/// <summary>
/// Reads the <c>models</c> of perigee.json: what the operator knows better than the catalogue, by <c>provider/model</c>. An entry may be like
/// another model (<c>as</c>: a deployment of Azure's, a fine-tune), and every member that it states wins over that.
/// </summary>
internal sealed class ConfigurationModels(ConfiguredProviders providers, ConfigurationFaults faults)
{
    private const long MostTokens = 100_000_000;
    private static readonly string[] Words = ["text", "image", "audio", "video", "file"];

    private ModelCatalog _under = ModelCatalog.Shipped;

    /// <summary>The shipped catalogue with the entries laid over it.</summary>
    /// <param name="section">The entries.</param>
    /// <param name="imported">Rows of price files, which lie between the two.</param>
    public ModelCatalog Read(ConfigurationSection section, IReadOnlyList<CatalogModel> imported)
    {
        _under = ModelCatalog.Shipped.With(imported);
        List<CatalogModel> models = [];
        foreach ((string name, ConfigurationSection entry) in section.Sections())
        {
            CatalogModel? model = Complete(Start(Split(name, entry.Path), entry), entry);
            entry.Close();
            if (model is not null)
                models.Add(model);
        }

        HashSet<(string, string)> stated = [.. models.Select(model => (model.Provider, model.Id))];
        return ModelCatalog.Shipped.With([.. models, .. imported.Where(model => !stated.Contains((model.Provider, model.Id)))]);
    }

    // Everything is read even where the name is faulty: all faults are told at once.
    private CatalogModel? Start((string Provider, string Model)? own, ConfigurationSection entry)
    {
        CatalogModel? other = entry.Text("as") is { } name ? FindOther(name, entry.PathOf("as")) : null;
        if (own is not var (provider, model))
            return null;
        CatalogModel like = other ?? _under.Find(provider, KindOf(provider), model) ?? new(provider, model, ModelKind.Chat);
        return like with { Provider = provider, Id = model, Aliases = [], Bare = false };
    }

    private CatalogModel? Complete(CatalogModel? like, ConfigurationSection entry)
    {
        long? context = entry.Number("contextTokens", 1, MostTokens), output = entry.Number("maxOutputTokens", 1, MostTokens);
        Modalities? inputs = ReadInputs(entry);
        bool? tools = entry.Flag("tools"), schema = entry.Flag("schema"), reasoning = entry.Flag("reasoning");
        Quality? quality = entry.Choice("quality", "basic", "standard", "strong", "frontier") is { } tier ? (Quality)tier : null;
        ModelPrice? price = ConfigurationPrice.Read(entry.Section("price"));
        return like is null ? null : like with
        {
            Context = context ?? like.Context,
            MaxOutput = output ?? like.MaxOutput,
            Inputs = inputs ?? like.Inputs,
            Judged = inputs is null ? like.Judged : Modalities.All,
            Tools = tools ?? like.Tools,
            Schema = schema ?? like.Schema,
            Reasoning = reasoning ?? like.Reasoning,
            Quality = quality ?? like.Quality,
            Price = price ?? like.Price,
        };
    }

    private (string Provider, string Model)? Split(string name, string path)
    {
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == name.Length - 1 || !ConfigurationNames.IsModel(name))
        {
            faults.Add(path, "has to name provider/model.");
            return null;
        }

        string provider = name[..slash];
        if (providers.On.ContainsKey(provider) || providers.Off.ContainsKey(provider))
            return (provider, name[(slash + 1)..]);
        IReadOnlyList<string> near = NearestNames.Of(provider, providers.On.Keys.Concat(providers.Off.Keys), 1);
        faults.Add(path, "names a provider that is neither built in nor under providers" + (near.Count > 0 ? $"; did you mean {near[0]}?" : "."));
        return null;
    }

    private CatalogModel? FindOther(string other, string path)
    {
        int slash = other.IndexOf('/', StringComparison.Ordinal);
        string kind = slash > 0 ? KindOf(other[..slash]) : "";
        if (slash > 0 && ModelCatalog.Shipped.Find(kind, other[(slash + 1)..]) is { } found)
            return found;
        IReadOnlyList<string> near = slash > 0 ? NearestNames.Of(other[(slash + 1)..], ModelCatalog.Shipped.Of(kind).Select(model => model.Id), 1) : [];
        faults.Add(path, "is no provider/model that the catalogue knows" + (near.Count > 0 ? $"; did you mean {other[..slash]}/{near[0]}?" : "."));
        return null;
    }

    private string KindOf(string provider) => providers.On.TryGetValue(provider, out Provider? on) ? on.Kind : provider;

    private Modalities? ReadInputs(ConfigurationSection entry)
    {
        if (entry.List("inputs") is not { } words)
            return null;
        Modalities inputs = Modalities.None;
        for (int i = 0; i < words.Count; i++)
        {
            int index = Words.IndexOf(words[i]);
            if (index >= 0)
                inputs |= (Modalities)(1 << index);
            else
                faults.Add($"{entry.PathOf("inputs")}[{i}]", $"is none of: {string.Join(", ", Words)}.");
        }

        return inputs;
    }
}

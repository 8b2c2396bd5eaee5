using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Perigee.Catalog;

/// <summary>What a model is asked for.</summary>
internal enum ModelKind
{
    /// <summary>Text answers to messages.</summary>
    [JsonStringEnumMemberName("chat")]
    Chat,

    /// <summary>Vectors.</summary>
    [JsonStringEnumMemberName("embedding")]
    Embedding,

    /// <summary>Pictures.</summary>
    [JsonStringEnumMemberName("image")]
    Image,

    /// <summary>Speech in or out.</summary>
    [JsonStringEnumMemberName("audio")]
    Audio,

    /// <summary>Verdicts on text.</summary>
    [JsonStringEnumMemberName("moderation")]
    Moderation,

    /// <summary>An order of documents.</summary>
    [JsonStringEnumMemberName("rerank")]
    Rerank,
}

/// <summary>A model as one provider offers it: one row of models.json.</summary>
/// <param name="Provider">The provider's row that offers it.</param>
/// <param name="Id">Its name there.</param>
/// <param name="Kind">What it is asked for.</param>
internal sealed record CatalogModel(string Provider, string Id, ModelKind Kind)
{
    /// <summary>Tokens of its context window, where that is known.</summary>
    public long? Context { get; init; }

    /// <summary>Other names under which the same provider serves it.</summary>
    public IReadOnlyList<string> Aliases { get; init => field = value ?? []; } = [];
}

/// <summary>The models that the gateway knows by name. A model that is not here can still be used as <c>provider/model</c>.</summary>
internal sealed class ModelCatalog
{
    private readonly FrozenDictionary<string, CatalogModel[]> _byName;
    private readonly FrozenDictionary<string, CatalogModel[]> _byProvider;

    /// <summary>Takes rows in order of preference.</summary>
    public ModelCatalog(IReadOnlyList<CatalogModel> models)
    {
        All = models;
        _byName = models
            .SelectMany(model => model.Aliases.Prepend(model.Id), (model, name) => (name, model))
            .GroupBy(pair => pair.name, pair => pair.model, StringComparer.Ordinal)
            .ToFrozenDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
        _byProvider = models
            .GroupBy(model => model.Provider, StringComparer.Ordinal)
            .ToFrozenDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
    }

    /// <summary>The rows that the gateway ships with.</summary>
    public static ModelCatalog Shipped { get; } = Load();

    /// <summary>In file order: the first is preferred where a bare name has several homes.</summary>
    public IReadOnlyList<CatalogModel> All { get; }

    /// <summary>The models of that exact name or alias, the preferred first; empty where there is none.</summary>
    public ReadOnlySpan<CatalogModel> Named(string name) => _byName.TryGetValue(name, out CatalogModel[]? found) ? found : [];

    /// <summary>The models of a provider's row in file order.</summary>
    public IReadOnlyList<CatalogModel> Of(string provider) => _byProvider.GetValueOrDefault(provider, []);

    private static ModelCatalog Load()
    {
        using Stream stream = typeof(ModelCatalog).Assembly.GetManifestResourceStream("Perigee.Catalog.models.json")
            ?? throw new InvalidOperationException("models.json is not embedded.");
        return new(JsonSerializer.Deserialize(stream, CatalogJson.Default.CatalogModelArray)!);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(CatalogModel[]))]
internal sealed partial class CatalogJson : JsonSerializerContext;

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

/// <summary>What goes into a model or comes out of it.</summary>
[Flags]
internal enum Modalities
{
    /// <summary>Nothing, or nothing known.</summary>
    None = 0,

    /// <summary>Text.</summary>
    Text = 1,

    /// <summary>Pictures.</summary>
    Image = 2,

    /// <summary>Sound.</summary>
    Audio = 4,

    /// <summary>Moving pictures.</summary>
    Video = 8,

    /// <summary>Documents such as PDF.</summary>
    File = 16,

    /// <summary>All of them.</summary>
    All = Text | Image | Audio | Video | File,
}

/// <summary>How good a model's answers are, roughly: good enough to choose by, not to rank by. The rule is in generate/README.md.</summary>
internal enum Quality
{
    /// <summary>The smallest models: classification, extraction, short answers.</summary>
    Basic,

    /// <summary>The everyday models.</summary>
    Standard,

    /// <summary>The large models of a maker.</summary>
    Strong,

    /// <summary>The best that makers offer at the time.</summary>
    Frontier,
}

/// <summary>A model as one provider offers it: one row of models.json. What is null is not known, and never taken for no or for nothing.</summary>
/// <param name="Provider">The provider's row that offers it.</param>
/// <param name="Id">Its name there.</param>
/// <param name="Kind">What it is asked for.</param>
internal sealed record CatalogModel(string Provider, string Id, ModelKind Kind)
{
    /// <summary>Its name for people.</summary>
    public string? Title { get; init; }

    /// <summary>Tokens of its context window: question and answer together, as makers count.</summary>
    public long? Context { get; init; }

    /// <summary>The most tokens of one answer.</summary>
    public long? MaxOutput { get; init; }

    /// <summary>What it is known to take in.</summary>
    public Modalities Inputs { get; init; }

    /// <summary>The inputs that the catalogue can judge: one of these that is not in <see cref="Inputs"/> is known to be refused.</summary>
    public Modalities Judged { get; init; }

    /// <summary>What it is known to give out.</summary>
    public Modalities Outputs { get; init; }

    /// <summary>Whether it calls tools.</summary>
    public bool? Tools { get; init; }

    /// <summary>Whether its answers can be held to a JSON schema.</summary>
    public bool? Schema { get; init; }

    /// <summary>Whether it can reason before it answers.</summary>
    public bool? Reasoning { get; init; }

    /// <summary>The efforts of reasoning that it knows by name, the least first; empty where none are known.</summary>
    public IReadOnlyList<string> Efforts { get; init; } = [];

    /// <summary>How good it is.</summary>
    public Quality? Quality { get; init; }

    /// <summary>What it costs; null is unknown, a model that is free has prices of 0.</summary>
    public ModelPrice? Price { get; init; }

    /// <summary>When it came out.</summary>
    public DateOnly? Released { get; init; }

    /// <summary>Other names under which the same provider serves it.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Whether its name without a provider means it: true for a provider's own models, false for those that it resells.</summary>
    public bool Bare { get; init; } = true;

    /// <summary>Whether it takes all of these in; null where that is not known.</summary>
    public bool? Takes(Modalities wanted) =>
        (wanted & ~Inputs) == 0 ? true : (wanted & ~Inputs & Judged) != 0 ? false : null;

    /// <summary>Pico-dollars of a question and its answer; null where the price is unknown.</summary>
    public long? Estimate(long inputTokens, long outputTokens, DateTimeOffset at) =>
        Price?.Cost(new PricedTokens { Input = inputTokens, Output = outputTokens }, at);

    /// <summary>Pico-dollars of tokens by class; null where the price is unknown.</summary>
    public long? Cost(in PricedTokens tokens, DateTimeOffset at) => Price?.Cost(tokens, at);
}

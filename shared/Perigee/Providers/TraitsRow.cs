using System.Collections.Frozen;
using Perigee.Wire;

namespace Perigee.Providers;

/// <summary>What a row of providers.json, or one of its rules by model, says of how to ask: what it leaves out stays as it was.</summary>
internal sealed record TraitsRow
{
    /// <summary>See <see cref="ModelTraits.MaxTokens"/>.</summary>
    public MaxTokensField? MaxTokens { get; init; }

    /// <summary>See <see cref="ModelTraits.MaxOutput"/>.</summary>
    public long? MaxOutput { get; init; }

    /// <summary>Adds to <see cref="ModelTraits.Refuses"/>.</summary>
    public IReadOnlyList<string>? Refuses { get; init; }

    /// <summary>See <see cref="ModelTraits.DeveloperRole"/>.</summary>
    public bool? DeveloperRole { get; init; }

    /// <summary>See <see cref="ModelTraits.MiddleSystem"/>.</summary>
    public bool? MiddleSystem { get; init; }

    /// <summary>See <see cref="ModelTraits.MessageNames"/>.</summary>
    public bool? MessageNames { get; init; }

    /// <summary>See <see cref="ModelTraits.ToolIds"/>.</summary>
    public ToolIdRule? ToolIds { get; init; }

    /// <summary>See <see cref="ModelTraits.ReasoningHistory"/>.</summary>
    public ReasoningHistory? ReasoningHistory { get; init; }

    /// <summary>See <see cref="ModelTraits.Reasoning"/>.</summary>
    public ReasoningStyle? Reasoning { get; init; }

    /// <summary>See <see cref="ModelTraits.Efforts"/>.</summary>
    public IReadOnlyList<string>? Efforts { get; init; }

    /// <summary>See <see cref="ModelTraits.ReasoningCanBeOff"/>.</summary>
    public bool? ReasoningCanBeOff { get; init; }

    /// <summary>See <see cref="ModelTraits.ForcedTools"/>.</summary>
    public bool? ForcedTools { get; init; }

    /// <summary>See <see cref="ModelTraits.Formats"/>.</summary>
    public FormatSupport? Formats { get; init; }

    /// <summary>See <see cref="ModelTraits.CacheMarks"/>.</summary>
    public bool? CacheMarks { get; init; }

    /// <summary>See <see cref="ModelTraits.FetchesImages"/>.</summary>
    public bool? FetchesImages { get; init; }

    /// <summary>See <see cref="ModelTraits.FetchesDocuments"/>.</summary>
    public bool? FetchesDocuments { get; init; }

    /// <summary>See <see cref="ModelTraits.Prefill"/>.</summary>
    public bool? Prefill { get; init; }

    /// <summary>See <see cref="ModelTraits.AssistantAfterTool"/>.</summary>
    public bool? AssistantAfterTool { get; init; }

    /// <summary>See <see cref="ModelTraits.PlainContent"/>.</summary>
    public bool? PlainContent { get; init; }

    /// <summary>See <see cref="ModelTraits.SeedField"/>.</summary>
    public string? SeedField { get; init; }

    /// <summary>See <see cref="ModelTraits.RequiredWord"/>.</summary>
    public string? RequiredWord { get; init; }

    /// <summary>See <see cref="ModelTraits.RootUnions"/>.</summary>
    public bool? RootUnions { get; init; }

    /// <summary>See <see cref="ModelTraits.OneOfTemperatureAndTopP"/>.</summary>
    public bool? OneOfTemperatureAndTopP { get; init; }

    /// <summary>What was known, changed by what is said here.</summary>
    public ModelTraits Over(ModelTraits known) => known with
    {
        MaxTokens = MaxTokens ?? known.MaxTokens,
        MaxOutput = MaxOutput ?? known.MaxOutput,
        Refuses = Refuses is null ? known.Refuses : known.Refuses.Concat(Refuses).ToFrozenSet(StringComparer.Ordinal),
        DeveloperRole = DeveloperRole ?? known.DeveloperRole,
        MiddleSystem = MiddleSystem ?? known.MiddleSystem,
        MessageNames = MessageNames ?? known.MessageNames,
        ToolIds = ToolIds ?? known.ToolIds,
        ReasoningHistory = ReasoningHistory ?? known.ReasoningHistory,
        Reasoning = Reasoning ?? known.Reasoning,
        Efforts = Efforts ?? known.Efforts,
        ReasoningCanBeOff = ReasoningCanBeOff ?? known.ReasoningCanBeOff,
        ForcedTools = ForcedTools ?? known.ForcedTools,
        Formats = Formats ?? known.Formats,
        CacheMarks = CacheMarks ?? known.CacheMarks,
        FetchesImages = FetchesImages ?? known.FetchesImages,
        FetchesDocuments = FetchesDocuments ?? known.FetchesDocuments,
        Prefill = Prefill ?? known.Prefill,
        AssistantAfterTool = AssistantAfterTool ?? known.AssistantAfterTool,
        PlainContent = PlainContent ?? known.PlainContent,
        SeedField = SeedField ?? known.SeedField,
        RequiredWord = RequiredWord ?? known.RequiredWord,
        RootUnions = RootUnions ?? known.RootUnions,
        OneOfTemperatureAndTopP = OneOfTemperatureAndTopP ?? known.OneOfTemperatureAndTopP,
    };
}

/// <summary>A rule of a provider's row for some of its models. Of several that match, later ones win.</summary>
/// <param name="Names">How the models' names begin; <c>*x</c> is a name that holds x, <c>x$</c> is x itself.</param>
/// <param name="Traits">What is different for them.</param>
internal sealed record ModelRule(IReadOnlyList<string> Names, TraitsRow Traits)
{
    /// <summary>Whether the rule is for this model.</summary>
    public bool Matches(string model)
    {
        foreach (string name in Names)
        {
            bool match = name[^1] == '$' ? model.AsSpan().Equals(name.AsSpan(0, name.Length - 1), StringComparison.OrdinalIgnoreCase)
                : name[0] == '*' ? model.AsSpan().Contains(name.AsSpan(1), StringComparison.OrdinalIgnoreCase)
                : model.StartsWith(name, StringComparison.OrdinalIgnoreCase);
            if (match)
                return true;
        }

        return false;
    }
}

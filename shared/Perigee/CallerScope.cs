using System.Net;

namespace Perigee;

/// <summary>
/// What a caller may use. Each level (organisation, team, key) that says something is asked, and all must agree: a narrower level can only
/// narrow.
/// </summary>
internal sealed record CallerScope
{
    /// <summary>No level says anything.</summary>
    public static CallerScope Everything { get; } = new();

    /// <summary>The words for what clients speak.</summary>
    public static IReadOnlyList<string> DialectWords { get; } = ["openai-chat", "openai-responses", "anthropic", "gemini"];

    /// <summary>What the levels say of models and routes; those that say nothing are not among them.</summary>
    public IReadOnlyList<ModelScope> Models { get; init; } = [];

    /// <summary>The dialects that all levels allow, or null for all there are.</summary>
    public IReadOnlyList<string>? Dialects { get; init; }

    /// <summary>The ranges of addresses of each level that states some.</summary>
    public IReadOnlyList<IReadOnlyList<IPNetwork>> Networks { get; init; } = [];

    /// <summary>Whether nothing is restricted.</summary>
    public bool IsEverything => Models.Count == 0 && Dialects is null && Networks.Count == 0;

    /// <summary>Stands for what may be used of models: who shares a call or an answer that is on its way must have the same.</summary>
    public string ModelsKey { get; init; } = "";

    /// <summary>Whether a model may serve the caller, however it was come upon.</summary>
    /// <param name="target">As <c>provider/model</c>.</param>
    public bool AllowsModel(string target)
    {
        foreach (ModelScope level in Models)
        {
            if (level.Models is { } patterns && !ModelScope.Holds(patterns, target))
                return false;
        }

        return true;
    }

    /// <summary>Whether a name may be asked for.</summary>
    /// <param name="name">As the client says it.</param>
    /// <param name="ofChoice">Whether it is the operator's: a route, an alias, or <c>auto</c>.</param>
    public bool AllowsName(string name, bool ofChoice)
    {
        foreach (ModelScope level in Models)
        {
            if (level.Routes is { } routes && (ofChoice ? !ModelScope.Matches(routes, name) : level.Models is null))
                return false;
        }

        return true;
    }

    /// <summary>Whether things that no model is named for (files, stored responses) may be done at a provider.</summary>
    /// <param name="provider">Its name.</param>
    /// <param name="anyModel">Whether it may run any model there, unseen by the gateway (batches).</param>
    public bool AllowsProvider(string provider, bool anyModel)
    {
        foreach (ModelScope level in Models)
        {
            if (level.Models is null ? level.Routes is not null : !level.Models.Any(pattern => ModelScope.Reaches(pattern, provider, anyModel)))
                return false;
        }

        return true;
    }

    /// <summary>Whether a dialect may be spoken.</summary>
    public bool AllowsDialect(string word) => Dialects is null || Dialects.Contains(word, StringComparer.Ordinal);

    /// <summary>Whether requests may come from an address; one that is not known may not where ranges are stated.</summary>
    public bool AllowsAddress(IPAddress? address)
    {
        if (Networks.Count == 0)
            return true;
        if (address is null)
            return false;
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (IReadOnlyList<IPNetwork> level in Networks)
        {
            bool found = false;
            foreach (IPNetwork network in level)
                found |= network.Contains(plain);
            if (!found)
                return false;
        }

        return true;
    }

    /// <summary>The refusal of a model or route.</summary>
    /// <param name="model">As the client names it, or <c>provider/model</c>.</param>
    public GatewayError Forbids(string model) => new(
        ErrorKind.Forbidden, $"This key may not use '{ForeignText.Quoted(model, 100)}'. Allowed are: {Names()}.", "model") { Code = "model_not_allowed" };

    /// <summary>What may be asked for, for people.</summary>
    private string Names()
    {
        IEnumerable<string> levels = Models.Select(static level =>
            string.Join(", ", (level.Routes ?? []).Concat(level.Models ?? []).Take(ModelScope.MostShown))).Distinct(StringComparer.Ordinal);
        return string.Join("; and of these only: ", levels);
    }
}

/// <summary>What one level says of models and routes.</summary>
/// <param name="Models">
/// Patterns of models that may serve, or null for all: <c>openai/gpt-5-mini</c>, <c>openai/*</c>, or without a slash the model at any provider.
/// </param>
/// <param name="Routes">Patterns of routes, aliases and <c>auto</c> that may be asked for; without <paramref name="Models"/> nothing else may.</param>
internal sealed record ModelScope(IReadOnlyList<string>? Models, IReadOnlyList<string>? Routes)
{
    /// <summary>The most names that an error shows of a level.</summary>
    public const int MostShown = 20;

    /// <summary>Whether a pattern matches a name: equal, or beginning with what stands before a <c>*</c> at its end.</summary>
    public static bool Matches(string pattern, ReadOnlySpan<char> name) => pattern.EndsWith('*')
        ? name.StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal)
        : name.SequenceEqual(pattern);

    /// <summary>Whether one of several does.</summary>
    public static bool Matches(IReadOnlyList<string> patterns, string name)
    {
        foreach (string pattern in patterns)
        {
            if (Matches(pattern, name))
                return true;
        }

        return false;
    }

    /// <summary>Whether one of several patterns of models holds a target.</summary>
    public static bool Holds(IReadOnlyList<string> patterns, string target)
    {
        ReadOnlySpan<char> model = target.AsSpan(target.IndexOf('/', StringComparison.Ordinal) + 1);
        foreach (string pattern in patterns)
        {
            if (Matches(pattern, pattern.Contains('/', StringComparison.Ordinal) ? target : model))
                return true;
        }

        return false;
    }

    /// <summary>Whether a pattern reaches into a provider: to all of its models, or to some at least.</summary>
    public static bool Reaches(string pattern, string provider, bool all)
    {
        int slash = pattern.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
            return pattern == "*" || !all;
        return all ? pattern.Length == slash + 2 && pattern[^1] == '*' && pattern.AsSpan(0, slash).SequenceEqual(provider)
            : pattern.AsSpan(0, slash).SequenceEqual(provider);
    }
}

using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Perigee.Catalog;
using Perigee.Providers;

namespace Perigee.Routing;

/// <summary>
/// Finds where a model is served. In this order: an alias, <c>provider/model</c>, exact bare names (the catalogue, then what the operator lists),
/// and at last the provider that owns the name's beginning. Never takes an address from a request.
/// </summary>
internal sealed class ModelResolver
{
    // Names come from requests: what is kept of them is bounded.
    private const int MostKept = 4096;
    private const int LongestKept = 256;

    private Snapshot? _snapshot;

    /// <summary>The target of a model's name, or why there is none. A name seen before costs one look-up and no allocation.</summary>
    public bool TryResolve(string name, GatewayOptions options, [NotNullWhen(true)] out Target? target, [NotNullWhen(false)] out GatewayError? error)
    {
        Snapshot snapshot = _snapshot is { } current && ReferenceEquals(current.Options, options) ? current : _snapshot = new(options);
        if (snapshot.Known.TryGetValue(name, out target))
        {
            error = null;
            return true;
        }

        target = Find(name, options, out string? remedy);
        if (target is null)
        {
            error = NotFound(name, options, remedy);
            return false;
        }

        // A full map is begun anew: simpler than an order of use, and real traffic never fills it.
        if (snapshot.Known.Count >= MostKept)
            snapshot.Known.Clear();
        if (name.Length <= LongestKept)
            snapshot.Known.TryAdd(name, target);
        error = null;
        return true;
    }

    /// <summary>Whether a name is known but its provider is off: not the fault of who asks.</summary>
    public static bool IsOff(string name, GatewayOptions options) => Find(name, options, out string? remedy) is null && remedy is not null;

    /// <summary>Every name that a caller may use, in the order of preference, with what it stands for.</summary>
    public IEnumerable<ModelName> Names(GatewayOptions options)
    {
        foreach (string route in options.Routes.Keys.Order(StringComparer.Ordinal))
            yield return new(route, "perigee", null, null);
        if (!options.Routes.ContainsKey("auto") && !options.Aliases.ContainsKey("auto") && options.Providers.Values.Any(provider => !provider.BuiltIn))
            yield return new("auto", "perigee", null, null);
        foreach ((string alias, string aim) in options.Aliases.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (TryResolve(alias, options, out Target? target, out _))
                yield return new(alias, target.Provider.Name, KnownAs(target, options), aim);
        }

        foreach (Provider provider in InOrder(options))
        {
            HashSet<string> seen = new(StringComparer.Ordinal);
            foreach (CatalogModel model in options.Catalog.Of(provider.Name, provider.Kind))
            {
                seen.Add(model.Id);
                string name = $"{provider.Name}/{model.Id}";
                if (!options.Routes.ContainsKey(name))
                    yield return new(name, provider.Name, model, null);
            }

            foreach (string listed in options.ListedModels)
            {
                if (listed.Length > provider.Name.Length && listed[provider.Name.Length] == '/'
                    && listed.StartsWith(provider.Name, StringComparison.Ordinal) && seen.Add(listed[(provider.Name.Length + 1)..])
                    && !options.Routes.ContainsKey(listed))
                {
                    yield return new(listed, provider.Name, null, null);
                }
            }
        }
    }

    /// <summary>The catalogue's row of a target, or null.</summary>
    public static CatalogModel? KnownAs(Target target, GatewayOptions options) =>
        options.Catalog.Find(target.Provider.Name, target.Provider.Kind, target.Model);

    /// <summary>What to tell a client whose model is not known: the nearest names, or what turns its provider on.</summary>
    public GatewayError NotFound(string name, GatewayOptions options, string? remedy = null)
    {
        string shown = Shown(name);
        string message = remedy is not null
            ? $"The model '{shown}' cannot be served: {remedy}."
            : NearestNames.Of(name, Names(options).Select(known => known.Id), 3, alsoTail: true) is { Count: > 0 } near
                ? $"The model '{shown}' is not known. Did you mean {string.Join(" or ", near)}?"
                : $"The model '{shown}' is not known. Models are named provider/model; GET /v1/models lists those that are on.";
        return new GatewayError(ErrorKind.ModelNotFound, message, "model") { Code = "model_not_found" };
    }

    private static Target? Find(string name, GatewayOptions options, out string? remedy)
    {
        remedy = null;

        // The validator has refused cycles.
        while (options.Aliases.TryGetValue(name, out string? aim))
            name = aim;
        if (name.Length == 0)
            return null;
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && slash < name.Length - 1)
        {
            string prefix = name[..slash];
            // Some providers' own ids begin with their own name: openrouter/auto, groq/compound, nvidia/nemotron-...
            if (options.Providers.TryGetValue(prefix, out Provider? provider))
                return Known(provider, options.Catalog.Has(provider.Kind, name) ? name : name[(slash + 1)..], options);

            // Who names a provider means it: the same model elsewhere would be another price and another owner of the data.
            if (options.Off.TryGetValue(prefix, out string? how))
            {
                remedy = $"the provider '{prefix}' is off; to turn it on, {how}";
                return null;
            }
        }

        return FindBare(name, options, out remedy);
    }

    /// <summary>A model of a provider with what the catalogue knows of it.</summary>
    public static Target Known(Provider provider, string model, GatewayOptions options) =>
        new(provider, model) { Known = options.Catalog.Find(provider.Name, provider.Kind, model) };

    private static Target? FindBare(string name, GatewayOptions options, out string? remedy)
    {
        remedy = null;
        IReadOnlyList<CatalogModel> homes = options.Catalog.Named(name);
        foreach (CatalogModel home in homes)
        {
            if (options.Providers.TryGetValue(home.Provider, out Provider? provider)
                || (provider = InOrder(options).FirstOrDefault(one => one.Kind == home.Provider)) is not null)
            {
                return Known(provider, name, options);
            }
        }

        foreach (string listed in options.ListedModels)
        {
            int slash = listed.IndexOf('/', StringComparison.Ordinal);
            if (listed.AsSpan(slash + 1).SequenceEqual(name) && options.Providers.TryGetValue(listed[..slash], out Provider? provider))
                return Known(provider, name, options);
        }

        foreach (Provider provider in InOrder(options))
        {
            foreach (string prefix in provider.Owns)
            {
                if (name.StartsWith(prefix, StringComparison.Ordinal))
                    return Known(provider, name, options);
            }
        }

        foreach (CatalogModel home in homes)
        {
            if (options.Off.TryGetValue(home.Provider, out string? how))
            {
                remedy = $"its provider '{home.Provider}' is off; to turn it on, {how}";
                break;
            }
        }

        return null;
    }

    private static IOrderedEnumerable<Provider> InOrder(GatewayOptions options) => options.Providers.Values.OrderBy(provider => provider.Order);

    /// <summary>A client's name for something, as it may go back to it and into headers and logs: short, and on one line.</summary>
    public static string Shown(string name)
    {
        string quoted = ForeignText.Quoted(name, 100);
        return string.Create(quoted.Length, quoted, static (span, text) =>
        {
            for (int i = 0; i < span.Length; i++)
                span[i] = text[i] is '\t' or '\r' or '\n' ? ' ' : char.IsControl(text[i]) || char.IsSurrogate(text[i]) ? '?' : text[i];
        });
    }

    private sealed class Snapshot(GatewayOptions options)
    {
        public GatewayOptions Options { get; } = options;

        public ConcurrentDictionary<string, Target> Known { get; } = new(StringComparer.Ordinal);
    }
}

/// <summary>A name that callers may use for a model.</summary>
/// <param name="Id"><c>provider/model</c>, or an alias.</param>
/// <param name="Provider">Who serves it.</param>
/// <param name="Model">The catalogue's row, where it has one.</param>
/// <param name="Aim">What an alias stands for, else null.</param>
internal sealed record ModelName(string Id, string Provider, CatalogModel? Model, string? Aim);

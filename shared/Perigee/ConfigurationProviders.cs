using System.Collections.Frozen;
using Perigee.Catalog;
using Perigee.Providers;
using Perigee.Wire;

namespace Perigee;

/// <summary>The providers as the configuration and the environment make them.</summary>
/// <param name="On">Those that can be asked.</param>
/// <param name="Off">Those that cannot, each with what turns it on.</param>
/// <param name="ListedModels">The models that the operator lists, as <c>provider/model</c>.</param>
internal sealed record ConfiguredProviders(
    FrozenDictionary<string, Provider> On, FrozenDictionary<string, string> Off, IReadOnlyList<string> ListedModels);

/// <summary>Reads the <c>providers</c> of perigee.json and joins them with the rows and the environment.</summary>
internal sealed class ConfigurationProviders(ProviderRows rows, Func<string, string?> environment, ConfigurationFaults faults)
{
    private static readonly ProviderRow Unknown = new("custom", "Custom");

    private readonly Dictionary<string, Provider> _on = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _off = new(StringComparer.Ordinal);
    private readonly List<string> _models = [];

    /// <summary>Reads all of them: those written down, then the rows that nobody mentions.</summary>
    public ConfiguredProviders Read(ConfigurationSection section)
    {
        HashSet<string> written = new(StringComparer.Ordinal);
        int order = rows.All.Count;
        foreach ((string name, ConfigurationSection entry) in section.Sections())
        {
            written.Add(name);
            if (!ConfigurationNames.IsProvider(name))
                faults.Add(entry.Path, "is not a usable name: a lower-case letter first, then letters, digits and hyphens.");
            Read(name, entry, KindOf(name, entry), OrderOf(name) ?? order++);
        }

        foreach (ProviderRow row in rows.All)
        {
            if (written.Add(row.Name))
                Read(row.Name, new(default, $"providers.{row.Name}", "providers.*", faults), row, OrderOf(row.Name)!.Value);
        }

        return new(_on.ToFrozenDictionary(StringComparer.Ordinal), _off.ToFrozenDictionary(StringComparer.Ordinal), _models);
    }

    private int? OrderOf(string name)
    {
        for (int i = 0; i < rows.All.Count; i++)
        {
            if (rows.All[i].Name == name)
                return i;
        }

        return null;
    }

    private ProviderRow KindOf(string name, ConfigurationSection entry)
    {
        string? kind = entry.Text("kind");
        if (kind is null)
            return rows.Find(name) ?? rows.Find("custom") ?? Unknown;
        if (rows.Find(kind) is { } row)
            return row;
        IReadOnlyList<string> near = NearestNames.Of(kind, rows.All.Select(known => known.Name), 1);
        faults.Add(entry.PathOf("kind"), "is not a provider that the gateway knows" + (near.Count > 0 ? $"; did you mean {near[0]}?" : "; custom is any OpenAI-compatible server."));
        return Unknown;
    }

    private void Read(string name, ConfigurationSection entry, ProviderRow row, int order)
    {
        bool? enabled = entry.Flag("enabled");
        string? variable = ReadKeyVariable(entry);
        NetworkReach network = entry.Choice("network", "public", "private", "loopback") is { } reach ? (NetworkReach)reach : row.Network;
        DialectFamily? written = entry.Choice("dialect", "openai", "anthropic", "gemini") is { } word ? (DialectFamily)word : null;
        DialectFamily dialect = written ?? row.Dialect;
        AuthStyle auth = entry.Choice("auth", "none", "bearer", "api-key", "x-api-key", "x-goog-api-key") is { } style ? (AuthStyle)style
            : row.Auth == AuthStyle.None && variable is not null ? AuthOf(dialect) : row.Auth;
        StreamUsage usage = entry.Choice("streamUsage", "as-sent", "ask") is { } chosen ? (StreamUsage)chosen : row.StreamUsage;
        string? writtenUrl = entry.Text("baseUrl");
        ModelTraits traits = row.Traits.Over(ModelTraits.Plain);
        if (entry.List("refuses") is { } refuses)
            traits = traits with { Refuses = refuses.ToFrozenSet(StringComparer.Ordinal) };
        List<KeyValuePair<string, string>> headers = ReadHeaders(entry.Section("headers"));
        List<string> models = ReadModels(name, entry);
        foreach (string secret in (ReadOnlySpan<string>)["key", "apiKey", "api_key", "token", "secret", "authorization"])
            entry.Refuse(secret, "does not belong in this file: put the key into an environment variable (or app setting) and name that in keyVariable.");
        entry.Close();
        if (row.BuiltIn)
        {
            AddBuiltIn(name, row, order, enabled);
            return;
        }

        string urlVariable = ConfigurationNames.BaseUrlVariable(name);
        string? urlOverride = environment(urlVariable) is { Length: > 0 } text ? text : null;
        IReadOnlyList<string> variables = variable is null ? row.KeyVariables : [variable];
        string? keyName = auth == AuthStyle.None ? null : variables.FirstOrDefault(one => !string.IsNullOrWhiteSpace(environment(one)));
        bool asked = entry.IsGiven || urlOverride is not null;
        string? remedy = enabled == false ? $"it is turned off in perigee.json (providers.{name}.enabled)"
            : auth != AuthStyle.None && keyName is null
                ? variables.Count > 0 ? $"set {string.Join(" or ", variables)}" : $"name its key's variable in providers.{name}.keyVariable of perigee.json"
            : auth == AuthStyle.None && !asked ? $"add \"{name}\": {{}} to the providers in perigee.json"
            : null;
        if (enabled == true && remedy is not null && auth != AuthStyle.None)
            faults.Add(entry.PathOf("keyVariable"), $"is needed because the provider is enabled: {remedy}.");

        // The URL of a provider that is off is checked too where it is written down: a fault should not wait for the key.
        string? baseUrl = null;
        if (remedy is null || writtenUrl is not null)
            baseUrl = ReadBaseUrl(name, entry, row, writtenUrl, urlOverride, network, ref remedy);
        if (name != row.Name && row.Name != "custom" && writtenUrl is not null && variable is null && auth != AuthStyle.None)
            faults.Add(entry.PathOf("keyVariable"), $"is needed: without it this address would get the key of {row.Name}.");
        if (remedy is not null || baseUrl is null)
        {
            _off[name] = remedy ?? "its configuration is faulty";
            return;
        }

        string? key = keyName is null ? null : environment(keyName)!.Trim();
        if (key is not null && !ConfigurationNames.IsHeaderValue(key))
            faults.Add(keyName!, "holds characters that cannot be sent in a header; was it pasted whole?");
        _models.AddRange(models);
        _on[name] = new()
        {
            Name = name,
            Kind = row.Name,
            Order = order,
            Title = name == row.Name ? row.Title : name,
            BaseUrl = baseUrl,
            Auth = auth,
            Key = key,
            Network = network,
            StreamUsage = usage,
            Traits = traits,
            Rules = row.Models,
            Dialect = dialect,
            CompatiblePath = dialect == row.Dialect ? row.CompatiblePath : null,
            Headers = headers,
            Owns = row.Owns,
            KeepsFiles = row.KeepsFiles,
        };
    }

    private static AuthStyle AuthOf(DialectFamily dialect) => dialect switch
    {
        DialectFamily.Anthropic => AuthStyle.XApiKey,
        DialectFamily.Gemini => AuthStyle.XGoogApiKey,
        _ => AuthStyle.Bearer,
    };

    private void AddBuiltIn(string name, ProviderRow row, int order, bool? enabled)
    {
        if (enabled == false)
            _off[name] = $"it is turned off in perigee.json (providers.{name}.enabled)";
        else
            _on[name] = new() { Name = name, Kind = row.Name, Order = order, Title = row.Title, BaseUrl = "", Auth = AuthStyle.None, StreamUsage = row.StreamUsage, BuiltIn = true };
    }

    private string? ReadKeyVariable(ConfigurationSection entry)
    {
        string? variable = entry.Text("keyVariable");
        if (variable is null || ConfigurationNames.IsVariable(variable))
            return variable;
        faults.Add(entry.PathOf("keyVariable"), "has to be the name of an environment variable (letters, digits, underscores), not a key.");
        return null;
    }

    private string? ReadBaseUrl(
        string name, ConfigurationSection entry, ProviderRow row, string? written, string? overriding, NetworkReach network, ref string? remedy)
    {
        string path = overriding is null ? entry.PathOf("baseUrl") : ConfigurationNames.BaseUrlVariable(name);
        if ((overriding ?? written ?? row.BaseUrl) is not { } text)
        {
            // Whatever an unknown kind was meant to be may have had one.
            if (!ReferenceEquals(row, Unknown))
                faults.Add(path, "is needed: this provider has no address of its own.");
            return null;
        }

        if (!ConfigurationNames.TryExpand(text, environment, out string? expanded, out string? missing))
        {
            // A key alone (of a row that also needs an endpoint) may be there for another program: that is no fault unless the file names the provider.
            if (missing is not null && !entry.IsGiven && overriding is null)
                remedy = $"set {missing}";
            else
                faults.Add(path, missing is null ? "has a ${...} that is not a variable's name." : $"needs the environment variable {missing}, which is not set.");
            return null;
        }

        if (ConfigurationUrls.Fault(expanded, network) is { } fault)
        {
            faults.Add(path, fault.Replace("{network}", $"providers.{name}.network", StringComparison.Ordinal));
            return null;
        }

        return expanded.TrimEnd('/');
    }

    private List<KeyValuePair<string, string>> ReadHeaders(ConfigurationSection section)
    {
        List<KeyValuePair<string, string>> headers = [];
        foreach ((string header, string value) in section.Texts())
        {
            string? expanded = null;
            if (!ConfigurationNames.IsFreeHeader(header))
                faults.Add(section.PathOf(header), "is not a header that can be added: keys go through keyVariable, and HTTP sets its own.");
            else if (!ConfigurationNames.TryExpand(value, environment, out expanded, out string? missing))
                faults.Add(section.PathOf(header), missing is null ? "has a ${...} that is not a variable's name." : $"needs the environment variable {missing}, which is not set.");
            else if (!ConfigurationNames.IsHeaderValue(expanded))
                faults.Add(section.PathOf(header), "holds characters that cannot be sent in a header.");
            if (expanded is not null)
                headers.Add(new(header, expanded));
        }

        return headers;
    }

    private List<string> ReadModels(string name, ConfigurationSection entry)
    {
        List<string> models = [];
        int index = 0;
        foreach (string model in entry.List("models") ?? [])
        {
            if (!ConfigurationNames.IsModel(model))
                faults.Add($"{entry.PathOf("models")}[{index}]", "is not a usable model name: 1 to 256 letters, digits and . _ - : / @ + ~ are allowed.");
            models.Add($"{name}/{model}");
            index++;
        }

        return models;
    }
}

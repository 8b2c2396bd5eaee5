using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Perigee.Catalog;
using Perigee.Providers;

namespace Perigee;

/// <summary>Makes a <see cref="GatewayOptions"/> of perigee.json and the environment, or says everything that is wrong with them.</summary>
/// <param name="rows">The providers that the gateway knows.</param>
/// <param name="environment">Looks up an environment variable or app setting.</param>
internal sealed class ConfigurationReader(ProviderRows rows, Func<string, string?> environment)
{
    private static readonly JsonDocumentOptions Jsonc = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Reads a file's bytes; empty stands for "no file".</summary>
    /// <param name="json">The file as it lies there.</param>
    /// <param name="source">The file's name, for the message.</param>
    /// <exception cref="ConfigurationException">Every fault, with its path.</exception>
    public GatewayOptions Read(ReadOnlyMemory<byte> json, string source)
    {
        ConfigurationFaults faults = new();
        GatewayOptions options = Read(json, faults, Path.GetDirectoryName(source));
        return faults.All.Count == 0 ? options : throw new ConfigurationException(source, faults.All);
    }

    /// <summary>Reads with a collector of the caller's: the schema's test looks at what was asked for.</summary>
    /// <param name="json">The file as it lies there.</param>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="folder">Where other files that it names are looked for; null or empty for the current one.</param>
    internal GatewayOptions Read(ReadOnlyMemory<byte> json, ConfigurationFaults faults, string? folder = null)
    {
        using JsonDocument? document = Parse(json, faults);
        ConfigurationSection root = new(document?.RootElement ?? default, "", "", faults);
        root.Text("$schema");
        ConfiguredProviders providers = new ConfigurationProviders(rows, environment, faults).Read(root.Section("providers"));
        IReadOnlyList<CatalogModel> prices = new ConfigurationPrices(providers, faults).Read(root, folder);
        ConfigurationPatience patience = new((section, member, variable, least, most) => Number(section, member, variable, least, most, faults));
        FrozenDictionary<string, string> aliases = ReadAliases(root.Section("aliases"), providers, faults);
        ConfigurationCache cache = new(
            (section, member, variable, least, most) => Number(section, member, variable, least, most, faults),
            (section, member, variable) => Flag(section, member, variable, faults),
            (path, name) => CheckName(path, name, aliases, providers, faults));
        GatewayOptions options = new()
        {
            Providers = providers.On,
            Off = providers.Off,
            ListedModels = providers.ListedModels,
            Catalog = new ConfigurationModels(providers, faults).Read(root.Section("models"), prices),
            Aliases = aliases,
            Limits = ReadLimits(root.Section("limits"), faults),
            Cache = cache.Read(root.Section("cache")),
            Timeouts = patience.Timeouts(root.Section("timeouts")),
            Retries = patience.Retries(root.Section("retries")),
            Breaker = patience.Breaker(root.Section("breaker")),
            Translation = ReadTranslation(root.Section("translation"), faults),
            Logs = new ConfigurationLogs(
                (section, member, variable, least, most) => Number(section, member, variable, least, most, faults),
                (section, member, variable) => Flag(section, member, variable, faults)).Read(root.Section("logs")),
            Usage = new ConfigurationUsage(
                (section, member, variable, least, most) => Number(section, member, variable, least, most, faults),
                (section, member, variable) => Flag(section, member, variable, faults)).Read(root.Section("usage")),
            Telemetry = new ConfigurationTelemetry(environment, (section, member, variable) => Flag(section, member, variable, faults)).Read(root.Section("telemetry")),
            Webhooks = ConfigurationWebhooks.Read(root, environment),
            ContentCapture = ReadContent(root, faults),
            Jwt = ConfigurationAuth.Read(root.Section("auth"), faults),
        };
        options = options with { Routes = new ConfigurationRoutes(providers, options.Aliases, patience, cache, faults).Read(root.Section("routes"), options) };
        if (options.Logs.Bodies > 0 && !options.ContentCapture)
            faults.Add("logs.bodies", "keeps nothing while \"content\" is off: set that to \"on\" (or PERIGEE_CONTENT), or leave this out.");
        root.Close();
        return options;
    }

    private static JsonDocument? Parse(ReadOnlyMemory<byte> json, ConfigurationFaults faults)
    {
        if (json.Span.StartsWith("\uFEFF"u8))
            json = json[3..];
        if (json.IsEmpty)
            return null;
        if (!Utf8.IsValid(json.Span) || ReadableJson.HasHalfPairs(json))
        {
            faults.Add("$", "holds a text that is no Unicode (bytes that are no UTF-8, or half of a surrogate pair such as \\ud800): write valid Unicode.");
            return null;
        }

        try
        {
            return JsonDocument.Parse(json, Jsonc);
        }
        catch (JsonException error)
        {
            // The reader's own text repeats bytes of the file; the place is enough to find the mistake.
            faults.Add("$", $"is not valid JSON at line {error.LineNumber + 1}, column {error.BytePositionInLine + 1}.");
            return null;
        }
    }

    private static FrozenDictionary<string, string> ReadAliases(ConfigurationSection section, ConfiguredProviders providers, ConfigurationFaults faults)
    {
        Dictionary<string, string> aliases = new(StringComparer.Ordinal);
        foreach ((string alias, string target) in section.Texts())
        {
            aliases[alias] = target;
            if (!ConfigurationNames.IsModel(alias))
                faults.Add(section.PathOf(alias), "is not a usable name: 1 to 256 letters, digits and . _ - : / @ + ~ are allowed.");
        }

        foreach ((string alias, string target) in aliases)
        {
            if (!aliases.ContainsKey(target))
                CheckTarget(section.PathOf(alias), target, aliases, providers, faults);
            else if (Cycle(alias, aliases) is { } cycle)
                faults.Add(section.PathOf(alias), $"leads back to itself: {cycle}.");
        }

        return aliases.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static void CheckName(
        string path, string name, FrozenDictionary<string, string> aliases, ConfiguredProviders providers, ConfigurationFaults faults)
    {
        if (!aliases.ContainsKey(name))
            CheckTarget(path, name, aliases, providers, faults);
    }

    private static void CheckTarget(
        string path, string target, IReadOnlyDictionary<string, string> aliases, ConfiguredProviders providers, ConfigurationFaults faults)
    {
        int slash = target.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == target.Length - 1 || !ConfigurationNames.IsModel(target))
        {
            faults.Add(path, "has to name provider/model or another alias.");
            return;
        }

        string provider = target[..slash];
        if (providers.On.ContainsKey(provider) || providers.Off.ContainsKey(provider))
            return;
        IReadOnlyList<string> near = NearestNames.Of(provider, providers.On.Keys.Concat(providers.Off.Keys).Concat(aliases.Keys), 1);
        faults.Add(path, "names a provider that is neither built in nor under providers" + (near.Count > 0 ? $"; did you mean {near[0]}?" : "."));
    }

    // Only the aliases on the cycle themselves are at fault, not those that lead into it.
    private static string? Cycle(string alias, Dictionary<string, string> aliases)
    {
        List<string> way = [alias];
        string name = alias;
        while (aliases.TryGetValue(name, out string? next) && way.Count <= aliases.Count)
        {
            way.Add(next);
            if (next == alias)
                return string.Join(" -> ", way);
            name = next;
        }

        return null;
    }

    private LimitOptions ReadLimits(ConfigurationSection section, ConfigurationFaults faults)
    {
        LimitOptions defaults = new();
        LimitOptions limits = new()
        {
            RequestsPerMinute = (int?)Number(section, "requestsPerMinute", "PERIGEE_REQUESTS_PER_MINUTE", 1, 10_000_000, faults),
            Rules = section.Limits("rules", LimitLevel.Gateway, "gateway"),
            UnknownPrice = (UnknownPrice?)section.Choice("unknownPrice", "block", "allow") ?? defaults.UnknownPrice,
            BodyBytes = Number(section, "bodyBytes", "PERIGEE_BODY_BYTES", 1024, 256L << 20, faults) ?? defaults.BodyBytes,
            UploadBytes = Number(section, "uploadBytes", "PERIGEE_UPLOAD_BYTES", 1024, 8L << 30, faults) ?? defaults.UploadBytes,
        };
        section.Close();
        return limits;
    }

    private TranslationOptions ReadTranslation(ConfigurationSection section, ConfigurationFaults faults)
    {
        TranslationOptions defaults = new();
        TranslationOptions translation = new()
        {
            Strict = Flag(section, "strict", "PERIGEE_STRICT", faults) ?? defaults.Strict,
            FetchMedia = Flag(section, "fetchMedia", "PERIGEE_FETCH_MEDIA", faults) ?? defaults.FetchMedia,
            MediaBytes = section.Number("mediaBytes", 1024, 100 << 20) ?? defaults.MediaBytes,
        };
        section.Close();
        return translation;
    }

    private bool ReadContent(ConfigurationSection root, ConfigurationFaults faults)
    {
        bool written = root.Choice("content", "off", "on") == 1;
        if (environment("PERIGEE_CONTENT") is not { Length: > 0 } text)
            return written;
        if (ConfigurationNames.Flag(text) is { } value)
            return value;
        faults.Add("PERIGEE_CONTENT", "has to be on or off.");
        return false;
    }

    private long? Number(ConfigurationSection section, string member, string variable, long least, long most, ConfigurationFaults faults)
    {
        long? written = section.Number(member, least, most);
        if (environment(variable) is not { Length: > 0 } text)
            return written;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value >= least && value <= most)
            return value;
        faults.Add(variable, $"has to be a whole number from {least} to {most}.");
        return written;
    }

    private bool? Flag(ConfigurationSection section, string member, string variable, ConfigurationFaults faults)
    {
        bool? written = section.Flag(member);
        if (environment(variable) is not { Length: > 0 } text)
            return written;
        if (ConfigurationNames.Flag(text) is { } value)
            return value;
        faults.Add(variable, "has to be on or off.");
        return written;
    }
}

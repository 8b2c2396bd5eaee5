using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Perigee.Callers;

/// <summary>Reads <see cref="LevelSettings"/> of JSON, with everything that is wrong in it.</summary>
internal static partial class LevelReader
{
    private const int LongestName = 100;
    private const int MostRequests = 1_000_000_000;
    private const int LongestTtl = 31 * 24 * 3600;
    private const int MostPatterns = 200;
    private const int MostNetworks = 200;
    private const int MostMetadata = 32;
    private const int LongestMetadataName = 64;
    private const int LongestMetadataValue = 512;
    private const int LongestOwner = 256;

    /// <summary>Reads an object that came from outside.</summary>
    /// <param name="json">The object.</param>
    /// <param name="kind">What it is to be.</param>
    /// <param name="id">Its id, as the owner of its limits.</param>
    /// <param name="now">What is over by then is refused; null takes it, as what is stored.</param>
    /// <param name="error">Everything that is wrong, in one sentence each.</param>
    public static LevelSettings? Read(JsonElement json, LevelKind kind, string id, DateTimeOffset? now, out GatewayError? error)
    {
        List<(string Path, string Message)> faults = [];
        if (Unknown(json, kind) is { } unknown)
        {
            error = unknown;
            return null;
        }

        LevelFields fields = new(json, faults);
        LevelSettings settings = new()
        {
            Name = Name(fields),
            Tenant = Tenant(fields),
            RequestsPerMinute = (int?)fields.Number("requestsPerMinute", 1, MostRequests, "leave it out for the gateway's default"),
            Quality = fields.Word("quality", "the least that the model 'auto' gives it", "basic", "standard", "strong", "frontier"),
            Cache = fields.Word("cache", "what is replayed to it at most", "off", "exact", "semantic"),
            CacheTtlSeconds = (int?)fields.Number("cacheTtlSeconds", 0, LongestTtl, "0 keeps no answer"),
            ExpiresAt = Expires(fields, now),
            Disabled = fields.Flag("disabled") ?? false,
            OwnedBy = Owner(fields),
            AllowedModels = Patterns(fields, "allowedModels"),
            AllowedRoutes = Patterns(fields, "allowedRoutes"),
            AllowedDialects = Dialects(fields),
            AllowedIps = Networks(fields),
            Metadata = Metadata(fields),
            Defaults = LevelDefaults.Read(fields),
            LogBodies = fields.Share("logBodiesPercent") is { } percent ? new BodyLogging(percent) : null,
            Limits = Rules(fields, "limits", kind.Level, id),
            UserLimits = Rules(fields, "userLimits", LimitLevel.User, id),
        };
        if (settings.RequestsPerMinute is not null && settings.Limits.Any(static rule => rule.Name == RequestsName))
            fields.Fault("limits", $"holds one named '{RequestsName}', as 'requestsPerMinute' is: keep one of both");
        error = faults.Count == 0 ? null : Told(faults);
        return error is null ? settings : null;
    }

    /// <summary>The name of the limit that <see cref="LevelSettings.RequestsPerMinute"/> is.</summary>
    public static string RequestsName { get; } = LimitRuleJson.UsualName(LimitMeter.Requests, LimitPeriod.Minute);

    /// <summary>The settings of what this program has stored itself.</summary>
    public static LevelSettings? ReadStored(ReadOnlyMemory<byte> json, LevelKind kind, string id)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return Read(document.RootElement, kind, id, null, out _);
    }

    /// <summary>Whether a name can stand for an id of the operator's choice.</summary>
    public static bool IsTenant(string tenant) => TenantPattern().IsMatch(tenant) && tenant != "open";

    /// <summary>All faults as one error.</summary>
    public static GatewayError Told(List<(string Path, string Message)> faults) => new(
        ErrorKind.BadRequest, string.Join(" ", faults.Select(static fault => $"'{fault.Path}' {fault.Message.TrimEnd('.')}.")), faults[0].Path);

    private static GatewayError? Unknown(JsonElement json, LevelKind kind)
    {
        if (json.ValueKind != JsonValueKind.Object)
            return new GatewayError(ErrorKind.BadRequest, "The body must be a JSON object.");
        HashSet<string> seen = new(StringComparer.Ordinal);
        List<string> unknown = [], twice = [];
        foreach (JsonProperty member in json.EnumerateObject())
        {
            if (!kind.Members.Contains(member.Name, StringComparer.Ordinal) && !kind.Places.Contains(member.Name, StringComparer.Ordinal))
                unknown.Add(Shorten(member.Name));
            else if (!seen.Add(member.Name))
                twice.Add(member.Name);
        }

        if (unknown.Count > 0)
        {
            return new GatewayError(ErrorKind.BadRequest, $"Unknown: {Quoted(unknown)}. {(kind == LevelKind.Organisation ? "An" : "A")} {kind.Word} has "
                + $"{Quoted([.. kind.Places, .. kind.Members])}.", unknown[0]);
        }

        return twice.Count > 0 ? new GatewayError(ErrorKind.BadRequest, $"{Quoted(twice)} is not allowed twice: keep one.", twice[0]) : null;
    }

    private static string Quoted(List<string> names) => string.Join(", ", names.Select(static name => $"'{name}'"));

    private static string Name(LevelFields fields)
    {
        string? name = fields.Text("name", out bool faulty)?.Trim();
        if (!faulty && (string.IsNullOrEmpty(name) || name.Length > LongestName || name.Any(char.IsControl) || !IsUnicode(name)))
            fields.Fault("name", $"is needed: 1 to {LongestName} characters, none of them a control character");
        return name ?? "";
    }

    private static string? Tenant(LevelFields fields)
    {
        string? tenant = fields.Text("tenant", out _);
        if (tenant is not null && !IsTenant(tenant))
            fields.Fault("tenant", "must be 1 to 64 letters, digits, '-', '_' or '.', a letter or digit first, and not 'open'");
        return tenant;
    }

    private static string? Owner(LevelFields fields)
    {
        string? owner = fields.Text("ownedBy", out _);
        if (owner is not null && (owner.Length is 0 or > LongestOwner || owner.Any(char.IsControl) || !IsUnicode(owner)))
            fields.Fault("ownedBy", $"must have 1 to {LongestOwner} characters: the id of an admin key, or the user that a token names");
        return owner;
    }

    private static DateTimeOffset? Expires(LevelFields fields, DateTimeOffset? now)
    {
        DateTimeOffset? expires = fields.Moment("expiresAt");
        if (expires <= now)
            fields.Fault("expiresAt", "must be in the future");
        return expires?.ToUniversalTime();
    }

    private static List<string>? Patterns(LevelFields fields, string member)
    {
        if (fields.Texts(member, MostPatterns) is not { } patterns)
            return null;
        for (int i = 0; i < patterns.Count; i++)
        {
            string pattern = patterns[i];
            if (pattern != "*" && !ConfigurationNames.IsModel(pattern.EndsWith('*') ? pattern[..^1] : pattern))
                fields.Fault($"{member}[{i}]", "must be a name as clients use it, with '*' at its end for any rest, such as 'openai/*'");
        }

        return patterns;
    }

    private static List<string>? Dialects(LevelFields fields)
    {
        if (fields.Texts("allowedDialects", CallerScope.DialectWords.Count) is not { } words)
            return null;
        for (int i = 0; i < words.Count; i++)
        {
            if (!CallerScope.DialectWords.Contains(words[i], StringComparer.Ordinal))
                fields.Fault($"allowedDialects[{i}]", $"is none of: {string.Join(", ", CallerScope.DialectWords)}");
        }

        return words;
    }

    private static List<IPNetwork>? Networks(LevelFields fields)
    {
        if (fields.Texts("allowedIps", MostNetworks) is not { } texts)
            return null;
        List<IPNetwork> networks = [];
        for (int i = 0; i < texts.Count; i++)
        {
            // IPAddress takes old spellings ("1", "0x7f.1") that people do not mean.
            if (IPNetwork.TryParse(texts[i], out IPNetwork network))
                networks.Add(network);
            else if (IPAddress.TryParse(texts[i], out IPAddress? address) && address.ToString().Equals(texts[i], StringComparison.OrdinalIgnoreCase))
                networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            else
                fields.Fault($"allowedIps[{i}]", "must be an address or a range such as '203.0.113.0/24' or '2001:db8::/32'");
        }

        return networks;
    }

    private static List<KeyValuePair<string, string>> Metadata(LevelFields fields)
    {
        List<KeyValuePair<string, string>> metadata = [];
        if (fields.Object("metadata") is not { } json)
            return metadata;
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (JsonProperty member in json.EnumerateObject())
        {
            string path = ConfigurationFaults.Join("metadata", Shorten(member.Name));
            if (member.Name.Length is 0 or > LongestMetadataName || member.Name.Any(char.IsControl))
                fields.Fault(path, $"must have a name of 1 to {LongestMetadataName} characters");
            else if (member.Value.ValueKind != JsonValueKind.String)
                fields.Fault(path, "must be a string");
            else if (member.Value.GetString() is not { Length: <= LongestMetadataValue } value || !IsUnicode(value))
                fields.Fault(path, $"must have at most {LongestMetadataValue} characters");
            else if (!seen.Add(member.Name))
                fields.Fault(path, "is not allowed twice");
            else
                metadata.Add(new(member.Name, value));
        }

        if (seen.Count > MostMetadata)
            fields.Fault("metadata", $"has {seen.Count} members; at most {MostMetadata} are taken");
        return metadata;
    }

    private static IReadOnlyList<LimitRule> Rules(LevelFields fields, string member, LimitLevel level, string id) =>
        fields.Any(member) is { } list ? LimitRuleJson.ReadAll(list, level, id, member, fields.Faults) : [];

    private static bool IsUnicode(string text) => Storage.TableLimits.IsWellFormed(text);

    private static string Shorten(string name) => name.Length > 50 ? name[..50] + "..." : name;

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\\z")]
    private static partial Regex TenantPattern();
}

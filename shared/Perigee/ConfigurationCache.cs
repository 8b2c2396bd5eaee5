using System.Text.RegularExpressions;
using Perigee.Embedding;

namespace Perigee;

/// <summary>Reads the section <c>cache</c> of perigee.json, the gateway's and a route's.</summary>
/// <param name="number">Reads a whole number that an environment variable may override.</param>
/// <param name="flag">Reads a flag that an environment variable may override.</param>
/// <param name="check">Checks the name of a model at a path.</param>
internal sealed class ConfigurationCache(
    Func<ConfigurationSection, string, string, long, long, long?> number, Func<ConfigurationSection, string, string, bool?> flag,
    Action<string, string> check)
{
    private const int LongestTtl = 31 * 24 * 3600;
    private const int LongestPattern = 1000;

    /// <summary>The gateway's own.</summary>
    public CacheOptions Read(ConfigurationSection section)
    {
        CacheOptions defaults = new();
        CacheOptions cache = Shared(section, defaults) with
        {
            Enabled = flag(section, "enabled", "PERIGEE_CACHE") ?? defaults.Enabled,
            Ttl = Seconds(number(section, "ttlSeconds", "PERIGEE_CACHE_TTL_SECONDS", 1, LongestTtl)) ?? defaults.Ttl,
            MostTtl = Seconds(section.Number("mostTtlSeconds", 3600, LongestTtl)) ?? defaults.MostTtl,
            MemoryBytes = number(section, "memoryBytes", "PERIGEE_CACHE_MEMORY_BYTES", 1, 64L << 30) ?? defaults.MemoryBytes,
            LookupBudget = Milliseconds(section.Number("lookupMilliseconds", 1, 10_000)) ?? defaults.LookupBudget,
        };

        // Who asks for a longer time means it; the bound is there for what routes, keys and requests ask.
        if (cache.Ttl > cache.MostTtl)
            cache = cache with { MostTtl = cache.Ttl };
        section.Close();
        return cache;
    }

    /// <summary>A route's: what it does not say is the gateway's.</summary>
    public CacheOptions OfRoute(ConfigurationSection section, CacheOptions gateway)
    {
        CacheOptions cache = Shared(section, gateway) with
        {
            Enabled = section.Flag("enabled") ?? gateway.Enabled,
            Ttl = Seconds(section.Number("ttlSeconds", 1, LongestTtl)) ?? gateway.Ttl,
        };
        if (section.Has("ttlSeconds") && cache.Ttl > gateway.MostTtl)
            section.Fault("ttlSeconds", FormattableString.Invariant($"is more than cache.mostTtlSeconds ({gateway.MostTtl.TotalSeconds:0}): raise that."));
        section.Close();
        return cache;
    }

    private CacheOptions Shared(ConfigurationSection section, CacheOptions defaults) => defaults with
    {
        Mode = (CacheMode?)section.Choice("mode", "exact", "semantic") ?? defaults.Mode,
        Pace = (ReplayPace?)section.Choice("replay", "instant", "paced") ?? defaults.Pace,
        ShareCalls = section.Flag("shareCalls") ?? defaults.ShareCalls,
        CallLease = Seconds(section.Number("callLeaseSeconds", 1, 600)) ?? defaults.CallLease,
        NeverKeep = (IReadOnlyList<Regex>?)Patterns(section) ?? defaults.NeverKeep,
        Semantic = Semantic(section.Section("semantic"), defaults.Semantic),
    };

    private static List<Regex>? Patterns(ConfigurationSection section)
    {
        if (section.List("neverKeep") is not { } texts)
            return null;
        List<Regex> patterns = [];
        foreach (string text in texts)
        {
            try
            {
                if (text.Length is 0 or > LongestPattern)
                    section.Fault("neverKeep", $"holds a pattern of {text.Length} characters: 1 to {LongestPattern} are allowed.");
                else
                    patterns.Add(new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant));
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                section.Fault("neverKeep", $"holds '{text}', which is no regular expression without backtracking: {e.Message}");
            }
        }

        return patterns;
    }

    private SemanticOptions Semantic(ConfigurationSection section, SemanticOptions defaults)
    {
        SemanticOptions semantic = defaults with
        {
            Observe = section.Flag("observe") ?? defaults.Observe,
            MostTemperature = section.Fraction("mostTemperature", 0, 2) ?? defaults.MostTemperature,
            Tools = section.Flag("tools") ?? defaults.Tools,
            Media = section.Flag("media") ?? defaults.Media,
            Deictic = section.Flag("deictic") ?? defaults.Deictic,
            TimeDependent = section.Flag("timeDependent") ?? defaults.TimeDependent,
            KeepText = section.Flag("keepText") ?? defaults.KeepText,
            Near = Near(section, defaults.Near),
            Shadow = Shadow(section.Section("shadow"), defaults.Shadow),
        };
        section.Close();
        return semantic;
    }

    private NearOptions? Near(ConfigurationSection parent, NearOptions? inherited)
    {
        bool said = parent.Has("near");
        ConfigurationSection section = parent.SectionOrFlag("near");
        NearOptions defaults = inherited ?? new();
        NearOptions near = defaults with
        {
            Embedder = section.Choice("embedder", "words", "provider", "onnx") switch { 0 => "words", 1 => "provider", 2 => "onnx", _ => defaults.Embedder },
            Model = Name(section, "model") ?? defaults.Model,
            ModelPath = section.Text("modelPath") ?? defaults.ModelPath,
            VocabularyPath = section.Text("vocabularyPath") ?? defaults.VocabularyPath,
            Threshold = section.Fraction("threshold", 0, 1) ?? defaults.Threshold,
            MostEntries = (int?)section.Number("mostEntries", 1, 100_000) ?? defaults.MostEntries,
            Budget = Milliseconds(section.Number("budgetMilliseconds", 1, 10_000)) ?? defaults.Budget,
            Verifier = Name(section, "verifier") ?? defaults.Verifier,
        };
        section.Close();
        if (!said)
            return inherited;
        if (!section.IsWanted)
            return null;
        if (near is { Embedder: "provider", Model: null })
            section.Fault("model", "is missing: embedder 'provider' needs the embedding model, as provider/model.");
        if (near.Embedder == "onnx" && near.ModelPath is null)
            section.Fault("modelPath", "is missing: embedder 'onnx' needs the encoder's file.");
        if (near.Embedder == "onnx" && near.VocabularyPath is null)
            section.Fault("vocabularyPath", "is missing: embedder 'onnx' needs the encoder's vocab.txt.");
        if (near is { Embedder: "onnx", ModelPath: not null, VocabularyPath: not null } && OnnxEmbedder.Check(near.ModelPath, near.VocabularyPath) is { } fault)
            section.Fault("modelPath", fault);
        return near;
    }

    private ShadowOptions Shadow(ConfigurationSection section, ShadowOptions defaults)
    {
        ShadowOptions shadow = defaults with
        {
            Percent = section.Fraction("percent", 0, 100) ?? defaults.Percent,
            MostErrorPercent = section.Fraction("mostErrorPercent", 0, 100) ?? defaults.MostErrorPercent,
            Judge = Name(section, "judge") ?? defaults.Judge,
        };
        section.Close();
        return shadow;
    }

    private string? Name(ConfigurationSection section, string member)
    {
        string? name = section.Text(member);
        if (name is not null)
            check(section.PathOf(member), name);
        return name;
    }

    private static TimeSpan? Seconds(long? seconds) => seconds is { } value ? TimeSpan.FromSeconds(value) : null;

    private static TimeSpan? Milliseconds(long? milliseconds) => milliseconds is { } value ? TimeSpan.FromMilliseconds(value) : null;
}

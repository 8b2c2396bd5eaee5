using System.Collections.Frozen;
using Perigee.Catalog;
using Perigee.Front;
using Perigee.Routing.Policies;

namespace Perigee;

/// <summary>Reads the <c>when</c> of a route's target.</summary>
internal static class ConfigurationConditions
{
    private const long Largest = 1_000_000_000_000;

    private static readonly string[] Names =
    [
        .. Operations.All.Where(operation => operation.TargetBy == TargetBy.Model && operation != Operations.Gemini).Select(operation => operation.Name),
        .. new[] { "generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents" }
            .Select(verb => Operations.OfGemini("m:" + verb, out _)!.Name),
    ];

    private static readonly string[] Dialects = ["openai", "anthropic", "gemini"];

    /// <summary>Reads a condition.</summary>
    public static RouteCondition Read(ConfigurationSection section, ConfigurationFaults faults)
    {
        RouteCondition condition = new()
        {
            Metadata = [.. section.Section("metadata").SomeByName().Select(pair => KeyValuePair.Create(pair.Key, Set(pair.Value)))],
            Headers = ReadHeaders(section.Section("headers"), faults),
            Users = section.Some("user") is { } users ? Set(users) : null,
            BodyBytes = ReadRange(section.Section("bodyBytes"), faults),
            Tokens = ReadRange(section.Section("tokens"), faults),
            Tools = section.Flag("tools"),
            Images = section.Flag("images"),
            Stream = section.Flag("stream"),
            Operations = ReadWords(section, "operation", Names, faults),
            Dialects = ReadWords(section, "dialect", Dialects, faults),
        };
        section.Close();
        if (section.IsGiven && condition is { Metadata.Count: 0, Headers.Count: 0 } && condition with { Metadata = Nothing.Metadata, Headers = Nothing.Headers } == Nothing)
            faults.Add(section.Path, "states nothing: leave it out for the target that is used where no condition holds.");
        return condition;
    }

    private static RouteCondition Nothing { get; } = new();

    private static List<KeyValuePair<string, FrozenSet<string>>> ReadHeaders(ConfigurationSection section, ConfigurationFaults faults)
    {
        List<KeyValuePair<string, FrozenSet<string>>> headers = [];
        foreach ((string name, IReadOnlyList<string> values) in section.SomeByName())
        {
            if (!ConfigurationNames.IsOpenHeader(name))
                faults.Add(section.PathOf(name), "is not a header that a condition may look at: keys and sessions stay out of this file.");
            headers.Add(new(name, Set(values)));
        }

        return headers;
    }

    private static LongRange? ReadRange(ConfigurationSection section, ConfigurationFaults faults)
    {
        (long? least, long? most) = (section.Number("atLeast", 0, Largest), section.Number("atMost", 0, Largest));
        section.Close();
        if (!section.IsGiven)
            return null;
        if (least is null && most is null)
            faults.Add(section.Path, "needs atLeast, atMost or both.");
        else if (least > most)
            faults.Add(section.PathOf("atLeast"), "is more than atMost: nothing could ever be in between.");
        return new(least ?? 0, most ?? long.MaxValue);
    }

    private static FrozenSet<string>? ReadWords(ConfigurationSection section, string member, string[] known, ConfigurationFaults faults)
    {
        if (section.Some(member) is not { } words)
            return null;
        foreach (string word in words)
        {
            if (known.Contains(word, StringComparer.Ordinal))
                continue;
            IReadOnlyList<string> near = NearestNames.Of(word, known, 1);
            faults.Add(section.PathOf(member), near.Count > 0 ? $"is unknown; did you mean {near[0]}?" : $"is none of: {string.Join(", ", known)}.");
        }

        return Set(words);
    }

    private static FrozenSet<string> Set(IReadOnlyList<string> values) => values.ToFrozenSet(StringComparer.Ordinal);
}

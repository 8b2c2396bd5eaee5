namespace Perigee.Catalog;

/// <summary>
/// The ways in which clients write a model's name, undone one by one: each step only takes away what does not make another model. What it never
/// does: cut a word such as <c>-mini</c>, <c>-pro</c> or <c>-preview</c>, or <c>:free</c>, which is a model with another price.
/// </summary>
internal static class ModelNames
{
    private static readonly string[] Regions = ["us-gov.", "global.", "apac.", "us.", "eu.", "au.", "jp.", "ca.", "sa.", "ap."];

    // As Bedrock names them.
    private static readonly string[] CloudMakers =
        ["anthropic.", "amazon.", "meta.", "mistral.", "cohere.", "ai21.", "deepseek.", "openai.", "qwen.", "nvidia.", "google.", "moonshotai.", "moonshot.", "minimax.", "zai.", "writer."];

    // Only makers, who may be left out: before any other name the same model would be a fine-tune of somebody's.
    private static readonly HashSet<string> Makers = new(StringComparer.OrdinalIgnoreCase)
    {
        "openai", "anthropic", "google", "meta", "meta-llama", "mistral", "mistralai", "x-ai", "xai", "deepseek", "deepseek-ai", "qwen", "alibaba", "moonshotai", "moonshot",
        "z-ai", "zai", "zai-org", "minimax", "minimaxai", "cohere", "coherelabs", "perplexity", "nvidia", "microsoft", "amazon", "ai21", "groq", "inception", "upstage", "stepfun",
    };

    private static readonly string[] Variants = [":nitro", ":floor", ":online"];

    /// <summary>The name and what is left of it after each step, in the order in which they are tried.</summary>
    public static List<string> Reductions(string name)
    {
        List<string> forms = [name];
        string form = name;
        int models = form.LastIndexOf("models/", StringComparison.Ordinal);
        if (models == 0 || (models > 0 && form.StartsWith("publishers/", StringComparison.Ordinal)))
            Step(form[(models + 7)..]);

        // How to choose among equal offers, not what.
        foreach (string variant in Variants)
        {
            if (form.EndsWith(variant, StringComparison.OrdinalIgnoreCase))
            {
                Step(form[..^variant.Length]);
                break;
            }
        }

        if (Undated(form) is { } undated)
            Step(undated);
        else if (form.EndsWith("-latest", StringComparison.OrdinalIgnoreCase))
            Step(form[..^7]);
        if (CloudCore(form) is { } core)
        {
            Step(core);
            foreach (string maker in CloudMakers)
            {
                if (form.StartsWith(maker, StringComparison.OrdinalIgnoreCase))
                {
                    Step(form[maker.Length..]);
                    break;
                }
            }

            if (Undated(form) is { } bare)
                Step(bare);
        }

        int slash = form.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && slash < form.Length - 1 && Makers.Contains(form[..slash]))
        {
            // The name as it came without its maker is nearer than the shortest form without it.
            int before = name.IndexOf('/', StringComparison.Ordinal);
            if (form != name && before > 0 && Makers.Contains(name[..before]))
                forms.Add(name[(before + 1)..]);
            Step(form[(slash + 1)..]);
        }

        return forms;

        void Step(string shorter)
        {
            if (shorter.Length == 0 || shorter == form)
                return;
            form = shorter;
            forms.Add(shorter);
        }
    }

    /// <summary>Lower case, and a dash for a dot between digits: <c>claude-sonnet-4.5</c> and <c>claude-sonnet-4-5</c> are one name.</summary>
    public static string Fold(string name) => string.Create(name.Length, name, static (span, text) =>
    {
        for (int i = 0; i < span.Length; i++)
        {
            char c = char.ToLowerInvariant(text[i]);
            span[i] = c == '.' && i > 0 && i + 1 < text.Length && char.IsAsciiDigit(text[i - 1]) && char.IsAsciiDigit(text[i + 1]) ? '-' : c;
        }
    });

    /// <summary>
    /// The name without the day of its snapshot (<c>-20250929</c>, <c>-2025-08-07</c>, <c>@20250929</c>, <c>-0613</c>, <c>@default</c>), or null where it
    /// has none. Four digits that are no month and day (<c>-2512</c>, a year and a month) stay.
    /// </summary>
    public static string? Undated(string name)
    {
        if (name.EndsWith("@default", StringComparison.Ordinal) && name.Length > 8)
            return name[..^8];
        ReadOnlySpan<char> end = name;
        if (end.Length > 11 && end[^11] is '-' && end[^6] == '-' && end[^3] == '-' && IsDay(end[^10..^6], end[^5..^3], end[^2..]))
            return name[..^11];
        if (end.Length > 9 && end[^9] is '-' or '@' && IsDay(end[^8..^4], end[^4..^2], end[^2..]))
            return name[..^9];
        if (end.Length > 5 && end[^5] is '-' && IsDay("2024", end[^4..^2], end[^2..]))
            return name[..^5];
        return null;
    }

    /// <summary>A Bedrock id without its region and its version (<c>us.</c>, <c>-v1:0</c>), or null where it is none.</summary>
    public static string? CloudCore(string id)
    {
        string core = id;
        foreach (string region in Regions)
        {
            if (core.StartsWith(region, StringComparison.OrdinalIgnoreCase))
            {
                core = core[region.Length..];
                break;
            }
        }

        if (!Array.Exists(CloudMakers, maker => core.StartsWith(maker, StringComparison.OrdinalIgnoreCase)))
            return null;
        int version = core.LastIndexOf("-v", StringComparison.Ordinal);

        // The colon comes right behind the nine.
        return version > 0 && core.Length > version + 2 && core.AsSpan(version + 2).ContainsAnyExceptInRange('0', ':') is false ? core[..version] : core;
    }

    private static bool IsDay(ReadOnlySpan<char> year, ReadOnlySpan<char> month, ReadOnlySpan<char> day) =>
        !year.ContainsAnyExceptInRange('0', '9') && !month.ContainsAnyExceptInRange('0', '9') && !day.ContainsAnyExceptInRange('0', '9')
        && int.Parse(year) is >= 2020 and < 2100 && int.Parse(month) is >= 1 and <= 12 && int.Parse(day) is >= 1 and <= 31;
}

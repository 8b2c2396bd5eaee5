namespace Perigee.Benchmarks.Semantic;

/// <summary>The files of <c>Data/</c>, embedded, so that the benchmark and the tests read the same.</summary>
internal static class TemplateFiles
{
    /// <summary>Prompts of many slots, long and short.</summary>
    public static Template[] General { get; } = [.. Parse("templates"), .. Parse("templates-short")];

    /// <summary>Identifiers, versions, error codes.</summary>
    public static Template[] Code { get; } = Parse("templates-code");

    /// <summary>Words that mean another thing with a capital.</summary>
    public static Template[] Case { get; } = Parse("templates-case");

    /// <summary>Earlier turns and a last text, parted by <c>&gt;&gt;</c>.</summary>
    public static Template[] History { get; } = Parse("templates-history");

    /// <summary>What asks for a language, a format or a length of the answer.</summary>
    public static Template[] Wrappers { get; } = Parse("wrappers");

    /// <summary>Plain prompts that people repeat.</summary>
    public static Template[] Bases { get; } = Parse("near-bases");

    /// <summary>The lines of a file.</summary>
    public static IEnumerable<string> Lines(string name)
    {
        using Stream stream = typeof(TemplateFiles).Assembly.GetManifestResourceStream($"pairs/{name}")
            ?? throw new InvalidOperationException($"Data/{name} is not embedded.");
        using StreamReader reader = new(stream);
        List<string> lines = [];
        while (reader.ReadLine() is { } line)
            lines.Add(line);
        return lines;
    }

    private static Template[] Parse(string name) =>
        [.. Lines(name + ".txt").Where(line => line.Length > 0).Select((line, at) => Template.Parse(name, at + 1, line))];
}

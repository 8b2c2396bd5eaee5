using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Perigee.Embedding;

namespace Perigee.Benchmarks.Semantic;

/// <summary>What the run was told.</summary>
internal sealed class SemanticOptions
{
    public const string Usage = "semantic [--pairs FILE]... [--seed N] [--write FILE]";

    /// <summary>Files to be run instead of the project's own sets.</summary>
    public List<string> Files { get; } = [];

    /// <summary>Where to write the sets as JSONL, to be read or run elsewhere; null for nowhere.</summary>
    public string? Written { get; private set; }

    /// <summary>The seed of generated sets and of the stream.</summary>
    public int Seed { get; private set; } = PairSets.Seed;

    /// <summary>Reads arguments.</summary>
    public static bool TryRead(string[] args, [NotNullWhen(true)] out SemanticOptions? options)
    {
        options = new();
        for (int at = 0; at < args.Length; at += 2)
        {
            string? value = at + 1 < args.Length ? args[at + 1] : null;
            switch (args[at])
            {
                case "--pairs" when value is not null && File.Exists(value):
                    options.Files.Add(value);
                    break;
                case "--write" when value is not null:
                    options.Written = value;
                    break;
                case "--seed" when int.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out int seed):
                    options.Seed = seed;
                    break;
                default:
                    options = null;
                    return false;
            }
        }

        return true;
    }

    /// <summary>The embedders to be run; the default one is always the first.</summary>
    public static IReadOnlyList<(string Name, ITextEmbedder Embedder)> Embedders() => [("hashed", SemanticTiers.Hashed)];
}

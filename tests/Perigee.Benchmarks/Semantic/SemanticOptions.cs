using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Perigee.Embedding;

namespace Perigee.Benchmarks.Semantic;

/// <summary>What the run was told.</summary>
internal sealed class SemanticOptions
{
    public const string Usage =
        "semantic [--pairs FILE]... [--seed N] [--write FILE] [--onnx FILE --vocabulary FILE] [--provider URL --model NAME, its key in PERIGEE_EMBEDDINGS_KEY]";

    private readonly Dictionary<string, string> _given = [];

    /// <summary>Files to be run instead of the project's own sets.</summary>
    public List<string> Files { get; } = [];

    /// <summary>Where to write the sets as JSONL, to be read or run elsewhere; null for nowhere.</summary>
    public string? Written => _given.GetValueOrDefault("--write");

    /// <summary>The seed of generated sets and of the stream.</summary>
    public int Seed { get; private set; } = PairSets.Seed;

    /// <summary>Reads arguments.</summary>
    public static bool TryRead(string[] args, [NotNullWhen(true)] out SemanticOptions? options)
    {
        options = new();
        bool good = args.Length % 2 == 0;
        for (int at = 0; at + 1 < args.Length; at += 2)
            good &= options.Take(args[at], args[at + 1]);
        good &= options._given.ContainsKey("--onnx") == options._given.ContainsKey("--vocabulary")
            && options._given.ContainsKey("--provider") == options._given.ContainsKey("--model");
        options = good ? options : null;
        return good;
    }

    /// <summary>The embedders to be run; the default one is always the first.</summary>
    public IReadOnlyList<(string Name, ITextEmbedder Embedder)> Embedders()
    {
        List<(string, ITextEmbedder)> embedders = [("hashed", SemanticTiers.Hashed)];
        if (_given.TryGetValue("--onnx", out string? file))
            embedders.Add((Path.GetFileNameWithoutExtension(file), SemanticTiers.Onnx(file, _given["--vocabulary"])));
        if (_given.TryGetValue("--provider", out string? url))
            embedders.Add((_given["--model"], SemanticTiers.Provider(new Uri(url), _given["--model"], Environment.GetEnvironmentVariable("PERIGEE_EMBEDDINGS_KEY"))));
        return embedders;
    }

    private bool Take(string name, string value)
    {
        switch (name)
        {
            case "--pairs":
                Files.Add(value);
                return File.Exists(value);
            case "--seed":
                bool number = int.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out int seed);
                Seed = seed;
                return number;
            case "--onnx" or "--vocabulary":
                return File.Exists(value) && _given.TryAdd(name, value);
            case "--provider":
                return Uri.TryCreate(value, UriKind.Absolute, out _) && _given.TryAdd(name, value);
            case "--model" or "--write":
                return _given.TryAdd(name, value);
            default:
                return false;
        }
    }
}

namespace Perigee.Benchmarks.Semantic;

/// <summary>The four sets of the benchmark.</summary>
/// <param name="Minimal">One thing differs and changes the answer: must not be served.</param>
/// <param name="Hard">By hand: what people find tempting, and must not be served.</param>
/// <param name="Near">The same question with other manners or letters: should be served.</param>
/// <param name="Paraphrases">By hand: the same meaning in really different words. Few will be.</param>
internal sealed record PairSets(List<Pair> Minimal, List<Pair> Hard, List<Pair> Near, List<Pair> Paraphrases)
{
    /// <summary>The seed of the sets that the bounds speak of.</summary>
    public const int Seed = 20261124;

    /// <summary>Every pair.</summary>
    public IEnumerable<Pair> All => [.. Minimal, .. Hard, .. Near, .. Paraphrases];

    /// <summary>Makes the sets.</summary>
    public static PairSets Make(int seed) => new(
        MinimalPairs.Make(new Random(seed)),
        PairFile.ReadTable(TemplateFiles.Lines("hard-negatives.tsv"), "hard negatives", "hand"),
        Repeats.Make(new Random(seed + 1)),
        PairFile.ReadTable(TemplateFiles.Lines("paraphrases.tsv"), "paraphrases", "hand"));
}

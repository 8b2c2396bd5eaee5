namespace Perigee.Benchmarks.Semantic;

/// <summary>What has to hold over the project's own sets.</summary>
internal static class SemanticBounds
{
    /// <summary>Share of the minimal pairs that the key may serve.</summary>
    public const double EquivalentFalse = 0.003;

    /// <summary>Share of the near-repeats that the key has to serve.</summary>
    public const double EquivalentHits = 0.60;

    /// <summary>Share of the minimal pairs that <c>near</c> with the default embedder may serve.</summary>
    public const double NearFalse = 0.015;

    /// <summary>What does not hold, a sentence each.</summary>
    public static List<string> Broken(PairSets sets, Tier equivalent, Tier near)
    {
        List<string> broken = [];
        Share equivalentFalse = Share.Count(sets.Minimal, equivalent.Serves);
        Share equivalentHits = Share.Count(sets.Near, equivalent.Serves);
        Share nearFalse = Share.Count(sets.Minimal, near.Serves);
        int hits = sets.All.Count(pair => pair.Same && equivalent.Serves(pair));
        int nearHits = sets.All.Count(pair => pair.Same && near.Serves(pair));
        if (equivalentFalse.Value > EquivalentFalse)
            broken.Add($"equivalent serves {equivalentFalse} % of the minimal pairs, at most {100 * EquivalentFalse}");
        if (equivalentHits.Value < EquivalentHits)
            broken.Add($"equivalent hits {equivalentHits} % of the near-repeats, at least {100 * EquivalentHits}");
        if (nearFalse.Value > NearFalse)
            broken.Add($"{near.Name} serves {nearFalse} % of the minimal pairs, at most {100 * NearFalse}");
        if (nearHits <= hits)
            broken.Add($"{near.Name} hits {nearHits} pairs of one meaning, no more than equivalent with {hits}");
        return broken;
    }
}

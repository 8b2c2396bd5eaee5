namespace Perigee.Benchmarks.Semantic;

/// <summary>A way to decide whether the answer to A is served to B.</summary>
/// <param name="Name">Its name in tables.</param>
/// <param name="Serves">Decides.</param>
internal sealed record Tier(string Name, Func<Pair, bool> Serves);

/// <summary>The tiers, as rules over one pair. The scope (earlier turns) has to be equal in every one of them.</summary>
internal static class Tiers
{
    /// <summary>The question as it is.</summary>
    public static Tier Exact { get; } = new("exact", pair => pair.A.Whole == pair.B.Whole);

    /// <summary>The guard-folded key; what is exact is equivalent.</summary>
    public static Tier Equivalent(Prepared prepared) =>
        new("equivalent", pair => Exact.Serves(pair) || (prepared.Row(pair.A) is { } row && row == prepared.Row(pair.B)));

    /// <summary>A route with <c>near</c> looks for the key first; then a like vector that passes the guards.</summary>
    public static Tier Near(Prepared prepared, string name) =>
        new($"near, {name}", pair => Equivalent(prepared).Serves(pair) || (Cosine(prepared, pair) && Guarded(prepared, pair.B, pair.A)));

    /// <summary>What it would be without guards: the embedder's threshold decides.</summary>
    public static Tier Bare(Prepared prepared, string name) => new($"{name}, no guards", pair => Exact.Serves(pair) || Cosine(prepared, pair));

    /// <summary>What the guards say of an entry that was found.</summary>
    public static bool Guarded(Prepared prepared, Ask asked, Ask kept)
    {
        Folded one = prepared.Fold(asked);
        Folded other = prepared.Fold(kept);
        return one.Key is not null && other.Key is not null && SemanticTiers.Compare(one, other).Same;
    }

    private static bool Cosine(Prepared prepared, Pair pair) =>
        pair.A.Scope == pair.B.Scope && prepared.Cosine(pair.A, pair.B) >= prepared.Embedder!.Threshold;
}

namespace Perigee.Caching.Near;

/// <summary>One look through an index: what is looked for, and the nearest so far.</summary>
internal ref struct NearSearch(ref sbyte vector, float scale, ScopeHash scope, float threshold, DateTimeOffset now)
{
    /// <summary>The vector that is looked for.</summary>
    public readonly ref sbyte Vector = ref vector;

    private NearCandidates _found;

    /// <summary>One over its length.</summary>
    public readonly float Scale = scale;

    /// <summary>The scope that must be equal.</summary>
    public readonly ScopeHash Scope = scope;

    /// <summary>The scope's tag.</summary>
    public readonly uint Tag = scope.Tag;

    /// <summary>The time at which entries must be alive.</summary>
    public readonly DateTimeOffset Now = now;

    /// <summary>Only what is nearer than this is still of interest.</summary>
    public float Floor { get; private set; } = MathF.BitDecrement(threshold);

    /// <summary>How many were found.</summary>
    public int Count { get; private set; }

    /// <summary>The nearest, best first.</summary>
    public readonly NearCandidates Found => _found;

    /// <summary>Takes one in, and the farthest out where there are too many.</summary>
    public void Take(NearCandidate candidate)
    {
        Span<NearCandidate> found = _found;
        int at = Count < NearCandidates.Most ? Count++ : NearCandidates.Most - 1;
        for (; at > 0 && found[at - 1].Similarity < candidate.Similarity; at--)
            found[at] = found[at - 1];
        found[at] = candidate;
        if (Count == NearCandidates.Most)
            Floor = found[Count - 1].Similarity;
    }
}

namespace Perigee.Caching.Near;

/// <summary>One look through an index: what is looked for, and the nearest so far.</summary>
internal ref struct NearSearch(ref sbyte vector, float scale, ref sbyte sketch, float sketchScale, ScopeHash scope, float threshold, DateTimeOffset now)
{
    /// <summary>
    /// How far under the floor a sketch's cosine may be and the row is still looked at: of rows at a floor of 0.5 one in 300 is missed, of those
    /// that are nearer practically none; of unrelated ones one in 50 is looked at in vain.
    /// </summary>
    private const float Doubt = 0.25f;

    /// <summary>The vector that is looked for.</summary>
    public readonly ref sbyte Vector = ref vector;

    /// <summary>Its sketch.</summary>
    public readonly ref sbyte Sketch = ref sketch;

    /// <summary>One over the sketch's length.</summary>
    public readonly float SketchScale = sketchScale;

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

    /// <summary>Only what has a sketch that is nearer than this is looked at.</summary>
    public readonly float SketchFloor => Floor - Doubt;

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

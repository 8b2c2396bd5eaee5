namespace Perigee.Caching.Near;

/// <summary>One look through an index: what is looked for, and the nearest so far.</summary>
internal ref struct NearSearch(ref sbyte vector, float scale, float rearLength, int excess, uint skeleton, ScopeHash scope, float threshold, DateTimeOffset now)
{
    /// <summary>The vector that is looked for.</summary>
    public readonly ref sbyte Vector = ref vector;

    /// <summary>Of so many that might be near the nearest is told: to look at all of them, where there are thousands, would cost more than finding a hit.</summary>
    private const int MostRefused = 2_000;

    private NearCandidates _found;
    private int _looked;

    /// <summary>One over its length.</summary>
    public readonly float Scale = scale;

    /// <summary>See <see cref="VectorFronts.Excess"/>.</summary>
    public readonly int Excess = excess;

    /// <summary>The length of its rear, of a whole of 1: <see cref="SmallVector.RearLength"/>, and a little more for rounding.</summary>
    public readonly float RearLength = rearLength + 1e-4f;

    /// <summary>The skeleton that must be equal where it is known, or 0: <see cref="NearEntry.Skeleton"/>.</summary>
    public readonly uint Skeleton = skeleton;

    /// <summary>The scope that must be equal.</summary>
    public readonly ScopeHash Scope = scope;

    /// <summary>The scope's tag.</summary>
    public readonly uint Tag = scope.Tag;

    /// <summary>The time at which entries must be alive.</summary>
    public readonly DateTimeOffset Now = now;

    /// <summary>Only what is nearer than this is still of interest.</summary>
    public float Floor { get; private set; } = MathF.BitDecrement(threshold);

    /// <summary>Only what is nearer than this is of interest where the guards will refuse it: to be told with its reason.</summary>
    public float RefusedFloor { get; private set; } = MathF.BitDecrement(threshold);

    /// <summary>The nearest of those whose skeleton is another, or none.</summary>
    public NearCandidate? Refused { get; private set; }

    /// <summary>How many were found.</summary>
    public int Count { get; private set; }

    /// <summary>The nearest, best first.</summary>
    public readonly NearCandidates Found => _found;

    /// <summary>Notes that one was looked at which the guards will refuse.</summary>
    public void Look()
    {
        if (++_looked == MostRefused)
            RefusedFloor = float.PositiveInfinity;
    }

    /// <summary>Takes in one that the guards will refuse.</summary>
    public void Refuse(NearCandidate candidate)
    {
        Refused = candidate;
        RefusedFloor = MathF.Max(RefusedFloor, candidate.Similarity);
    }

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

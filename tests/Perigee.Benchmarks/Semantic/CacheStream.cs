namespace Perigee.Benchmarks.Semantic;

/// <summary>What a tier did with a query of the stream.</summary>
/// <param name="Asked">The query.</param>
/// <param name="Kept">The entry that was served; null for a miss.</param>
/// <param name="Score">How sure the tier was: the higher, the earlier on the curve.</param>
/// <param name="Right">Whether the entry answers the query.</param>
internal readonly record struct Answered(Ask Asked, Ask? Kept, double Score, bool Right);

/// <summary>
/// The pairs as a cache sees them: all first questions in a seeded order are entries, all second ones are queries, and what is nearest among <b>all</b> entries of
/// the same scope is the candidate.
/// </summary>
internal sealed class CacheStream
{
    /// <summary>Candidates that the guards look at, as in the gateway.</summary>
    public const int Candidates = 8;

    private readonly List<Ask> _queries;
    private readonly Dictionary<string, List<Ask>> _entries = [];
    private readonly Dictionary<string, Ask> _rows = [];
    private readonly Prepared _prepared;
    private readonly Meanings _meanings;

    /// <summary>Puts the first questions in.</summary>
    public CacheStream(IEnumerable<Pair> pairs, Prepared prepared, Meanings meanings, int seed)
    {
        (_prepared, _meanings) = (prepared, meanings);
        Pair[] shuffled = [.. pairs];
        new Random(seed).Shuffle(shuffled);
        _queries = [.. shuffled.Select(pair => pair.B)];
        foreach (Ask kept in shuffled.Select(pair => pair.A).DistinctBy(ask => ask.Whole))
        {
            (_entries.TryGetValue(kept.Scope, out List<Ask>? scope) ? scope : _entries[kept.Scope] = []).Add(kept);
            _rows.TryAdd("exact" + kept.Whole, kept);
            if (prepared.Row(kept) is { } row)
                _rows.TryAdd("folded" + row, kept);
        }
    }

    /// <summary>Entries.</summary>
    public int Entries => _entries.Values.Sum(scope => scope.Count);

    /// <summary>Serves what is exact.</summary>
    public List<Answered> Exact() => [.. _queries.Select(asked => Found(asked, _rows.GetValueOrDefault("exact" + asked.Whole), 1))];

    /// <summary>Serves what has the key.</summary>
    public List<Answered> Equivalent() => [.. _queries.Select(asked => Found(asked, ByKey(asked), 1))];

    /// <summary>Serves the key, then the nearest that passes the guards; and the nearest whatever the guards say, down to any cosine.</summary>
    public (List<Answered> Guarded, List<Answered> Bare) Near()
    {
        List<Answered> guarded = [];
        List<Answered> bare = [];
        foreach (Ask asked in _queries)
        {
            List<(Ask Kept, double Cosine)> nearest = Nearest(asked);
            bare.Add(nearest.Count == 0 ? Found(asked, null, 0) : Found(asked, nearest[0].Kept, nearest[0].Cosine));
            if (ByKey(asked) is { } kept)
            {
                guarded.Add(Found(asked, kept, 2));
                continue;
            }

            (Ask? passed, double cosine) = nearest.Find(one => one.Cosine >= _prepared.Embedder!.Threshold && Tiers.Guarded(_prepared, asked, one.Kept));
            guarded.Add(Found(asked, passed, cosine));
        }

        return (guarded, bare);
    }

    private Ask? ByKey(Ask asked) => _rows.GetValueOrDefault("exact" + asked.Whole) ?? (_prepared.Row(asked) is { } row ? _rows.GetValueOrDefault("folded" + row) : null);

    private Answered Found(Ask asked, Ask? kept, double score) => new(asked, kept, score, kept is not null && _meanings.Same(asked, kept));

    private List<(Ask Kept, double Cosine)> Nearest(Ask asked)
    {
        PriorityQueue<Ask, double> best = new();
        if (_prepared.Vector(asked) is { } vector && _entries.TryGetValue(asked.Scope, out List<Ask>? scope))
        {
            foreach (Ask kept in scope)
            {
                double cosine = _prepared.Vector(kept) is { } other ? Prepared.Cosine(vector, other) : -1;
                if (best.Count < Candidates)
                    best.Enqueue(kept, cosine);
                else
                    best.EnqueueDequeue(kept, cosine);
            }
        }

        List<(Ask, double)> nearest = [];
        while (best.TryDequeue(out Ask? kept, out double cosine))
            nearest.Add((kept, cosine));
        nearest.Reverse();
        return nearest;
    }
}

namespace Perigee.Catalog;

/// <summary>Finds what a mistyped name probably meant.</summary>
internal static class NearestNames
{
    // A name comes from a request: its length bounds the work of a comparison.
    private const int LongestCompared = 128;

    /// <summary>Up to <paramref name="count"/> candidates that are near enough, the nearest first.</summary>
    /// <param name="name">What was asked for.</param>
    /// <param name="candidates">What there is.</param>
    /// <param name="count">The most to give back.</param>
    /// <param name="alsoTail">Compare with the part behind a candidate's first slash too: <c>gpt-4o</c> is near <c>openai/gpt-4o</c>.</param>
    public static IReadOnlyList<string> Of(string name, IEnumerable<string> candidates, int count, bool alsoTail = false)
    {
        if (name.Length is 0 or > LongestCompared)
            return [];
        int worst = Math.Max(1, name.Length / 3);
        List<(int Distance, int Index, string Name)> near = [];
        int index = 0;
        foreach (string candidate in candidates)
        {
            int distance = Distance(name, candidate, worst);
            int slash = alsoTail ? candidate.IndexOf('/', StringComparison.Ordinal) : -1;
            if (slash >= 0)
                distance = Math.Min(distance, Distance(name, candidate.AsSpan(slash + 1), worst));
            if (distance <= worst)
                near.Add((distance, index, candidate));
            index++;
        }

        near.Sort();
        return [.. near.Select(found => found.Name).Distinct(StringComparer.Ordinal).Take(count)];
    }

    // Optimal string alignment (Damerau), case folded: a swap of neighbours is the commonest slip of the fingers.
    private static int Distance(ReadOnlySpan<char> a, ReadOnlySpan<char> b, int worst)
    {
        if (Math.Abs(a.Length - b.Length) > worst || b.Length > LongestCompared)
            return int.MaxValue;
        Span<int> before = stackalloc int[LongestCompared + 1], last = stackalloc int[LongestCompared + 1], row = stackalloc int[LongestCompared + 1];
        for (int j = 0; j <= b.Length; j++)
            last[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            char c = char.ToLowerInvariant(a[i - 1]);
            for (int j = 1; j <= b.Length; j++)
            {
                char d = char.ToLowerInvariant(b[j - 1]);
                int best = Math.Min(Math.Min(last[j] + 1, row[j - 1] + 1), last[j - 1] + (c == d ? 0 : 1));
                if (i > 1 && j > 1 && c == char.ToLowerInvariant(b[j - 2]) && d == char.ToLowerInvariant(a[i - 2]))
                    best = Math.Min(best, before[j - 2] + 1);
                row[j] = best;
            }

            Span<int> free = before;
            before = last;
            last = row;
            row = free;
        }

        return last[b.Length];
    }
}

namespace Perigee.Usage;

/// <summary>A line of an answer.</summary>
/// <param name="Start">The beginning of its bucket.</param>
/// <param name="Group">By what it is told apart.</param>
/// <param name="Cell">Its numbers.</param>
internal readonly record struct UsageLine(DateTimeOffset Start, UsageGroupKey Group, UsageCell Cell);

/// <summary>Sums rollups to what a query asks for.</summary>
internal sealed class UsageReport(UsageStore store)
{
    /// <summary>The most lines of an answer: more is a question to the log's blobs.</summary>
    public const int MostLines = 100_000;

    /// <summary>The lines in the order of time, then of the groups' values; null where there are more than <see cref="MostLines"/>.</summary>
    /// <exception cref="Storage.StorageException">The storage does not answer.</exception>
    public async ValueTask<List<UsageLine>?> ReadAsync(UsageQuery query, CancellationToken cancel)
    {
        Dictionary<(DateTimeOffset, UsageGroupKey), UsageCell> sums = [];
        Dictionary<UsageGroup, UsageGroupKey?> shown = [];
        bool tooMany = false;
        await store.ReadAsync(query.Pieces, (span, group, cell) =>
        {
            if (!shown.TryGetValue(group, out UsageGroupKey? key))
                shown[group] = key = query.Shown(group);
            if (key is null)
                return;
            (DateTimeOffset, UsageGroupKey) place = (query.StartOf(span), key);
            if (!sums.TryGetValue(place, out UsageCell? sum))
            {
                if (sums.Count >= MostLines)
                {
                    tooMany = true;
                    return;
                }

                sums[place] = sum = new UsageCell();
            }

            sum.Merge(cell);
        }, cancel);
        if (tooMany)
            return null;

        // What a correction took back to nothing is not there.
        List<UsageLine> lines = [.. sums.Where(static pair => !pair.Value.IsZero).Select(static pair => new UsageLine(pair.Key.Item1, pair.Key.Item2, pair.Value))];
        lines.Sort(static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : Compare(a.Group.Values, b.Group.Values));
        return lines;
    }

    private static int Compare(string[] a, string[] b)
    {
        for (int i = 0; i < a.Length; i++)
        {
            if (string.CompareOrdinal(a[i], b[i]) is not 0 and var order)
                return order;
        }

        return 0;
    }
}

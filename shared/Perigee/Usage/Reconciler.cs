using Perigee.Storage;

namespace Perigee.Usage;

/// <summary>
/// Holds an hour of rollups against the log's blobs. A correction is the difference, as rows of a writer of its own in the hour's minutes, the hour and its day: they add up to what the blobs say.
/// Made again it is the same, whatever was there of it.
/// </summary>
internal sealed class Reconciler(IStorage storage, UsageStore store)
{
    private const char Mark = '~';
    private const int RowsAtOnce = 50;

    /// <summary>Reads both.</summary>
    /// <param name="hour">The hour's beginning.</param>
    /// <param name="ahead">How many hours of blobs behind it are looked at.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="StorageException">The storage does not answer.</exception>
    public async ValueTask<Reconciliation> CompareAsync(DateTimeOffset hour, int ahead, CancellationToken cancel)
    {
        LoggedHour logged = new(hour);
        await logged.ReadAsync(storage.Blobs("logs"), ahead, cancel);
        Dictionary<UsageGroup, UsageCell> rollups = [];
        await store.ReadAsync([new UsagePiece(UsagePeriod.Hour, hour, hour.AddHours(1))], (_, group, cell) => Into(rollups, group).Merge(cell), cancel);
        return new Reconciliation(hour, logged, rollups);
    }

    /// <summary>Writes the difference between what instances counted and what the blobs say.</summary>
    /// <param name="found">What was read.</param>
    /// <param name="minutes">Whether the hour's minutes are still kept.</param>
    /// <param name="cancel">Gives up: made again it is made whole.</param>
    /// <returns>How many rows the correction has.</returns>
    /// <exception cref="StorageException">The storage does not answer: it may be written in part, and is to be made again.</exception>
    public async ValueTask<int> ApplyAsync(Reconciliation found, bool minutes, CancellationToken cancel)
    {
        DateTimeOffset hour = found.Hour;
        string writer = FormattableString.Invariant($"{Mark}reconcile-{hour.UtcDateTime:HH}");
        Dictionary<(UsagePeriod Period, DateTimeOffset Start), Dictionary<UsageGroup, UsageCell>> spans = [];
        foreach (((int minute, UsageGroup group), UsageCell cell) in found.Logged.Cells)
            Count(hour.AddMinutes(minute), group, cell, 1);
        UsagePiece[] pieces = [new(UsagePeriod.Hour, hour, hour.AddHours(1))];
        await store.ReadAsync(pieces, (_, group, cell) => CountHour(group, cell, -1), cancel, IsInstance);
        if (minutes)
        {
            await store.ReadAsync(
                [new UsagePiece(UsagePeriod.Minute, hour, hour.AddHours(1))], (start, group, cell) => Into(Span(UsagePeriod.Minute, start), group).Merge(cell, -1), cancel, IsInstance);
        }

        List<TableRow> rows = [];
        HashSet<string> keys = new(StringComparer.Ordinal);
        System.Buffers.ArrayBufferWriter<byte> body = new();
        foreach (((UsagePeriod period, DateTimeOffset start), Dictionary<UsageGroup, UsageCell> groups) in spans)
        {
            int slot = 0;
            foreach (KeyValuePair<UsageGroup, UsageCell>[] some in groups.Where(static pair => !pair.Value.IsZero).Chunk(SpanRollup.SlotSize))
            {
                body.ResetWrittenCount();
                UsageForm.Write(body, some);
                TableRow row = UsageRow.Make(period, start, writer, slot++, body.WrittenSpan);
                keys.Add(row.Row);
                rows.Add(row);
            }
        }

        int made = rows.Count;

        // What an earlier correction has beyond this one becomes empty, in the same breath.
        body.ResetWrittenCount();
        UsageForm.Write(body, []);
        foreach ((UsagePeriod period, DateTimeOffset start, string key) in await OwnRowsAsync(hour, writer, cancel))
        {
            if (keys.Add(key))
                rows.Add(UsageRow.Make(period, start, writer, int.Parse(key[^3..], System.Globalization.NumberStyles.AllowHexSpecifier, null), body.WrittenSpan));
        }

        foreach (TableRow[] some in rows.Chunk(RowsAtOnce))
            await store.Table.WriteTogetherAsync([.. some.Select(static row => new TableWrite(row, WriteWhen.Always))], cancel);
        return made;

        Dictionary<UsageGroup, UsageCell> Span(UsagePeriod period, DateTimeOffset start)
        {
            if (!spans.TryGetValue((period, start), out Dictionary<UsageGroup, UsageCell>? groups))
                spans[(period, start)] = groups = [];
            return groups;
        }

        void CountHour(UsageGroup group, UsageCell cell, int times)
        {
            Into(Span(UsagePeriod.Hour, hour), group).Merge(cell, times);
            Into(Span(UsagePeriod.Day, UsagePeriods.StartOf(UsagePeriod.Day, hour)), group).Merge(cell, times);
        }

        void Count(DateTimeOffset minute, UsageGroup group, UsageCell cell, int times)
        {
            if (minutes)
                Into(Span(UsagePeriod.Minute, minute), group).Merge(cell, times);
            CountHour(group, cell, times);
        }
    }

    private static bool IsInstance(string writer) => !writer.StartsWith(Mark);

    private static UsageCell Into(Dictionary<UsageGroup, UsageCell> sums, UsageGroup group)
    {
        if (!sums.TryGetValue(group, out UsageCell? sum))
            sums[group] = sum = new UsageCell();
        return sum;
    }

    private async ValueTask<List<(UsagePeriod Period, DateTimeOffset Start, string Key)>> OwnRowsAsync(DateTimeOffset hour, string writer, CancellationToken cancel)
    {
        List<(UsagePeriod, DateTimeOffset, string)> own = [];
        DateTimeOffset day = UsagePeriods.StartOf(UsagePeriod.Day, hour);
        foreach ((UsagePeriod period, TimeSpan from, TimeSpan to) in new[]
        {
            (UsagePeriod.Minute, hour - day, hour.AddHours(1) - day), (UsagePeriod.Hour, hour - day, hour.AddHours(1) - day), (UsagePeriod.Day, TimeSpan.Zero, TimeSpan.FromDays(1)),
        })
        {
            await foreach (TableRow row in store.Table.ReadAsync(UsagePeriods.PartitionOf(day), UsagePeriods.NameOf(period, from), UsagePeriods.NameOf(period, to), cancel))
            {
                if (UsageRow.TryParse(period, row.Row, out TimeSpan offset, out string by) && by == writer)
                    own.Add((period, day + offset, row.Row));
            }
        }

        return own;
    }
}

/// <summary>An hour as the rollups and the log's blobs have it.</summary>
/// <param name="Hour">The hour's beginning.</param>
/// <param name="Logged">What the blobs say.</param>
/// <param name="Rollups">What the rollups say, earlier corrections included.</param>
internal sealed record Reconciliation(DateTimeOffset Hour, LoggedHour Logged, Dictionary<UsageGroup, UsageCell> Rollups)
{
    /// <summary>Of each group what the rollups say, what the blobs say and what is to be added to the rollups to be the same; only groups that differ.</summary>
    public List<(UsageGroup Group, UsageCell Rollups, UsageCell Logged, UsageCell Difference)> Differences()
    {
        Dictionary<UsageGroup, UsageCell> logged = [];
        foreach (((_, UsageGroup group), UsageCell cell) in Logged.Cells)
        {
            if (!logged.TryGetValue(group, out UsageCell? sum))
                logged[group] = sum = new UsageCell();
            sum.Merge(cell);
        }

        List<(UsageGroup, UsageCell, UsageCell, UsageCell)> differences = [];
        foreach (UsageGroup group in logged.Keys.Union(Rollups.Keys))
        {
            UsageCell there = logged.GetValueOrDefault(group) ?? new UsageCell(), here = Rollups.GetValueOrDefault(group) ?? new UsageCell(), difference = new();
            difference.Merge(there);
            difference.Merge(here, -1);
            if (!difference.IsZero)
                differences.Add((group, here, there, difference));
        }

        return differences;
    }

    /// <summary>
    /// By how many requests both differ beyond what is known to be lost: rollups may know as many more as records were dropped or went with a process that was killed, and no fewer.
    /// </summary>
    public long Unexplained
    {
        get
        {
            (UsageCell rollups, UsageCell logged) = Totals();
            long more = rollups.Requests - logged.Requests;
            return more < 0 ? -more : Math.Max(0, more - Logged.Dropped - Logged.Lost);
        }
    }

    /// <summary>The sums over all groups.</summary>
    public (UsageCell Rollups, UsageCell Logged) Totals()
    {
        UsageCell rollups = new(), logged = new();
        foreach (UsageCell cell in Rollups.Values)
            rollups.Merge(cell);
        foreach (UsageCell cell in Logged.Cells.Values)
            logged.Merge(cell);
        return (rollups, logged);
    }
}

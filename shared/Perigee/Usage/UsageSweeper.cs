using Perigee.Storage;

namespace Perigee.Usage;

/// <summary>
/// Removes rows that are older than they are kept: of each length of time the days that ended since the last sweep, which a row of the table remembers. So a sweep
/// reads no more than what it removes, and one that finds nothing reads three rows. Two at once do the same work twice and no harm.
/// </summary>
internal sealed class UsageSweeper(UsageStore store, TimeProvider time)
{
    private const string State = "swept";
    private const string Through = "through";

    /// <summary>Removes what is too old.</summary>
    /// <returns>How many rows were removed.</returns>
    /// <exception cref="StorageException">The storage does not answer: the next sweep goes on.</exception>
    public async ValueTask<int> SweepAsync(UsageOptions options, CancellationToken cancel)
    {
        int removed = 0;
        DateTimeOffset today = UsagePeriods.StartOf(UsagePeriod.Day, time.GetUtcNow());
        for (UsagePeriod period = UsagePeriod.Minute; period <= UsagePeriod.Day; period++)
        {
            DateTimeOffset last = today.AddDays(-options.DaysOf(period) - 1);
            string name = period.ToString();
            TableRow? state = await store.Table.FindAsync(State, name, cancel);

            // The first sweep of all: there is nothing of before.
            DateTimeOffset day = state?.Moment(Through) is { } through ? through.AddDays(1) : last;
            for (; day <= last; day = day.AddDays(1))
            {
                removed += await RemoveAsync(period, day, cancel);
                await store.Table.WriteAsync(new TableRow(State, name).Set(Through, day), WriteWhen.Always, cancel);
            }
        }

        return removed;
    }

    private async ValueTask<int> RemoveAsync(UsagePeriod period, DateTimeOffset day, CancellationToken cancel)
    {
        List<string> rows = [];
        string partition = UsagePeriods.PartitionOf(day);
        await foreach (TableRow row in store.Table.ReadAsync(
            partition, UsagePeriods.NameOf(period, TimeSpan.Zero), UsagePeriods.NameOf(period, TimeSpan.FromDays(1)), cancel))
            rows.Add(row.Row);
        foreach (string row in rows)
            await store.Table.RemoveAsync(partition, row, null, cancel);
        return rows.Count;
    }
}

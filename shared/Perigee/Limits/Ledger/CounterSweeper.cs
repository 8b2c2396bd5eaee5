using Perigee.Storage;

namespace Perigee.Limits;

/// <summary>
/// Removes the rows of limits whose windows are long over: there is one for each end user, and no table drops them by itself. A row that is needed again begins anew,
/// with nothing taken, which is what it said. Rows of totals stay for ever.
/// </summary>
internal sealed class CounterSweeper(ITable table, TimeProvider time)
{
    private const int MostRemoved = 10_000;

    /// <summary>Looks through the table once.</summary>
    /// <returns>How many rows were removed.</returns>
    /// <exception cref="StorageException">The storage does not answer: the next time will do.</exception>
    public async Task<int> SweepAsync(CancellationToken cancel)
    {
        int removed = 0;
        await foreach (TableRow row in table.ScanAsync(cancel))
        {
            if (removed == MostRemoved)
                break;

            // Who writes it at this moment wins: the version must be the one that was seen.
            if (row.WrittenAt is { } written && row.ETag is { } etag && KeptFor(row.Row) is { } kept && time.GetUtcNow() - written > kept
                && await table.RemoveAsync(row.Partition, row.Row, etag, cancel))
            {
                removed++;
            }
        }

        return removed;
    }

    /// <summary>
    /// How long after its last write a row may still count, with a day or more to spare for clocks and time zones: by the period in its key
    /// (<see cref="LimitShape.Key"/>). Null for ever, and for what is no counter.
    /// </summary>
    internal static TimeSpan? KeptFor(string key)
    {
        string[] parts = key.Split('-', 3);
        if (parts.Length < 3 || !Enum.TryParse(parts[0], out LimitMeter _) || !Enum.TryParse(parts[1], out LimitPeriod period))
            return null;
        return period switch
        {
            LimitPeriod.None or LimitPeriod.Second or LimitPeriod.Minute or LimitPeriod.Hour => TimeSpan.FromDays(1),
            LimitPeriod.Day => TimeSpan.FromDays(3),
            LimitPeriod.Week => TimeSpan.FromDays(16),
            LimitPeriod.Month => TimeSpan.FromDays(64),
            _ => null,
        };
    }
}

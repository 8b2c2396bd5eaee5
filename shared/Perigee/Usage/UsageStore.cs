using Perigee.Storage;

namespace Perigee.Usage;

/// <summary>The table <c>usage</c>: writes the rows of this instance, reads those of all.</summary>
internal sealed class UsageStore(IStorage storage, UsageRollups rollups) : IDisposable
{
    // Under the 4 MiB of a batch by more than its largest row, as base64, which is how they travel.
    private const int MostBatchBytes = 2 * 1024 * 1024;
    private const int MostRows = TableLimits.BatchRows;
    private const int ReadsAtOnce = 8;

    private readonly ITable _table = storage.Table(UsageRow.Table);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _damaged;

    /// <summary>The table.</summary>
    public ITable Table => _table;

    /// <summary>Rows that could not be read as they are damaged, since the start.</summary>
    public long Damaged => Interlocked.Read(ref _damaged);

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    /// <summary>Writes what this instance has counted since the last time. All that a group used is in one batch: minute, hour and day agree.</summary>
    /// <returns>How many rows were written.</returns>
    /// <exception cref="StorageException">The storage does not answer: what is not known to be written is still owed.</exception>
    public async ValueTask<int> FlushAsync(CancellationToken cancel)
    {
        // One that was given up may still be on its way out: what it could not write is owed only then, and the last flush of all must not miss it.
        await _turn.WaitAsync(cancel);
        try
        {
            return await FlushOwedAsync(cancel);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Sums the rows of all writers and what this instance has not written yet.</summary>
    /// <param name="pieces">The spans that are asked for.</param>
    /// <param name="take">Is given the beginning of a span, a group and its cell, which it must not keep. Never called by two threads at once.</param>
    /// <param name="cancel">Gives up.</param>
    /// <param name="wanted">Which writers count; null for all.</param>
    /// <exception cref="StorageException">The storage does not answer.</exception>
    public async ValueTask ReadAsync(
        IReadOnlyList<UsagePiece> pieces, Action<DateTimeOffset, UsageGroup, UsageCell> take, CancellationToken cancel, Func<string, bool>? wanted = null)
    {
        Lock turn = new();

        // Memory first: what is written behind this look has a writer that was not seen here, or numbers that were.
        HashSet<string> held = rollups.Read(pieces, take);
        await Parallel.ForEachAsync(
            pieces.SelectMany(PartitionsOf), new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancel },
            async (part, stop) =>
            {
                await foreach (TableRow row in _table.ReadAsync(UsagePeriods.PartitionOf(part.Day), part.From, part.To, stop))
                {
                    if (!UsageRow.TryParse(part.Period, row.Row, out TimeSpan offset, out string writer) || held.Contains(writer) || wanted?.Invoke(writer) == false)
                        continue;
                    lock (turn)
                    {
                        if (!UsageRow.TryRead(row, (group, cell) => take(part.Day + offset, group, cell)))
                            Interlocked.Increment(ref _damaged);
                    }
                }
            });
    }

    private async ValueTask<int> FlushOwedAsync(CancellationToken cancel)
    {
        int written = 0;
        List<UsageWrite> batch = [];
        int bytes = 0;
        string partition = "";
        foreach ((DayRollup day, int slot) in rollups.Owed())
        {
            // A slot may have rows of many minutes after an outage: more than one batch takes.
            while (rollups.Begin(day, slot, MostRows, MostBatchBytes) is { Count: > 0 } writes)
            {
                string next = UsagePeriods.PartitionOf(day.Day);
                int more = writes.Sum(static write => write.Body.Length);
                if (batch.Count > 0 && (partition != next || batch.Count + writes.Count > MostRows || bytes + more > MostBatchBytes))
                {
                    written += await WriteAsync(batch, writes, cancel);
                    (batch, bytes) = ([], 0);
                }

                partition = next;
                bytes += more;
                batch.AddRange(writes);
            }
        }

        return batch.Count > 0 ? written + await WriteAsync(batch, [], cancel) : written;
    }

    private static IEnumerable<(UsagePeriod Period, DateTimeOffset Day, string From, string To)> PartitionsOf(UsagePiece piece)
    {
        for (DateTimeOffset day = UsagePeriods.StartOf(UsagePeriod.Day, piece.From); day < piece.To; day = day.AddDays(1))
        {
            TimeSpan from = piece.From > day ? piece.From - day : TimeSpan.Zero;
            TimeSpan to = piece.To < day.AddDays(1) ? piece.To - day : TimeSpan.FromDays(1);
            yield return (piece.Period, day, UsagePeriods.NameOf(piece.Period, from), UsagePeriods.NameOf(piece.Period, to));
        }
    }

    private async ValueTask<int> WriteAsync(List<UsageWrite> batch, List<UsageWrite> begun, CancellationToken cancel)
    {
        bool written = false;
        try
        {
            await _table.WriteTogetherAsync(
                [.. batch.Select(static write => new TableWrite(UsageRow.Make(write.Span.Period, write.Span.Start, write.Span.Writer, write.Slot, write.Body), WriteWhen.Always))],
                cancel);
            written = true;
            return batch.Count;
        }
        finally
        {
            rollups.End(batch, written);

            // Those that were to be in the next batch are tried again in the next flush.
            if (!written && begun.Count > 0)
                rollups.End(begun, false);
        }
    }
}

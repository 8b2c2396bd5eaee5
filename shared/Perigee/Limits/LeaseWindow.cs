using System.Globalization;
using Perigee.Storage;

namespace Perigee.Limits;

/// <summary>
/// One key's requests in one UTC minute. The durable row says how many requests all processes together have debited; a slice is debited there
/// first and spent here afterwards, so the limit cannot be exceeded, whatever fails. Not thread-safe: <see cref="KeyLease"/> holds the lock.
/// </summary>
internal sealed class LeaseWindow(string partition, long minute)
{
    /// <summary>Minutes since 1970.</summary>
    public long Minute { get; } = minute;

    /// <summary>When the window ends.</summary>
    public DateTimeOffset EndsAt { get; } = DateTimeOffset.UnixEpoch.AddMinutes(minute + 1);

    /// <summary>Who waits for a slice, in order.</summary>
    public Queue<TaskCompletionSource<Admission>> Waiting { get; } = new();

    /// <summary>Debited and not yet spent.</summary>
    public int Balance { get; set; }

    /// <summary>The durable count as last seen.</summary>
    public int Used { get; set; }

    /// <summary>The row's version as last seen; null where it must be read first.</summary>
    public string? ETag { get; set; }

    /// <summary>Whether the row was seen to be absent.</summary>
    public bool Absent { get; set; }

    /// <summary>A write whose outcome is unknown, by its mark.</summary>
    public (string Mark, int Taken)? Pending { get; set; }

    /// <summary>Whether somebody talks to the storage about this window.</summary>
    public bool Busy { get; set; }

    /// <summary>Until then (TimeProvider ticks) the limit is taken to be used up; afterwards others may have given slices back.</summary>
    public long? ExhaustedAt { get; set; }

    /// <summary>The limit that the latest request came with.</summary>
    public int Limit { get; set; }

    /// <summary>The row's key: sorts by time.</summary>
    public string RowKey => KeyOf(Minute);

    /// <summary>The row's partition.</summary>
    public string Partition => partition;

    /// <summary>The row key of a minute.</summary>
    public static string KeyOf(long minute) =>
        DateTimeOffset.UnixEpoch.AddMinutes(minute).ToString("yyyyMMddHHmm", CultureInfo.InvariantCulture);

    /// <summary>Takes over what a read found, and with it a write of ours whose reply was lost.</summary>
    /// <returns>What that write took: negative for one that gave back, 0 where none is found.</returns>
    public int See(TableRow? row)
    {
        Used = (int)(row?.Number("used") ?? 0);
        ETag = row?.ETag;
        Absent = row is null;

        // Under another mark the write may or may not have happened: then its slice is lost, never spent twice.
        int taken = Pending is { } pending && row?.Text("mark") == pending.Mark ? pending.Taken : 0;
        Pending = null;
        Balance += Math.Max(0, taken);
        return taken;
    }

    /// <summary>Whether a write happened is unknown: the next look reads first, and knows it by its mark.</summary>
    public void Doubt() => (ETag, Absent) = (null, false);

    /// <summary>The row with another count.</summary>
    public TableRow Row(int used, string mark) =>
        new TableRow(partition, RowKey) { ETag = ETag }.Set("used", used).Set("mark", mark);

    /// <summary>A verdict with what the headers say with it.</summary>
    public Admission Say(Verdict verdict) =>
        new(verdict, Limit, verdict == Verdict.Admitted ? Math.Clamp(Limit - Used + Balance, 0, Limit) : 0, EndsAt);

    /// <summary>Spends the balance on those who wait.</summary>
    public void Serve()
    {
        while (Balance > 0 && Waiting.TryDequeue(out TaskCompletionSource<Admission>? turn))
        {
            Balance--;
            if (!turn.TrySetResult(Say(Verdict.Admitted)))
                Balance++;
        }
    }

    /// <summary>Tells all who wait.</summary>
    public void Answer(Verdict verdict)
    {
        while (Waiting.TryDequeue(out TaskCompletionSource<Admission>? turn))
            turn.TrySetResult(Say(verdict));
    }

    /// <summary>How many still wait: some have gone away.</summary>
    public int CountWaiting()
    {
        int waiting = 0;
        foreach (TaskCompletionSource<Admission> turn in Waiting)
            waiting += turn.Task.IsCompleted ? 0 : 1;
        return waiting;
    }
}

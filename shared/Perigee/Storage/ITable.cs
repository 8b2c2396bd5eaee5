namespace Perigee.Storage;

/// <summary>
/// A table of rows under (partition, row), ordered by both in ordinal order: what Azure Table Storage can do and nothing more.
/// An expected outcome (no such row, lost race) is a result; only a storage that cannot answer throws <see cref="StorageException"/>.
/// </summary>
public interface ITable
{
    /// <summary>Point read. Null where there is no such row or no such table.</summary>
    ValueTask<TableRow?> FindAsync(string partition, string row, CancellationToken cancel);

    /// <summary>The rows of one partition with <paramref name="from"/> &lt;= row &lt; <paramref name="to"/> in row order; null is open-ended. Paged underneath.</summary>
    IAsyncEnumerable<TableRow> ReadAsync(string partition, string? from, string? to, CancellationToken cancel);

    /// <summary>Every row of the table in key order, for management only: a scan.</summary>
    IAsyncEnumerable<TableRow> ScanAsync(CancellationToken cancel);

    /// <summary>Writes the whole row (a replace, never a merge) if <paramref name="when"/> holds.</summary>
    /// <exception cref="TableLimitException">The row breaks a limit of Table Storage (see <see cref="TableLimits"/>).</exception>
    ValueTask<WriteResult> WriteAsync(TableRow row, WriteWhen when, CancellationToken cancel);

    /// <summary>
    /// Writes up to 100 rows of one partition, all or none. On a conflict <see cref="WriteResult.FailedIndex"/> names the first row that lost.
    /// The ETags of a batch are not given back: read a row again to write it Unchanged.
    /// </summary>
    /// <exception cref="TableLimitException">The batch or a row breaks a limit of Table Storage.</exception>
    ValueTask<WriteResult> WriteTogetherAsync(IReadOnlyList<TableWrite> writes, CancellationToken cancel);

    /// <summary>Removes a row; with an <paramref name="etag"/> only if it is unchanged. False where it was not there or has changed.</summary>
    ValueTask<bool> RemoveAsync(string partition, string row, string? etag, CancellationToken cancel);
}

/// <summary>The condition of a write.</summary>
public enum WriteWhen
{
    /// <summary>Insert or replace.</summary>
    Always,

    /// <summary>Only where no such row exists.</summary>
    Absent,

    /// <summary>Only where the row still has the <see cref="TableRow.ETag"/> given.</summary>
    Unchanged,
}

/// <summary>One row of a batch and its condition.</summary>
public readonly record struct TableWrite(TableRow Row, WriteWhen When);

/// <summary>What became of a write.</summary>
/// <param name="Written">False: the condition did not hold and nothing was written.</param>
/// <param name="ETag">The row's new version after a single successful write, else null.</param>
/// <param name="FailedIndex">The index of the row that lost in a batch, else -1.</param>
public readonly record struct WriteResult(bool Written, string? ETag = null, int FailedIndex = -1)
{
    /// <summary>The condition did not hold.</summary>
    public static WriteResult Conflict(int index = -1) => new(false, null, index);
}

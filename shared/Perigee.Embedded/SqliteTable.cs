using System.Runtime.CompilerServices;
using Perigee.Storage;

namespace Perigee.Embedded;

/// <summary>A table as the rows of that name in the one SQLite table.</summary>
internal sealed class SqliteTable(SqliteFile file, string name, TimeProvider time) : ITable
{
    public ValueTask<TableRow?> FindAsync(string partition, string row, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return ValueTask.FromResult(file.Read(statements => statements.Find(name, partition, row)));
    }

    public async IAsyncEnumerable<TableRow> ReadAsync(
        string partition, string? from, string? to, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        string next = from ?? "";
        bool more = true;
        while (more)
        {
            cancel.ThrowIfCancellationRequested();
            List<TableRow> rows = [];
            more = file.Read(statements => statements.Page(name, partition, next, to, rows));
            foreach (TableRow row in rows)
                yield return row;
            if (more)
                next = After(rows[^1].Row);
        }
    }

    public async IAsyncEnumerable<TableRow> ScanAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        (string partition, string next) = ("", "");
        bool more = true;
        while (more)
        {
            cancel.ThrowIfCancellationRequested();
            List<TableRow> rows = [];
            more = file.Read(statements => statements.Scan(name, partition, next, rows));
            foreach (TableRow row in rows)
                yield return row;
            if (more)
                (partition, next) = (rows[^1].Partition, After(rows[^1].Row));
        }
    }

    public async ValueTask<WriteResult> WriteAsync(TableRow row, WriteWhen when, CancellationToken cancel)
    {
        TableLimits.Check(row);

        // Encoded here and not on the writer's thread: the row may be changed by its owner once this call returns.
        byte[] data = RowCodec.Write(row, time.GetUtcNow());
        string? version = await file.WriteAsync(statements => statements.Write(name, new TableWrite(row, when), data), cancel);
        return version is null ? WriteResult.Conflict() : new WriteResult(true, version);
    }

    public async ValueTask<WriteResult> WriteTogetherAsync(IReadOnlyList<TableWrite> writes, CancellationToken cancel)
    {
        TableLimits.CheckBatch(writes);
        DateTimeOffset now = time.GetUtcNow();
        byte[][] data = [.. writes.Select(write => RowCodec.Write(write.Row, now))];
        int failed = await file.WriteAsync(statements => statements.WriteTogether(name, writes, data), cancel);
        return failed < 0 ? new WriteResult(true) : WriteResult.Conflict(failed);
    }

    public ValueTask<bool> RemoveAsync(string partition, string row, string? etag, CancellationToken cancel) =>
        file.WriteAsync(statements => statements.Remove(name, partition, row, etag), cancel);

    /// <summary>The lowest key behind this one. No row has it: keys hold no control characters.</summary>
    private static string After(string row) => row + '\0';
}

using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Perigee.Storage;

namespace Perigee.Azure;

/// <summary>One table of Table Storage. The table is made when a first write finds it missing, so no other write pays for the question.</summary>
internal sealed class AzureTable(TableClient table) : ITable
{
    private const string Service = "Table Storage";

    public async ValueTask<TableRow?> FindAsync(string partition, string row, CancellationToken cancel)
    {
        try
        {
            NullableResponse<TableEntity> found = await table.GetEntityIfExistsAsync<TableEntity>(partition, row, cancellationToken: cancel);
            return found.HasValue ? Entities.Row(found.Value!) : null;
        }
        catch (Exception fault) when (Faults.IsStorage(fault, cancel))
        {
            return IsMissingTable(fault) ? null : throw Faults.Translate(Service, fault);
        }
    }

    public IAsyncEnumerable<TableRow> ReadAsync(string partition, string? from, string? to, CancellationToken cancel)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {partition}");
        if (from is not null)
            filter += TableClient.CreateQueryFilter($" and RowKey ge {from}");
        if (to is not null)
            filter += TableClient.CreateQueryFilter($" and RowKey lt {to}");
        return QueryAsync(filter, cancel);
    }

    public IAsyncEnumerable<TableRow> ScanAsync(CancellationToken cancel) => QueryAsync(null, cancel);

    public async ValueTask<WriteResult> WriteAsync(TableRow row, WriteWhen when, CancellationToken cancel)
    {
        TableLimits.Check(row);
        TableEntity entity = Entities.Entity(row);
        try
        {
            Response response = await WithTableAsync(
                () => when switch
                {
                    WriteWhen.Always => table.UpsertEntityAsync(entity, TableUpdateMode.Replace, cancel),
                    WriteWhen.Absent => table.AddEntityAsync(entity, cancel),
                    _ => table.UpdateEntityAsync(entity, Expected(row), TableUpdateMode.Replace, cancel),
                },
                cancel);
            return new WriteResult(true, response.Headers.ETag?.ToString());
        }
        catch (Exception fault) when (Faults.IsStorage(fault, cancel))
        {
            return IsConflict(fault) ? WriteResult.Conflict() : throw Faults.Translate(Service, fault);
        }
    }

    public async ValueTask<WriteResult> WriteTogetherAsync(IReadOnlyList<TableWrite> writes, CancellationToken cancel)
    {
        TableLimits.CheckBatch(writes);
        TableTransactionAction[] actions = [.. writes.Select(static write => write.When switch
        {
            WriteWhen.Always => new TableTransactionAction(TableTransactionActionType.UpsertReplace, Entities.Entity(write.Row)),
            WriteWhen.Absent => new TableTransactionAction(TableTransactionActionType.Add, Entities.Entity(write.Row)),
            _ => new TableTransactionAction(TableTransactionActionType.UpdateReplace, Entities.Entity(write.Row), Expected(write.Row)),
        })];
        try
        {
            await WithTableAsync(() => table.SubmitTransactionAsync(actions, cancel), cancel);
            return new WriteResult(true);
        }
        catch (Exception fault) when (Faults.IsStorage(fault, cancel))
        {
            if (!IsConflict(fault))
                throw Faults.Translate(Service, fault);
            return WriteResult.Conflict((fault as TableTransactionFailedException)?.FailedTransactionActionIndex ?? 0);
        }
    }

    public async ValueTask<bool> RemoveAsync(string partition, string row, string? etag, CancellationToken cancel)
    {
        try
        {
            // 404 comes back as a plain response, 412 as an exception.
            Response response = await table.DeleteEntityAsync(partition, row, etag is null ? ETag.All : new ETag(etag), cancel);
            return response.Status < 300;
        }
        catch (Exception fault) when (Faults.IsStorage(fault, cancel))
        {
            return IsConflict(fault) || IsMissingTable(fault) ? false : throw Faults.Translate(Service, fault);
        }
    }

    private static ETag Expected(TableRow row) =>
        row.ETag is { Length: > 0 } etag ? new ETag(etag) : throw new ArgumentException("A write of an unchanged row needs the ETag that was read.");

    private static bool IsMissingTable(Exception fault) =>
        fault is RequestFailedException { Status: 404 } missing && missing.ErrorCode == TableErrorCode.TableNotFound;

    /// <summary>Not every 409 is a lost race: a table that is being deleted is a storage that cannot answer.</summary>
    private static bool IsConflict(Exception fault) => fault is RequestFailedException failed && failed.Status switch
    {
        412 => true,
        409 => failed.ErrorCode == TableErrorCode.EntityAlreadyExists,
        404 => failed.ErrorCode == TableErrorCode.ResourceNotFound || failed.ErrorCode == "EntityDoesNotExist",
        _ => false,
    };

    private async Task<T> WithTableAsync<T>(Func<Task<T>> write, CancellationToken cancel)
    {
        try
        {
            return await write();
        }
        catch (RequestFailedException fault) when (IsMissingTable(fault))
        {
            await table.CreateIfNotExistsAsync(cancel);
            return await write();
        }
    }

    private async IAsyncEnumerable<TableRow> QueryAsync(string? filter, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using IAsyncEnumerator<Page<TableEntity>> pages =
            table.QueryAsync<TableEntity>(filter, cancellationToken: cancel).AsPages().GetAsyncEnumerator(cancel);
        while (await NextAsync(pages, cancel))
        {
            foreach (TableEntity entity in pages.Current.Values)
                yield return Entities.Row(entity);
        }
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<Page<TableEntity>> pages, CancellationToken cancel)
    {
        try
        {
            return await pages.MoveNextAsync();
        }
        catch (Exception fault) when (Faults.IsStorage(fault, cancel))
        {
            return IsMissingTable(fault) ? false : throw Faults.Translate(Service, fault);
        }
    }
}

using System.Runtime.CompilerServices;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>The table of organisations and teams: two partitions, in the order in which they were made unless the operator chose their ids.</summary>
internal sealed class OwnerStore(SharedTables tables)
{
    private readonly ITable _table = tables.Home("owners");
    private readonly ITable _own = tables.Own("owners");

    /// <summary>Point read of it as it was written.</summary>
    public ValueTask<OwnerRecord?> FindAsync(string id, CancellationToken cancel) => FindAsync(_table, id, cancel);

    /// <summary>Point read of it as this region has it: for requests.</summary>
    public ValueTask<OwnerRecord?> FindOwnAsync(string id, CancellationToken cancel) => FindAsync(_own, id, cancel);

    /// <summary>Those of a kind behind an id, in the order of ids.</summary>
    public async IAsyncEnumerable<OwnerRecord> ListAsync(LevelKind kind, string? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        // The least text that is greater than an id.
        await foreach (TableRow row in _table.ReadAsync(kind.Word, after is null ? null : after + " ", null, cancel))
        {
            if (OwnerRecord.FromRow(row) is { } record)
                yield return record;
        }
    }

    /// <summary>Stores a new one. False where there is one of that id.</summary>
    public async ValueTask<bool> AddAsync(OwnerRecord record, CancellationToken cancel) =>
        (await _table.WriteAsync(record.ToRow(), WriteWhen.Absent, cancel)).Written;

    /// <summary>Writes a changed one in the place of what it was read as; null where somebody else has changed it meanwhile.</summary>
    public async ValueTask<OwnerRecord?> ReplaceAsync(OwnerRecord record, CancellationToken cancel) =>
        await _table.WriteAsync(record.ToRow(), WriteWhen.Unchanged, cancel) is { Written: true } done ? record with { ETag = done.ETag } : null;

    private static async ValueTask<OwnerRecord?> FindAsync(ITable table, string id, CancellationToken cancel) =>
        OwnerRecord.IsId(OwnerRecord.KindOf(id), id) && await table.FindAsync(OwnerRecord.KindOf(id).Word, id, cancel) is { } row ? OwnerRecord.FromRow(row) : null;
}

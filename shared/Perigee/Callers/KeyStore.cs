using System.Runtime.CompilerServices;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>The keys table as management sees it. Requests look keys up through <see cref="KeyLookup"/>.</summary>
internal sealed class KeyStore(IStorage storage, TimeProvider time)
{
    private const int Tries = 5;

    private readonly ITable _table = storage.Table("keys");

    /// <summary>Point read.</summary>
    public async ValueTask<KeyRecord?> FindAsync(KeyHash hash, CancellationToken cancel)
    {
        string hex = hash.Hex();
        TableRow? row = await _table.FindAsync(KeyRecord.PartitionOf(hex), hex, cancel);
        return row is null ? null : KeyRecord.FromRow(row);
    }

    /// <summary>Makes a key. The text is in nobody's hands but the caller's.</summary>
    public async ValueTask<(string Key, KeyRecord Record)> CreateAsync(
        string name, string? tenant, int? requestsPerMinute, DateTimeOffset? expiresAt, CancellationToken cancel, string? quality = null,
        int? cacheTtlSeconds = null)
    {
        string key = KeyText.New();
        string hash = KeyText.Hash(key).Hex();
        KeyRecord record = new(
            hash, name, tenant ?? KeyRecord.IdOf(hash), requestsPerMinute, time.GetUtcNow(), expiresAt?.ToUniversalTime(), RevokedAt: null)
        {
            Quality = quality,
            CacheTtlSeconds = cacheTtlSeconds,
        };

        // Nobody else has this hash, so a write that is repeated after a lost reply does no harm.
        await _table.WriteAsync(record.ToRow(), WriteWhen.Always, cancel);
        return (key, record);
    }

    /// <summary>Every key, in no order of meaning.</summary>
    public async IAsyncEnumerable<KeyRecord> ListAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (TableRow row in _table.ScanAsync(cancel))
            yield return KeyRecord.FromRow(row);
    }

    /// <summary>The key of that id, or null.</summary>
    public async ValueTask<KeyRecord?> FindByIdAsync(string id, CancellationToken cancel) =>
        await RowOfAsync(id, cancel) is { } row ? KeyRecord.FromRow(row) : null;

    /// <summary>Revokes the key of that id, or null where there is none. Revoking again changes nothing.</summary>
    /// <exception cref="StorageException">It is not known to be revoked.</exception>
    public async ValueTask<KeyRecord?> RevokeAsync(string id, CancellationToken cancel)
    {
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            if (await RowOfAsync(id, cancel) is not { } row)
                return null;
            KeyRecord record = KeyRecord.FromRow(row);
            if (record.RevokedAt is not null)
                return record;
            record = record with { RevokedAt = time.GetUtcNow() };
            TableRow revoked = record.ToRow();
            revoked.ETag = row.ETag;
            if ((await _table.WriteAsync(revoked, WriteWhen.Unchanged, cancel)).Written)
                return record;
        }

        throw new StorageException("The key is being changed by others at this moment.");
    }

    private async ValueTask<TableRow?> RowOfAsync(string id, CancellationToken cancel)
    {
        if (KeyRecord.HashPrefixOf(id) is not { } prefix)
            return null;
        await foreach (TableRow row in _table.ReadAsync(KeyRecord.PartitionOf(prefix), prefix, prefix + "g", cancel))
            return row;
        return null;
    }
}

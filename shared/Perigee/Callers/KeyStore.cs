using System.Runtime.CompilerServices;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>The keys table as management sees it. Requests look keys up through <see cref="KeyLookup"/>.</summary>
internal sealed class KeyStore(SharedTables tables, TimeProvider time)
{
    private const int Tries = 5;

    private readonly ITable _table = tables.Home("keys");
    private readonly ITable _own = tables.Own("keys");

    /// <summary>Point read of a secret's row, be it a key's first or a later one, as this region has it.</summary>
    public ValueTask<TableRow?> FindRowAsync(KeyHash hash, CancellationToken cancel) => FindRowAsync(hash.Hex(), cancel);

    /// <summary>Point read by the hex digits of a hash.</summary>
    public ValueTask<TableRow?> FindRowAsync(string hex, CancellationToken cancel) => _own.FindAsync(KeyRecord.PartitionOf(hex), hex, cancel);

    /// <summary>Makes a key with the settings that most need. The text is in nobody's hands but the caller's.</summary>
    public async ValueTask<(string Key, KeyRecord Record)> CreateAsync(
        string name, string? tenant, int? requestsPerMinute, DateTimeOffset? expiresAt, CancellationToken cancel)
    {
        string key = KeyText.New();
        KeyRecord record = Draft(key, new LevelSettings
        {
            Name = name,
            Tenant = tenant,
            RequestsPerMinute = requestsPerMinute,
            ExpiresAt = expiresAt?.ToUniversalTime(),
        });
        await AddAsync(record, cancel);
        return (key, record);
    }

    /// <summary>A key that is not stored yet.</summary>
    public KeyRecord Draft(string key, LevelSettings settings) => new(KeyText.Hash(key).Hex(), settings, time.GetUtcNow(), RevokedAt: null);

    /// <summary>Stores a new key. Nobody else has its hash, so a write that is repeated after a lost reply does no harm.</summary>
    public async ValueTask AddAsync(KeyRecord record, CancellationToken cancel) => await _table.WriteAsync(record.ToRow(), WriteWhen.Always, cancel);

    /// <summary>Every key, in no order of meaning.</summary>
    public async IAsyncEnumerable<KeyRecord> ListAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (TableRow row in _table.ScanAsync(cancel))
        {
            if (KeyRecord.FromRow(row) is { } record)
                yield return record;
        }
    }

    /// <summary>The key of that id, or null.</summary>
    public async ValueTask<KeyRecord?> FindByIdAsync(string id, CancellationToken cancel)
    {
        if (KeyRecord.HashPrefixOf(id) is not { } prefix)
            return null;
        await foreach (TableRow row in _table.ReadAsync(KeyRecord.PartitionOf(prefix), prefix, prefix + "g", cancel))
            return KeyRecord.FromRow(row);
        return null;
    }

    /// <summary>Writes a changed key in the place of the one that it was read as.</summary>
    /// <returns>The key with its new version, or null where somebody else has changed it meanwhile.</returns>
    public async ValueTask<KeyRecord?> ReplaceAsync(KeyRecord record, CancellationToken cancel) =>
        await _table.WriteAsync(record.ToRow(), WriteWhen.Unchanged, cancel) is { Written: true } done ? record with { ETag = done.ETag } : null;

    /// <summary>Stores where a further secret leads. It is worth nothing before the key itself names it.</summary>
    public async ValueTask AddSecretAsync(KeyRecord record, string hash, CancellationToken cancel) =>
        await _table.WriteAsync(record.SecretRow(hash), WriteWhen.Always, cancel);

    /// <summary>Takes away where ended secrets led. What cannot be taken away now leads to a key that does not name it any more.</summary>
    public async ValueTask RemoveSecretsAsync(IReadOnlyList<string> hashes)
    {
        try
        {
            foreach (string hash in hashes)
                await _table.RemoveAsync(KeyRecord.PartitionOf(hash), hash, null, CancellationToken.None);
        }
        catch (StorageException)
        {
            // See above.
        }
    }

    /// <summary>Revokes the key of that id, or null where there is none. Revoking again changes nothing.</summary>
    /// <exception cref="StorageException">It is not known to be revoked.</exception>
    public async ValueTask<KeyRecord?> RevokeAsync(string id, CancellationToken cancel)
    {
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            if (await FindByIdAsync(id, cancel) is not { } record)
                return null;
            if (record.RevokedAt is not null)
                return record;
            if (await ReplaceAsync(record with { RevokedAt = time.GetUtcNow() }, cancel) is { } revoked)
                return revoked;
        }

        throw new StorageException("The key is being changed by others at this moment.");
    }
}

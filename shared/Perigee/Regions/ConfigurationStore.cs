using System.Security.Cryptography;
using Perigee.Storage;

namespace Perigee.Regions;

/// <summary>
/// The configuration that was put by the management API: an immutable blob named by its SHA-256 (container <c>configuration</c>) and one row that says which is in
/// force (table <c>configuration</c>, partition <c>configuration</c>, row <c>current</c>). Written at home, read by each region in its own storage.
/// </summary>
/// <param name="own">This region's storage.</param>
/// <param name="tables">The shared tables.</param>
/// <param name="time">The clock.</param>
internal sealed class ConfigurationStore(IStorage own, SharedTables tables, TimeProvider time)
{
    /// <summary>The table of the row.</summary>
    public const string Table = "configuration";

    /// <summary>The container of the blobs.</summary>
    public const string Container = "configuration";

    /// <summary>The largest that is taken, in bytes.</summary>
    public const int Largest = 1024 * 1024;

    private const string Partition = "configuration";
    private const string Row = "current";

    private readonly ITable _own = tables.Own(Table);
    private readonly ITable _home = tables.Home(Table);

    /// <summary>The name of the blob with that hash.</summary>
    public static string BlobOf(string hash) => hash + ".json";

    /// <summary>SHA-256 of a configuration's bytes in hex.</summary>
    public static string HashOf(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>What is in force in this region; null where nothing was put, or it was taken away.</summary>
    /// <exception cref="StorageException">The storage does not answer.</exception>
    public ValueTask<StoredConfiguration?> FindOwnAsync(CancellationToken cancel) => FindAsync(_own, cancel);

    /// <summary>What was last put in any region.</summary>
    /// <exception cref="StorageException">The home region's storage does not answer.</exception>
    public ValueTask<StoredConfiguration?> FindAsync(CancellationToken cancel) => FindAsync(_home, cancel);

    /// <summary>Reads the bytes in this region's storage; null where they are not there (yet).</summary>
    /// <exception cref="StorageException">The storage does not answer.</exception>
    public ValueTask<byte[]?> ReadOwnAsync(string hash, CancellationToken cancel) => ReadAsync(own, hash, cancel);

    /// <summary>Reads the bytes where they were put.</summary>
    /// <exception cref="StorageException">The home region's storage does not answer.</exception>
    public ValueTask<byte[]?> ReadAsync(string hash, CancellationToken cancel) => ReadAsync(tables.HomeStorage, hash, cancel);

    /// <summary>Puts another in force, or none.</summary>
    /// <param name="bytes">The configuration, checked before; null to take away what there is.</param>
    /// <param name="before">What was read as being in force: where somebody else has changed it since, nothing is changed.</param>
    /// <param name="cancel">Gives up; whether it was changed is then unknown.</param>
    /// <returns>Whether it was changed.</returns>
    /// <exception cref="StorageException">The home region's storage does not answer.</exception>
    public async ValueTask<bool> PutAsync(byte[]? bytes, StoredConfiguration? before, CancellationToken cancel)
    {
        string hash = bytes is null ? "" : HashOf(bytes);
        if (bytes is not null)
            await tables.HomeStorage.Blobs(Container).WriteAsync(BlobOf(hash), bytes, "application/json", cancel);
        TableRow row = new TableRow(Partition, Row) { ETag = before?.ETag }.Set("hash", hash).Set("at", time.GetUtcNow()).Set("bytes", (long)(bytes?.Length ?? 0));
        return (await _home.WriteAsync(row, before is null ? WriteWhen.Absent : WriteWhen.Unchanged, cancel)).Written;
    }

    private static async ValueTask<StoredConfiguration?> FindAsync(ITable table, CancellationToken cancel) =>
        await table.FindAsync(Partition, Row, cancel) is { } row
            ? new StoredConfiguration(row.Text("hash") ?? "", row.Moment("at") ?? default, row.ETag)
            : null;

    private static async ValueTask<byte[]?> ReadAsync(IStorage storage, string hash, CancellationToken cancel)
    {
        await using Stream? content = await storage.Blobs(Container).OpenAsync(BlobOf(hash), cancel);
        if (content is null)
            return null;
        using MemoryStream bytes = new();
        await content.CopyToAsync(bytes, cancel);
        return bytes.ToArray();
    }
}

/// <summary>Which configuration was put.</summary>
/// <param name="Hash">SHA-256 of its bytes in hex; empty where it was taken away.</param>
/// <param name="At">When.</param>
/// <param name="ETag">The row's version.</param>
internal sealed record StoredConfiguration(string Hash, DateTimeOffset At, string? ETag)
{
    /// <summary>Whether there is one.</summary>
    public bool IsThere => Hash.Length > 0;
}

using System.Security.Cryptography;
using System.Text;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>
/// Admin keys besides PERIGEE_ADMIN_KEY: few, so all of them are held in memory, read again after 10 seconds. A wrong one costs no trip
/// of its own, and is compared with each in a time that says nothing of them.
/// </summary>
internal sealed class AdminKeys(SharedTables tables, TimeProvider time) : IForgets
{
    public const string Prefix = "pa-";

    /// <summary>The most there may be.</summary>
    public const int Most = 200;

    private const string Partition = "admin";
    private const int Length = 46;

    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    private readonly ITable _table = tables.Home("adminkeys");
    private readonly ITable _own = tables.Own("adminkeys");
    private readonly Lock _gate = new();
    private Task<Known>? _reading;
    private volatile Known? _known;

    /// <summary>A new key's text: as a caller's, with a prefix of its own.</summary>
    public static string NewText() => Prefix + KeyText.New()[KeyText.Prefix.Length..];

    /// <summary>Whether a text can be one.</summary>
    public static bool MayBe(string text) => text.Length == Length && text.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The hash of a text in hex.</summary>
    public static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Whose key it is, or null.</summary>
    /// <exception cref="StorageException">The keys are not in memory, and the storage does not answer.</exception>
    public async ValueTask<AdminKeyRecord?> FindAsync(string text)
    {
        if (!MayBe(text))
            return null;
        byte[] hash = Encoding.ASCII.GetBytes(HashOf(text));
        Known known = _known is { } young && time.GetElapsedTime(young.ReadAt) < Lifetime ? young : await ReadAsync();
        AdminKeyRecord? found = null;
        foreach (AdminKeyRecord record in known.Records)
        {
            if (CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(record.Hash), hash))
                found = record;
        }

        return found;
    }

    /// <summary>All of them as they are stored, the oldest first.</summary>
    public ValueTask<List<AdminKeyRecord>> ListAsync(CancellationToken cancel) => ListAsync(_table, cancel);

    /// <inheritdoc/>
    public void Forget() => _known = null;

    private static async ValueTask<List<AdminKeyRecord>> ListAsync(ITable table, CancellationToken cancel)
    {
        List<AdminKeyRecord> records = [];
        await foreach (TableRow row in table.ReadAsync(Partition, null, null, cancel))
            records.Add(AdminKeyRecord.FromRow(row));
        records.Sort(static (a, b) => (a.CreatedAt, a.Id).CompareTo((b.CreatedAt, b.Id)));
        return records;
    }

    /// <summary>Stores one, new or changed. It holds at once in this process where this is the home region.</summary>
    public async ValueTask WriteAsync(AdminKeyRecord record, CancellationToken cancel)
    {
        await _table.WriteAsync(record.ToRow(Partition), WriteWhen.Always, cancel);
        _known = null;
    }

    private Task<Known> ReadAsync()
    {
        lock (_gate)
        {
            if (_reading is { IsCompleted: false } running)
                return running;
            return _reading = ReadNowAsync();
        }
    }

    private async Task<Known> ReadNowAsync()
    {
        long began = time.GetTimestamp();
        Known known = new(await ListAsync(_own, CancellationToken.None), began);
        _known = known;
        return known;
    }

    private sealed record Known(List<AdminKeyRecord> Records, long ReadAt);
}

/// <summary>An admin key as it is stored.</summary>
/// <param name="Hash">SHA-256 of the key in hex: the row key.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Role">What it may do.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">From when on it is refused, or null.</param>
/// <param name="RevokedAt">When it was revoked, or null.</param>
internal sealed record AdminKeyRecord(
    string Hash, string Name, ManagementRole Role, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt)
{
    /// <summary>The public id.</summary>
    public string Id { get; } = "adm_" + Hash[..24];

    public static AdminKeyRecord FromRow(TableRow row) => new(
        row.Row,
        row.Text("name") ?? "",
        (ManagementRole)Math.Max(0, ManagementRoles.Words.ToList().IndexOf(row.Text("role") ?? "")),
        row.Moment("createdAt") ?? default,
        row.Moment("expiresAt"),
        row.Moment("revokedAt"));

    public TableRow ToRow(string partition) => new TableRow(partition, Hash)
        .Set("id", Id)
        .Set("name", Name)
        .Set("role", ManagementRoles.WordOf(Role))
        .Set("createdAt", CreatedAt)
        .Set("expiresAt", ExpiresAt)
        .Set("revokedAt", RevokedAt);
}

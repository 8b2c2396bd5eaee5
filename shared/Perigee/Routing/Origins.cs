using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Perigee.Storage;

namespace Perigee.Routing;

/// <summary>
/// Which provider made an id (a stored response, a file, a batch), by tenant: later calls go back there, and never with the id of another tenant.
/// Table <c>origins</c>: partition = tenant, row = the id.
/// </summary>
internal sealed class Origins(IStorage storage, TimeProvider time)
{
    // Two generations of at most this many: what is used moves on to the younger one, the older is dropped whole.
    private const int Generation = 10_000;
    private const int LongestPlainId = 200;
    private const int LongestId = 1024;

    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:");

    private readonly ITable _table = storage.Table("origins");
    private ConcurrentDictionary<(string Tenant, string Id), string> _young = new();
    private ConcurrentDictionary<(string Tenant, string Id), string> _old = new();

    /// <summary>Remembers who made an id. This process knows it even if the storage then fails.</summary>
    /// <exception cref="StorageException">The storage does not answer: other instances will not find the id.</exception>
    public async ValueTask RememberAsync(string tenant, string id, string provider, CancellationToken cancel)
    {
        if (id.Length is 0 or > LongestId)
            return;
        Keep((tenant, id), provider);
        await _table.WriteAsync(new TableRow(tenant, RowKey(id)).Set("provider", provider).Set("at", time.GetUtcNow()), WriteWhen.Always, cancel);
    }

    /// <summary>The provider that made an id of this tenant, or null.</summary>
    /// <exception cref="StorageException">The storage does not answer.</exception>
    public async ValueTask<string?> FindAsync(string tenant, string id, CancellationToken cancel)
    {
        if (id.Length is 0 or > LongestId)
            return null;
        if (TryRecall((tenant, id), out string? provider))
            return provider;
        TableRow? row = await _table.FindAsync(tenant, RowKey(id), cancel);
        if (row?.Text("provider") is not { } found)
            return null;
        Keep((tenant, id), found);
        return found;
    }

    /// <summary>What encrypted reasoning is known by: the hash of its text as it stands in answers, decoded from JSON.</summary>
    public static string KeyOfReasoning(ReadOnlySpan<byte> text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return "enc:" + Convert.ToHexStringLower(hash);
    }

    /// <summary>
    /// Remembers whose a piece of encrypted reasoning (<c>encrypted_content</c>) is. This process knows it at once; the task ends when others can
    /// know it too, false where the storage did not answer. It never fails, and nobody has to wait for it.
    /// </summary>
    public Task<bool> RememberReasoning(string tenant, ReadOnlySpan<byte> text, string provider)
    {
        string key = KeyOfReasoning(text);
        return TryRecall(tenant, key, out string? known) && known == provider ? Task.FromResult(true) : StoreAsync(tenant, key, provider);
    }

    /// <summary>Whether this process remembers who made an id.</summary>
    public bool TryRecall(string tenant, string id, [NotNullWhen(true)] out string? provider) => TryRecall((tenant, id), out provider);

    /// <summary>Whether this tenant made the id.</summary>
    /// <exception cref="StorageException">The storage does not answer.</exception>
    public async ValueTask<bool> IsKnownAsync(string tenant, string id, CancellationToken cancel) => await FindAsync(tenant, id, cancel) is not null;

    private async Task<bool> StoreAsync(string tenant, string key, string provider)
    {
        try
        {
            await RememberAsync(tenant, key, provider, CancellationToken.None);
            return true;
        }
        catch (StorageException)
        {
            return false;
        }
    }

    private bool TryRecall((string, string) key, [NotNullWhen(true)] out string? provider)
    {
        if (_young.TryGetValue(key, out provider))
            return true;
        if (!_old.TryGetValue(key, out provider))
            return false;
        Keep(key, provider);
        return true;
    }

    private void Keep((string, string) key, string provider)
    {
        ConcurrentDictionary<(string Tenant, string Id), string> young = _young;
        young[key] = provider;
        if (young.Count >= Generation && Interlocked.CompareExchange(ref _young, new(), young) == young)
            Volatile.Write(ref _old, young);
    }

    // Ids are the providers' own: one that a row key cannot hold goes in as its hash. The first letter keeps both kinds apart.
    private static string RowKey(string id) => id.Length <= LongestPlainId && !id.AsSpan().ContainsAnyExcept(Plain)
        ? "i" + id
        : "h" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
}

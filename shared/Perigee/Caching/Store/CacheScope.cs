using System.Security.Cryptography;
using System.Text;

namespace Perigee.Caching.Store;

/// <summary>
/// Whose entry it is: what it is counted under, and by what besides its key it can be invalidated. An entry that is kept, and its row, have
/// hashes for what clients named (<see cref="Hidden"/>).
/// </summary>
/// <param name="Tenant">The caller's tenant.</param>
/// <param name="Namespace">The part of the tenant's cache that the request named; empty is the whole.</param>
/// <param name="Model">The model as the client asked for it.</param>
/// <param name="Route">The operator's route, or empty.</param>
internal sealed record CacheScope(string Tenant, string Namespace, string Model, string Route)
{
    /// <summary>Nobody's: only its key, or all, reaches such an entry.</summary>
    public static CacheScope None { get; } = new("", "", "", "");

    /// <summary>The same with hashes in the place of the words that clients choose: enough to tell which entries an invalidation means.</summary>
    public CacheScope Hidden() => new(Tenant, HashOf(Namespace), HashOf(Model), Route);

    /// <summary>
    /// What stands for a word of a client's: the first 32 hex digits of the SHA-256 of its UTF-8; of an empty word the empty word. Not keyed, so
    /// that one instance finds what another wrote: who guesses a word can tell that it was used.
    /// </summary>
    public static string HashOf(string word)
    {
        if (word.Length == 0)
            return word;
        int most = Encoding.UTF8.GetMaxByteCount(word.Length);
        Span<byte> bytes = most <= 1024 ? stackalloc byte[most] : new byte[most];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(word, bytes)], hash);
        return Convert.ToHexStringLower(hash[..16]);
    }
}

using Microsoft.AspNetCore.Http;

namespace Perigee.Callers;

/// <summary>The keys that a key-owner owns; every other role sees all.</summary>
internal sealed class OwnKeys(KeyStore keys) : IOwnKeys
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlySet<string>?> OfAsync(HttpContext http)
    {
        Manager who = Manager.Of(http);
        if (who.Role > ManagementRole.KeyOwner)
            return null;
        HashSet<string> own = new(StringComparer.Ordinal);
        await foreach (KeyRecord key in keys.ListAsync(http.RequestAborted))
        {
            if (who.Owns(key))
                own.Add(key.Id);
        }

        return own;
    }
}

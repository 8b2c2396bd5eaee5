using Microsoft.AspNetCore.Http;

namespace Perigee.Callers;

/// <summary>Finds the keys of a key owner. A scan, as the list of keys is.</summary>
internal sealed class OwnKeys(KeyStore store) : IOwnKeys
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlySet<string>?> OfAsync(HttpContext http)
    {
        Manager who = Manager.Of(http);
        if (who.Role > ManagementRole.KeyOwner)
            return null;
        HashSet<string> ids = new(StringComparer.Ordinal);
        await foreach (KeyRecord record in store.ListAsync(http.RequestAborted))
        {
            if (who.Owns(record))
                ids.Add(record.Id);
        }

        return ids;
    }
}

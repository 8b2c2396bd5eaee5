using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Perigee.Callers;

/// <summary>
/// The hash of the key that the last request on a connection carried, so that the next one with the same header need not be hashed. Kestrel
/// hands the very same string out again where a connection repeats a header: the same object cannot be another key, so nothing is compared
/// and no time tells of its letters. Only a weak reference is held: the key's text stays in memory no longer than it does without this.
/// </summary>
internal sealed class RememberedKey
{
    private readonly WeakReference<string> _header = new(null!);
    private KeyHash _hash;

    /// <summary>What is remembered of a request's connection; null where requests on it may run at the same time, or it cannot be told.</summary>
    public static RememberedKey? Of(HttpContext http)
    {
        if (!HttpProtocol.IsHttp11(http.Request.Protocol) || http.Features[typeof(IConnectionItemsFeature)] is not IConnectionItemsFeature { Items: { } items })
            return null;
        if (items.TryGetValue(typeof(RememberedKey), out object? known))
            return (RememberedKey?)known;
        RememberedKey fresh = new();
        items[typeof(RememberedKey)] = fresh;
        return fresh;
    }

    /// <summary>The hash of the key in this header, if the header is the one that is remembered.</summary>
    public bool TryGet(string header, out KeyHash hash)
    {
        hash = _hash;
        return _header.TryGetTarget(out string? known) && ReferenceEquals(known, header);
    }

    /// <summary>Remembers the hash of the key in a header.</summary>
    public void Set(string header, KeyHash hash)
    {
        _hash = hash;
        _header.SetTarget(header);
    }
}

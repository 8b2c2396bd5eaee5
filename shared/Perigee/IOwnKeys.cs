using Microsoft.AspNetCore.Http;

namespace Perigee;

/// <summary>Whose records somebody may see: those who may manage see all, the owner of keys those of its own.</summary>
internal interface IOwnKeys
{
    /// <summary>The ids of the keys that whoever makes this request is confined to; null where it is not confined.</summary>
    /// <param name="http">A request behind the admin guard.</param>
    ValueTask<IReadOnlySet<string>?> OfAsync(HttpContext http);
}

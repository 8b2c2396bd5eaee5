using Microsoft.AspNetCore.Http;

namespace Perigee;

/// <summary>Knows whose numbers somebody may see through the management API.</summary>
internal interface IOwnKeys
{
    /// <summary>The ids of the keys that the asker is bound to, or null where it may see all.</summary>
    /// <param name="http">The request, behind the guard.</param>
    /// <exception cref="Storage.StorageException">The storage does not answer.</exception>
    ValueTask<IReadOnlySet<string>?> OfAsync(HttpContext http);
}

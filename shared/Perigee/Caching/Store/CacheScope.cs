namespace Perigee.Caching.Store;

/// <summary>Whose entry it is: what it is counted under, and by what besides its key it can be invalidated. Kept in its row, in words as they are.</summary>
/// <param name="Tenant">The caller's tenant.</param>
/// <param name="Namespace">The part of the tenant's cache that the request named; empty is the whole.</param>
/// <param name="Model">The model as the client asked for it.</param>
/// <param name="Route">The operator's route, or empty.</param>
internal sealed record CacheScope(string Tenant, string Namespace, string Model, string Route)
{
    /// <summary>Nobody's: only its key, or all, reaches such an entry.</summary>
    public static CacheScope None { get; } = new("", "", "", "");
}

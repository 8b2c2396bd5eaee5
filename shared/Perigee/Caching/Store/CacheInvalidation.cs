namespace Perigee.Caching.Store;

/// <summary>Which entries are dead: those to which every member given applies.</summary>
/// <param name="Tenant">Those of a tenant.</param>
/// <param name="Namespace">Those of a namespace, whoever's where no tenant is given.</param>
/// <param name="Model">Those of a model, by the name that clients ask for.</param>
/// <param name="Key">The entry of a public id.</param>
internal sealed record CacheInvalidation(string? Tenant = null, string? Namespace = null, string? Model = null, string? Key = null)
{
    /// <summary>All entries.</summary>
    public static CacheInvalidation All { get; } = new();

    /// <summary>The same as it is held against entries and told to other instances: with hashes for what clients named (<see cref="CacheScope.Hidden"/>).</summary>
    public CacheInvalidation Hidden() => this with
    {
        Namespace = Namespace is null ? null : CacheScope.HashOf(Namespace),
        Model = Model is null ? null : CacheScope.HashOf(Model),
    };

    /// <summary>Which members are given, a bit each.</summary>
    public int Given => (Tenant is null ? 0 : 1) | (Namespace is null ? 0 : 2) | (Model is null ? 0 : 4) | (Key is null ? 0 : 8);
}

using System.Text.Json;

namespace Perigee.Caching.Store;

/// <summary>A part of the cache that has something to add to <c>GET /manage/v1/cache</c>. All that are registered are asked.</summary>
internal interface ICacheReport
{
    /// <summary>The member under which it stands: <c>semantic</c>.</summary>
    string Section { get; }

    /// <summary>Writes its members; the object around them is open.</summary>
    ValueTask WriteAsync(Utf8JsonWriter json, CacheFilter filter, CancellationToken cancel);
}

/// <summary>Of what a report is asked.</summary>
/// <param name="Tenant">One tenant, or null for all.</param>
/// <param name="Namespace">One namespace, or null for all.</param>
/// <param name="Model">One model, or null for all.</param>
/// <param name="Days">How many days back, today included.</param>
internal sealed record CacheFilter(string? Tenant, string? Namespace, string? Model, int Days)
{
    /// <summary>Whether a scope is asked for.</summary>
    public bool Takes(in CountScope scope) =>
        (Tenant is null || Tenant == scope.Tenant) && (Namespace is null || Namespace == scope.Namespace) && (Model is null || Model == scope.Model);
}

using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Perigee.Callers;

/// <summary><c>/manage/v1/keys</c>: make, list, show and revoke callers' keys.</summary>
internal static partial class KeyEndpoints
{
    private const string Root = "/manage/v1/keys";
    private const int LongestName = 100;
    private const int MostRequests = 1_000_000_000;

    public static void MapKeys(this IEndpointRouteBuilder endpoints)
    {
        AdminGuard guard = endpoints.ServiceProvider.GetRequiredService<AdminGuard>();
        KeyStore store = endpoints.ServiceProvider.GetRequiredService<KeyStore>();
        KeyLookup lookup = endpoints.ServiceProvider.GetRequiredService<KeyLookup>();
        TimeProvider time = endpoints.ServiceProvider.GetRequiredService<TimeProvider>();
        endpoints.MapMethods(Root, ["POST"], guard.Protect(http => CreateAsync(http, store, lookup, time)));
        endpoints.MapMethods(Root, ["GET"], guard.Protect(http => ListAsync(http, store)));
        endpoints.MapMethods(Root + "/{id}", ["GET"], guard.Protect(http => ShowAsync(http, store)));
        endpoints.MapMethods(Root + "/{id}", ["DELETE"], guard.Protect(http => RevokeAsync(http, store, lookup)));
    }

    private static async Task CreateAsync(HttpContext http, KeyStore store, KeyLookup lookup, TimeProvider time)
    {
        (NewKey? wish, GatewayError? error) = await ManageJson.ReadAsync(http, KeyJson.Default.NewKey);
        error ??= Check(wish!, time.GetUtcNow());
        if (error is not null)
        {
            await ManageJson.RefuseAsync(http, error);
            return;
        }

        (string key, KeyRecord record) =
            await store.CreateAsync(wish!.Name!.Trim(), wish.Tenant, wish.RequestsPerMinute, wish.ExpiresAt, http.RequestAborted, wish.Quality,
                wish.CacheTtlSeconds);
        lookup.Put(record);
        http.Response.Headers.Location = $"{Root}/{record.Id}";
        await ManageJson.WriteAsync(http, StatusCodes.Status201Created, ShownKey.Of(record, key), KeyJson.Default.ShownKey);
    }

    private static async Task ListAsync(HttpContext http, KeyStore store)
    {
        List<ShownKey> keys = [];
        await foreach (KeyRecord record in store.ListAsync(http.RequestAborted))
            keys.Add(ShownKey.Of(record));
        keys.Sort(static (a, b) => (a.CreatedAt, a.Id).CompareTo((b.CreatedAt, b.Id)));
        await ManageJson.WriteAsync(http, StatusCodes.Status200OK, new ShownKeys("list", keys), KeyJson.Default.ShownKeys);
    }

    private static async Task ShowAsync(HttpContext http, KeyStore store) =>
        await AnswerAsync(http, await store.FindByIdAsync(Id(http), http.RequestAborted));

    private static async Task RevokeAsync(HttpContext http, KeyStore store, KeyLookup lookup)
    {
        KeyRecord? record = await store.RevokeAsync(Id(http), http.RequestAborted);
        if (record is not null)
            lookup.Put(record);
        await AnswerAsync(http, record);
    }

    private static Task AnswerAsync(HttpContext http, KeyRecord? record) => record is null
        ? ManageJson.RefuseAsync(http, new GatewayError(ErrorKind.NotFound, "There is no key of that id."))
        : ManageJson.WriteAsync(http, StatusCodes.Status200OK, ShownKey.Of(record), KeyJson.Default.ShownKey);

    private static string Id(HttpContext http) => (string)http.Request.RouteValues["id"]!;

    private static GatewayError? Check(NewKey wish, DateTimeOffset now)
    {
        if (wish.Unknown is { Count: > 0 } unknown)
        {
            return Bad($"Unknown: {string.Join(", ", unknown.Keys.Select(static name => $"'{Shorten(name)}'"))}. "
                + "A key has 'name', 'tenant', 'requestsPerMinute', 'quality', 'cacheTtlSeconds' and 'expiresAt'.", Shorten(unknown.Keys.First()));
        }

        if (string.IsNullOrWhiteSpace(wish.Name) || wish.Name.Length > LongestName || wish.Name.Any(char.IsControl))
            return Bad($"'name' is needed: 1 to {LongestName} characters, none of them a control character.", "name");
        if (wish.Tenant is { } tenant && (!TenantPattern().IsMatch(tenant) || tenant == "open"))
            return Bad("'tenant' must be 1 to 64 letters, digits, '-', '_' or '.', a letter or digit first, and not 'open'.", "tenant");
        if (wish.RequestsPerMinute is < 1 or > MostRequests)
            return Bad($"'requestsPerMinute' must be 1 to {MostRequests}; leave it out for the gateway's default.", "requestsPerMinute");
        if (wish.Quality is not (null or "basic" or "standard" or "strong" or "frontier"))
            return Bad("'quality' must be 'basic', 'standard', 'strong' or 'frontier': the least that the model 'auto' gives this key.", "quality");
        if (wish.CacheTtlSeconds is < 0 or > 31 * 24 * 3600)
            return Bad("'cacheTtlSeconds' must be 0 (answers to this key are not kept) to 2678400.", "cacheTtlSeconds");
        return wish.ExpiresAt <= now ? Bad("'expiresAt' must be in the future.", "expiresAt") : null;
    }

    private static GatewayError Bad(string message, string param) => new(ErrorKind.BadRequest, message, param);

    private static string Shorten(string name) => name.Length > 50 ? name[..50] + "..." : name;

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\\z")]
    private static partial Regex TenantPattern();
}

using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Caching.Store;

namespace Perigee.Caching;

/// <summary><c>/manage/v1/cache</c>: what the cache did and holds, and the invalidation of entries. The root puts the admin's guard before it.</summary>
internal sealed class CacheEndpoints(AnswerCache cache, CountStore counts, IEnumerable<ICacheReport> parts, TimeProvider time)
{
    private const string Members = "An invalidation has 'tenant', 'namespace', 'model' and 'key', of which entries must meet all that are given, or 'all'.";
    private const int LongestName = 1000;
    private const int IdLength = 32;
    private const int UsualDays = 7;

    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    private readonly CacheReport _report = new(cache, counts, parts, time);

    /// <summary>GET <c>/manage/v1/cache?tenant=&amp;namespace=&amp;model=&amp;days=</c>.</summary>
    public async Task ShowAsync(HttpContext http)
    {
        IQueryCollection query = http.Request.Query;
        string? unknown = query.Keys.FirstOrDefault(static name => name is not ("tenant" or "namespace" or "model" or "days"));
        if (unknown is not null)
        {
            await RefuseAsync(http, $"Unknown: '{Shorten(unknown)}'. Filter by 'tenant', 'namespace', 'model' and 'days'.", Shorten(unknown));
            return;
        }

        int days = UsualDays;
        if (query.TryGetValue("days", out var text)
            && (!int.TryParse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out days) || days is < 1 or > CountStore.Kept))
        {
            await RefuseAsync(http, $"'days' must be 1 to {CountStore.Kept}.", "days");
            return;
        }

        CacheFilter filter = new(One(query, "tenant"), One(query, "namespace"), One(query, "model"), days);
        ArrayBufferWriter<byte> body = new(4096);
        await using (Utf8JsonWriter json = new(body, Options))
        {
            json.WriteStartObject();
            await _report.WriteAsync(json, filter, http.RequestAborted);
            json.WriteEndObject();
        }

        await AnswerAsync(http, body);
    }

    /// <summary>POST <c>/manage/v1/cache:invalidate</c>.</summary>
    public async Task InvalidateAsync(HttpContext http)
    {
        (Invalidation? wish, GatewayError? error) = await ManageJson.ReadAsync(http, CacheJson.Default.Invalidation);
        error ??= Check(wish!);
        if (error is not null)
            await ManageJson.RefuseAsync(http, error);
        else
            await InvalidateAsync(http, new CacheInvalidation(wish!.Tenant, wish.Namespace, wish.Model, wish.Key));
    }

    /// <summary>DELETE <c>/manage/v1/cache/{key}</c>. An id is not looked up: that there is no such entry any more is what was asked for.</summary>
    public Task RemoveAsync(HttpContext http)
    {
        string key = http.Request.RouteValues["key"] as string ?? "";
        return IsId(key) ? InvalidateAsync(http, new CacheInvalidation(Key: key)) : ManageJson.RefuseAsync(http, NoId("key"));
    }

    private async Task InvalidateAsync(HttpContext http, CacheInvalidation what)
    {
        DateTimeOffset before = time.GetUtcNow();
        await cache.InvalidateAsync(what, http.RequestAborted);
        ArrayBufferWriter<byte> body = new(256);
        await using (Utf8JsonWriter json = new(body, Options))
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "cache.invalidation");
            json.WriteString("before"u8, before);
            Write(json, "tenant", what.Tenant);
            Write(json, "namespace", what.Namespace);
            Write(json, "model", what.Model);
            Write(json, "key", what.Key);
            json.WriteBoolean("all"u8, what.Given == 0);
            json.WriteEndObject();
        }

        await AnswerAsync(http, body);
    }

    private static GatewayError? Check(Invalidation wish)
    {
        if (wish.Unknown is { Count: > 0 } unknown)
            return Bad($"Unknown: {string.Join(", ", unknown.Keys.Select(static name => $"'{Shorten(name)}'"))}. {Members}", Shorten(unknown.Keys.First()));
        bool some = wish.Tenant is not null || wish.Namespace is not null || wish.Model is not null || wish.Key is not null;
        if (!some && wish.All != true)
            return Bad(Members, null);
        if (some && wish.All == true)
            return Bad($"'all' stands alone. {Members}", "all");
        foreach ((string name, string? value) in new[] { ("tenant", wish.Tenant), ("namespace", wish.Namespace), ("model", wish.Model) })
        {
            if (value is { Length: > LongestName })
                return Bad($"'{name}' has at most {LongestName} characters.", name);
        }

        // Of the default namespace or of no tenant there is nothing to be said by an empty word but by mistake.
        if (wish.Tenant is "")
            return Bad("'tenant' is empty.", "tenant");
        if (wish.Model is "")
            return Bad("'model' is empty.", "model");
        return wish.Key is { } key && !IsId(key) ? NoId("key") : null;
    }

    private static bool IsId(string key) => key.Length == IdLength && !key.AsSpan().ContainsAnyExcept(Hex);

    private static GatewayError NoId(string param) => Bad($"'key' must be an entry's id as '{HeaderNames.CacheKey}' says it: {IdLength} hex digits.", param);

    private static GatewayError Bad(string message, string? param) => new(ErrorKind.BadRequest, message, param);

    private static Task RefuseAsync(HttpContext http, string message, string param) => ManageJson.RefuseAsync(http, Bad(message, param));

    private static string Shorten(string name) => name.Length > 50 ? name[..50] + "..." : name;

    private static string? One(IQueryCollection query, string name) => query.TryGetValue(name, out var value) ? value.ToString() : null;

    private static void Write(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static async Task AnswerAsync(HttpContext http, ArrayBufferWriter<byte> body)
    {
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.WrittenCount;
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.BodyWriter.WriteAsync(body.WrittenMemory);
    }
}

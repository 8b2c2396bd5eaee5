using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Caching;
using Perigee.Caching.Store;
using Perigee.Storage;

namespace Perigee.Tests.Caching.Store;

public sealed class CacheEndpointsTests : IDisposable
{
    private static readonly string SomeId = new('a', 32);
    private readonly CacheRig _rig = new();
    private readonly AnswerCache _cache;
    private readonly CacheEndpoints _endpoints;

    public CacheEndpointsTests()
    {
        _cache = _rig.Instance();
        _endpoints = new CacheEndpoints(_cache, new CountStore(_rig.State, _cache.Instance), [new Part()], _rig.Time);
    }

    [Fact]
    public async Task Shown_are_counts_by_scope_hit_rate_memory_storage_and_what_others_add()
    {
        CacheScope one = new("t1", "", "m1", ""), two = new("t2", "n", "m2", "");
        _cache.Keep(CacheRig.Key("r"), _rig.Answer(scope: one));
        _cache.Counts.Hit(one, CacheEvent.ExactMemory, _rig.Answer());
        _cache.Counts.Add(one, CacheEvent.Miss);
        _cache.Counts.Hit(two, CacheEvent.Equivalent, _rig.Answer());
        _cache.Counts.Add(two, CacheEvent.Bypass);
        await _rig.WriteAsync((CacheRig.Key("s"), _rig.Answer()));

        JsonElement all = await ShowAsync("");
        Assert.Equal(("cache", "2026-11-18", true), (all.GetProperty("object").GetString(), all.GetProperty("since").GetString(), all.GetProperty("allInstances").GetBoolean()));
        Assert.Equal((0.6667, 2), (all.GetProperty("hitRate").GetDouble(), all.GetProperty("hits").GetInt32()));
        Assert.Equal(2000, all.GetProperty("counts").GetProperty("savedPicoDollars").GetInt32());
        Assert.Equal(2, all.GetProperty("scopes").GetArrayLength());
        Assert.Equal((1, 67_108_864), (all.GetProperty("memory").GetProperty("entries").GetInt32(), all.GetProperty("memory").GetProperty("mostBytes").GetInt64()));
        Assert.Equal(_cache.Memory.Bytes, all.GetProperty("memory").GetProperty("bytes").GetInt64());
        JsonElement storage = all.GetProperty("storage");
        Assert.Equal(("closed", 1, 0), (storage.GetProperty("breaker").GetString(), storage.GetProperty("waitingWrites").GetInt32(), storage.GetProperty("missedWrites").GetInt32()));
        Assert.Equal("cache24h20781", storage.GetProperty("buckets")[0].GetProperty("table").GetString());
        Assert.Equal("t1", (await ShowAsync("?tenant=t1")).GetProperty("semantic").GetProperty("of").GetString());

        JsonElement filtered = await ShowAsync("?tenant=t2&model=m2&namespace=n&days=1");
        Assert.Equal(("2026-11-24", 1.0, 1), (filtered.GetProperty("since").GetString(), filtered.GetProperty("hitRate").GetDouble(), filtered.GetProperty("scopes").GetArrayLength()));
        Assert.Equal(JsonValueKind.Null, (await ShowAsync("?tenant=t2&model=m1")).GetProperty("hitRate").ValueKind);
    }

    [Fact]
    public async Task While_the_storage_is_down_it_is_shown_what_is_known()
    {
        _rig.Storage.Before = static _ => throw new StorageException("down");
        JsonElement all = await ShowAsync("");
        Assert.False(all.GetProperty("allInstances").GetBoolean());
        Assert.Equal(JsonValueKind.Null, all.GetProperty("storage").GetProperty("buckets").ValueKind);
    }

    [Theory]
    [InlineData("?tenants=t1", "'tenants'")]
    [InlineData("?days=0", "'days'")]
    [InlineData("?days=93", "'days'")]
    [InlineData("?days=x", "'days'")]
    public async Task Query_that_is_not_understood_is_refused(string query, string names)
    {
        HttpContext http = Context("GET", "");
        http.Request.QueryString = new QueryString(query);
        await _endpoints.ShowAsync(http);
        Assert.Equal(400, http.Response.StatusCode);
        Assert.Contains(names, Text(http), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"all":true}""", 0)]
    [InlineData("""{"tenant":"t1"}""", 0)]
    [InlineData("""{"tenant":"t2"}""", 1)]
    [InlineData("""{"tenant":"t1","namespace":"","model":"m"}""", 0)]
    [InlineData("""{"tenant":"t1","namespace":"n","model":"m"}""", 1)]
    public async Task Invalidation_by_what_is_given_takes_effect_at_once(string body, int alive)
    {
        _cache.Keep(CacheRig.Key("r"), _rig.Answer());
        HttpContext http = Context("POST", body);
        await _endpoints.InvalidateAsync(http);
        Assert.Equal(200, http.Response.StatusCode);
        Assert.Equal("cache.invalidation", JsonDocument.Parse(Text(http)).RootElement.GetProperty("object").GetString());
        Assert.Equal(alive, _cache.FindInMemory(CacheRig.Key("r")) is null ? 0 : 1);
    }

    [Theory]
    [InlineData("{}", "'all'")]
    [InlineData("""{"all":false}""", "'all'")]
    [InlineData("""{"all":true,"tenant":"t1"}""", "'all' stands alone")]
    [InlineData("""{"tennant":"t1"}""", "'tennant'")]
    [InlineData("""{"tenant":""}""", "'tenant' is empty")]
    [InlineData("""{"tenant":5}""", "'tenant'")]
    [InlineData("""{"model":""}""", "'model' is empty")]
    [InlineData("""{"key":"abc"}""", "32 hex digits")]
    [InlineData("""{"key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""", "32 hex digits")]
    [InlineData("""{"tenant":"a","tenant":"b"}""", "")]
    [InlineData("""[]""", "")]
    [InlineData("null", "")]
    [InlineData("", "")]
    public async Task Invalidation_that_is_not_understood_is_refused_and_kills_nothing(string body, string says)
    {
        _cache.Keep(CacheRig.Key("r"), _rig.Answer());
        HttpContext http = Context("POST", body);
        await _endpoints.InvalidateAsync(http);
        Assert.Equal(400, http.Response.StatusCode);
        Assert.Contains(says, Text(http), StringComparison.Ordinal);
        Assert.NotNull(_cache.FindInMemory(CacheRig.Key("r")));
    }

    [Fact]
    public async Task Entry_is_removed_by_its_id_and_an_unknown_id_is_no_error()
    {
        CacheKey key = CacheRig.Key("r");
        _cache.Keep(key, _rig.Answer());
        Assert.Equal(32, AnswerCache.IdOf(key).Length);
        Assert.Equal(200, await RemoveAsync(SomeId));
        Assert.NotNull(_cache.FindInMemory(key));
        Assert.Equal(200, await RemoveAsync(AnswerCache.IdOf(key)));
        Assert.Null(_cache.FindInMemory(key));
        Assert.Equal(400, await RemoveAsync("x"));
    }

    public void Dispose() => _rig.Dispose();

    private static DefaultHttpContext Context(string method, string body)
    {
        DefaultHttpContext http = new();
        http.Request.Method = method;
        http.Request.ContentType = "application/json";
        http.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        http.Response.Body = new MemoryStream();
        return http;
    }

    private static string Text(HttpContext http) => Encoding.UTF8.GetString(((MemoryStream)http.Response.Body).ToArray());

    private async Task<JsonElement> ShowAsync(string query)
    {
        HttpContext http = Context("GET", "");
        http.Request.QueryString = new QueryString(query);
        await _endpoints.ShowAsync(http);
        Assert.Equal(200, http.Response.StatusCode);
        return JsonDocument.Parse(Text(http)).RootElement;
    }

    private async Task<int> RemoveAsync(string id)
    {
        HttpContext http = Context("DELETE", "");
        http.Request.RouteValues["key"] = id;
        await _endpoints.RemoveAsync(http);
        return http.Response.StatusCode;
    }

    private sealed class Part : ICacheReport
    {
        public string Section => "semantic";

        public ValueTask WriteAsync(Utf8JsonWriter json, CacheFilter filter, CancellationToken cancel)
        {
            json.WriteString("of"u8, filter.Tenant);
            return default;
        }
    }
}

using System.Text;
using Perigee.Caching.Asking;
using Perigee.Wire;

namespace Perigee.Tests.Caching.Asking;

/// <summary>What a request may say of the cache. The headers of other gateways are as their documentation shows them.</summary>
public sealed class CacheWishReaderTests
{
    private static readonly CacheOptions On = new();
    private static readonly CacheOptions Off = new() { Enabled = false };
    private static readonly CacheOptions Semantic = new() { Mode = CacheMode.Semantic };

    [Theory]
    [InlineData("", true, true, false)]
    [InlineData("on", true, true, false)]
    [InlineData("off", false, false, false)]
    [InlineData("refresh", false, true, false)]
    [InlineData("exact", true, true, false)]
    [InlineData("semantic", true, true, false)]
    [InlineData("only", true, false, true)]
    [InlineData(" On ", true, true, false)]
    public void Our_own_header_decides(string value, bool read, bool write, bool only)
    {
        CacheWish wish = Read(On, headers: ("x-perigee-cache", value));
        Assert.Equal((read, write, only), (wish.Read, wish.Write, wish.Only));
    }

    [Fact]
    public void Our_own_header_turns_on_what_is_off_and_has_the_say_over_all_others()
    {
        Assert.False(Read(Off).Read);
        Assert.True(Read(Off, headers: ("x-perigee-cache", "on")).Read);
        Assert.True(Read(On, headers: [("x-perigee-cache", "on"), ("cache-control", "no-store"), ("cf-aig-skip-cache", "true")]).Write);
        Assert.Equal(TimeSpan.FromSeconds(5), Read(On, headers: [("cf-aig-cache-ttl", "60"), ("x-perigee-cache-ttl", "5")]).Ttl);
        Assert.Equal("ours", Read(On, headers: [("x-portkey-cache-namespace", "theirs"), ("x-perigee-cache-namespace", "ours")]).Namespace);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("semantic", true)]
    [InlineData("on", true)]
    [InlineData("exact", false)]
    public void A_caller_may_only_tighten_what_is_matched(string value, bool semantic)
    {
        Assert.Equal(semantic, Read(Semantic, headers: ("x-perigee-cache", value)).Semantic);
        Assert.False(Read(On, headers: ("x-perigee-cache", value)).Semantic);
    }

    [Fact]
    public void Times_are_bounded_by_key_and_gateway()
    {
        CacheOptions policy = new() { Ttl = TimeSpan.FromHours(2), MostTtl = TimeSpan.FromHours(5) };
        Assert.Equal(TimeSpan.FromHours(2), Read(policy).Ttl);
        Assert.Equal(TimeSpan.FromHours(5), Read(policy, headers: ("x-perigee-cache-ttl", "1000000")).Ttl);
        Assert.Equal(TimeSpan.FromHours(1), Read(policy, key: TimeSpan.FromHours(1)).Ttl);
        Assert.Equal(TimeSpan.FromHours(1), Read(policy, key: TimeSpan.FromHours(1), headers: ("x-perigee-cache-ttl", "7200")).Ttl);
        Assert.Equal(TimeSpan.FromSeconds(10), Read(policy, key: TimeSpan.FromHours(1), headers: ("x-perigee-cache-ttl", "10")).Ttl);
        CacheWish none = Read(policy, key: TimeSpan.Zero, headers: ("x-perigee-cache", "on"));
        Assert.False(none.Read || none.Write);
    }

    [Theory]
    [InlineData("no-cache", false, true)]
    [InlineData("no-store", false, false)]
    [InlineData("No-Cache, max-age=0", false, true)]
    [InlineData("max-age=0", false, true)]
    [InlineData("max-age=60", true, true)]
    [InlineData("only-if-cached", true, false)]
    [InlineData("private, no-transform", true, true)]
    public void Cache_Control_means_what_http_says(string value, bool read, bool write)
    {
        CacheWish wish = Read(On, headers: ("Cache-Control", value));
        Assert.Equal((read, write), (wish.Read, wish.Write));
        Assert.Equal(value == "max-age=60" ? TimeSpan.FromSeconds(60) : null, wish.MostAge);
        Assert.Equal(On.Ttl, wish.Ttl);
    }

    [Fact]
    public void Portkey()
    {
        CacheWish wish = Read(Off, headers: [("x-portkey-cache", "semantic"), ("Cache-Control", "max-age:1000"), ("x-portkey-cache-namespace", "user-123")]);
        Assert.True(wish is { Read: true, Write: true, Namespace: "user-123", Manner: CacheManner.Portkey });
        Assert.Equal(TimeSpan.FromSeconds(1000), wish.Ttl);
        wish = Read(Off, headers: [("x-portkey-cache", "simple"), ("x-portkey-cache-force-refresh", "True")]);
        Assert.True(wish is { Read: false, Write: true });
        Assert.False(Read(Semantic, headers: ("x-portkey-cache", "simple")).Semantic);
        Assert.True(Read(Semantic, headers: ("x-portkey-cache", "semantic")).Semantic);
        Fails(("x-portkey-cache", "sometimes"), "x-portkey-cache");
    }

    [Fact]
    public void Cloudflare()
    {
        CacheWish wish = Read(Off, headers: ("cf-aig-cache-ttl", "3600"));
        Assert.True(wish is { Read: true, Write: true });
        Assert.Equal(TimeSpan.FromHours(1), wish.Ttl);
        wish = Read(On, headers: [("cf-aig-skip-cache", "true"), ("cf-aig-cache-ttl", "3600")]);
        Assert.False(wish.Read || wish.Write);
        Assert.Equal("responseA", Read(On, headers: ("cf-aig-cache-key", "responseA")).Namespace);
        Fails(("cf-aig-cache-ttl", "soon"), "cf-aig-cache-ttl");
    }

    [Fact]
    public void Helicone()
    {
        CacheWish wish = Read(Off, headers:
            [("Helicone-Cache-Enabled", "true"), ("Cache-Control", "max-age=3600"), ("Helicone-Cache-Bucket-Max-Size", "3"), ("Helicone-Cache-Seed", "user-123"),
                ("Helicone-Cache-Ignore-Keys", "request_id, timestamp")]);
        Assert.True(wish is { Read: true, Write: true, Buckets: 3, Namespace: "user-123" });
        Assert.Equal(TimeSpan.FromHours(1), wish.Ttl);
        Assert.Equal(["request_id", "timestamp"], wish.Ignored!);
        Assert.False(Read(On, headers: ("Helicone-Cache-Enabled", "false")).Read);
        Fails(("Helicone-Cache-Bucket-Max-Size", "21"), "Helicone-Cache-Bucket-Max-Size");
    }

    [Fact]
    public void OpenRouter()
    {
        CacheWish wish = Read(Off, headers: [("X-OpenRouter-Cache", "true"), ("X-OpenRouter-Cache-TTL", "600")]);
        Assert.True(wish is { Read: true, Write: true });
        Assert.Equal(TimeSpan.FromSeconds(600), wish.Ttl);
        Assert.True(Read(Off, headers: [("X-OpenRouter-Cache", "true"), ("X-OpenRouter-Cache-Clear", "true")]) is { Read: false, Write: true });
        Assert.False(Read(On, headers: ("X-OpenRouter-Cache", "false")).Write);
        Fails(("X-OpenRouter-Cache", "perhaps"), "X-OpenRouter-Cache");
    }

    [Fact]
    public void Bifrost()
    {
        CacheWish wish = Read(Semantic with { Enabled = false }, headers: [("x-bf-cache-key", "session-123"), ("x-bf-cache-ttl", "30s"), ("x-bf-cache-threshold", "0.9")]);
        Assert.True(wish is { Read: true, Write: true, Namespace: "session-123", Threshold: 0.9, Semantic: true });
        Assert.Equal(TimeSpan.FromSeconds(30), wish.Ttl);
        Assert.Equal(TimeSpan.FromMinutes(90), Read(new() { MostTtl = TimeSpan.FromDays(1) }, headers: ("x-bf-cache-ttl", "1h30m")).Ttl);
        Assert.False(Read(Semantic, headers: [("x-bf-cache-key", "s"), ("x-bf-cache-type", "direct")]).Semantic);
        Assert.True(Read(On, headers: [("x-bf-cache-key", "s"), ("x-bf-cache-no-store", "true")]) is { Read: true, Write: false });
        Fails(("x-bf-cache-ttl", "30 parsecs"), "x-bf-cache-ttl");
        Fails(("x-bf-cache-threshold", "NaN"), "x-bf-cache-threshold");
    }

    [Fact]
    public void LiteLlm()
    {
        CacheWish wish = Read(On, "{\"cache\":{\"ttl\":300,\"namespace\":\"my-custom-namespace\"}}");
        Assert.Equal((TimeSpan.FromSeconds(300), "my-custom-namespace"), (wish.Ttl, wish.Namespace));
        Assert.Equal(TimeSpan.FromSeconds(600), Read(On, "{\"cache\":{\"s-maxage\":600}}").MostAge);
        Assert.True(Read(On, "{\"cache\":{\"no-cache\":true}}") is { Read: false, Write: true });
        Assert.True(Read(On, "{\"cache\":{\"no-store\":true}}") is { Read: true, Write: false });
        Assert.True(Read(Off, "{\"cache\":{\"use-cache\":true}}").Read);
        Assert.Null(CacheWishReader.Read(Make("{\"cache\":{\"tll\":1}}"), On, out GatewayError? error));
        Assert.Equal("cache.tll", error!.Param);
        Assert.Null(CacheWishReader.Read(Make("{\"cache\":true}"), On, out error));
        Assert.Equal("cache", error!.Param);
    }

    [Fact]
    public void Questions_whose_answer_the_provider_stores_are_asked_anew() =>
        Assert.False(Read(On, "{\"store\":true}", ("x-perigee-cache", "on")).Read);

    [Theory]
    [InlineData("x-perigee-cache", "yes")]
    [InlineData("x-perigee-cache-ttl", "0")]
    [InlineData("x-perigee-cache-ttl", "-1")]
    [InlineData("x-perigee-cache-ttl", "1.5")]
    [InlineData("x-perigee-cache-threshold", "1.01")]
    [InlineData("x-perigee-cache-threshold", "close")]
    public void What_cannot_be_meant_is_refused_by_name(string header, string value) => Fails((header, value), header);

    private static void Fails((string Name, string Value) header, string field)
    {
        Exchange exchange = Make("{}", header);
        Assert.Null(CacheWishReader.Read(exchange, On, out GatewayError? error));
        Assert.Equal((ErrorKind.BadRequest, field), (error!.Kind, error.Param));
    }

    private static CacheWish Read(CacheOptions policy, params (string, string)[] headers) => Read(policy, "{}", headers);

    private static CacheWish Read(CacheOptions policy, TimeSpan key, params (string, string)[] headers)
    {
        Exchange exchange = Make("{}", headers);
        exchange.Caller = exchange.Caller! with { CacheTtl = key };
        CacheWish? wish = CacheWishReader.Read(exchange, policy, out GatewayError? error);
        Assert.Null(error);
        return wish!;
    }

    private static CacheWish Read(CacheOptions policy, string body, params (string, string)[] headers)
    {
        CacheWish? wish = CacheWishReader.Read(Make(body, headers), policy, out GatewayError? error);
        Assert.Null(error);
        return wish!;
    }

    private static Exchange Make(string body, params (string Name, string Value)[] headers)
    {
        Exchange exchange = Exchanges.Make("chat", out _);
        Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(body), out JsonIndex? question, out _));
        exchange.Question = question;
        foreach ((string name, string value) in headers)
            exchange.Http.Request.Headers[name] = value;
        return exchange;
    }
}

using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Perigee.Callers;
using Perigee.Storage;

namespace Perigee.Tests.Callers;

public sealed class CallerMiddlewareTests : IDisposable
{
    private const string AdminKey = "an-admin-key-for-tests";

    private readonly TestStorage _storage = new();
    private readonly KeyStore _store;
    private readonly OwnerLookup _owners;
    private readonly KeyLookup _lookup;
    private bool _passed;

    public CallerMiddlewareTests()
    {
        _store = new KeyStore(SharedTables.OfOne(_storage), TimeProvider.System);
        _owners = new OwnerLookup(new OwnerStore(SharedTables.OfOne(_storage)), TimeProvider.System);
        _lookup = new KeyLookup(_store, _owners, TimeProvider.System);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _storage.Dispose();

    [Theory]
    [InlineData("Authorization", "Bearer {0}")]
    [InlineData("Authorization", "bearer  {0} ")]
    [InlineData("api-key", "{0}")]
    [InlineData("x-api-key", "{0}")]
    public async Task A_key_is_taken_from_any_of_the_headers(string header, string format)
    {
        (string key, KeyRecord record) = await _store.CreateAsync("ci", "team", 60, null, Cancel);
        Exchange exchange = await AskAsync(Closed(), (header, string.Format(null, format, key)));
        Assert.True(_passed);
        Assert.Equal((record.Id, "team", "ci", 60), Told(exchange.Caller));
        Assert.Equal(("requests-minute", LimitLevel.Key, record.Id, 60), exchange.Caller!.Limits.Single() is var rule ? (rule.Name, rule.Level, rule.Owner, rule.Amount) : default);
    }

    [Fact]
    public async Task A_key_of_ours_wins_over_what_else_an_SDK_sends()
    {
        (string key, KeyRecord record) = await _store.CreateAsync("ci", null, null, null, Cancel);
        Exchange exchange = await AskAsync(Closed(), ("Authorization", "Bearer sk-something"), ("api-key", "other"), ("x-api-key", key));
        Assert.Equal(record.Id, exchange.Caller!.KeyId);
    }

    [Theory]
    [InlineData(null, null, "No API key was sent")]
    [InlineData("Authorization", "Basic cGs6cGs=", "No API key was sent")]
    [InlineData("Authorization", "Bearer sk-live-1234", "no API key of this gateway")]
    [InlineData("Authorization", "Bearer pk-short", "not known")]
    [InlineData("api-key", "pk-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "not known")]
    public async Task Who_has_no_key_is_told_what_to_do(string? header, string? value, string expected)
    {
        Exchange exchange = await AskAsync(Closed(), header is null ? [] : [(header, value!)]);
        Assert.False(_passed);
        Assert.Equal(401, exchange.Http.Response.StatusCode);
        Assert.Equal("Bearer", exchange.Http.Response.Headers.WWWAuthenticate);
        Assert.Contains(expected, exchange.Error!.Message, StringComparison.Ordinal);
        Assert.Contains("/manage/v1/keys", exchange.Error.Message, StringComparison.Ordinal);
        Assert.Contains("invalid_api_key", Body(exchange), StringComparison.Ordinal);
        if (value is not null)
            Assert.DoesNotContain(value.Split(' ')[^1], Body(exchange), StringComparison.Ordinal);

        exchange = await AskAsync(Policy(loopback: false), header is null ? [] : [(header, value!)]);
        Assert.Equal(401, exchange.Http.Response.StatusCode);
        Assert.Contains("PERIGEE_ADMIN_KEY", exchange.Error!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1")]
    [InlineData("HTTP/2")]
    public async Task What_a_connection_carried_before_never_stands_for_another_key(string protocol)
    {
        (string first, KeyRecord one) = await _store.CreateAsync("one", null, null, null, Cancel);
        (string second, KeyRecord two) = await _store.CreateAsync("two", null, null, null, Cancel);
        DefaultConnectionContext connection = new();
        string header = "Bearer " + first;

        Assert.Equal(one.Id, (await OnAsync(header)).Caller!.KeyId);
        Assert.Equal(one.Id, (await OnAsync(header)).Caller!.KeyId);
        Assert.Equal(two.Id, (await OnAsync("Bearer " + second)).Caller!.KeyId);
        Assert.Equal(one.Id, (await OnAsync("Bearer " + first)).Caller!.KeyId);
        Assert.Equal(one.Id, (await OnAsync(header)).Caller!.KeyId);
        Assert.Null((await OnAsync("Bearer sk-other")).Caller);
        Assert.Null((await OnAsync(null)).Caller);

        _lookup.Put(one with { RevokedAt = DateTimeOffset.UnixEpoch });
        Assert.Null((await OnAsync(header)).Caller);

        async Task<Exchange> OnAsync(string? authorization)
        {
            Exchange exchange = Exchanges.Make("chat", out _);
            exchange.Caller = null;
            exchange.Http.Request.Protocol = protocol;
            exchange.Http.Features.Set<IConnectionItemsFeature>(connection);
            exchange.Http.Request.Headers.Authorization = authorization;
            await RunAsync(Closed(), exchange);
            return exchange;
        }
    }

    [Fact]
    public async Task A_warm_key_costs_no_trip_and_few_bytes()
    {
        (string key, _) = await _store.CreateAsync("ci", "team", 60, null, Cancel);
        Exchange exchange = Exchanges.Make("chat", out _);
        exchange.Http.Features.Set<IConnectionItemsFeature>(new DefaultConnectionContext());
        exchange.Http.Request.Headers.Authorization = "Bearer " + key;
        await RunAsync(Closed(), exchange);
        Assert.NotNull(exchange.Caller);
        CallerMiddleware warm = Make(Closed());
        int calls = _storage.Calls;
        const int Rounds = 1_000;
        Assert.True(Run() && Run());
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(Run());
        long bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / Rounds;
        TestContext.Current.TestOutputHelper!.WriteLine($"{bytes} bytes");
        Assert.InRange(bytes, 0, 128);
        Assert.Equal(calls, _storage.Calls);

        bool Run()
        {
            bool done = true;
            for (int round = 0; round < Rounds; round++)
            {
                exchange.Caller = null;
                done &= warm.InvokeAsync(exchange.Http).IsCompletedSuccessfully && exchange.Caller is not null;
            }

            return done;
        }
    }

    [Fact]
    public async Task A_key_sent_twice_in_one_header_is_none()
    {
        (string key, _) = await _store.CreateAsync("ci", null, null, null, Cancel);
        Exchange exchange = Exchanges.Make("chat", out _);
        exchange.Caller = null;
        exchange.Http.Request.Headers["x-api-key"] = new[] { key, "pk-other" };
        await RunAsync(Closed(), exchange);
        Assert.Equal(401, exchange.Http.Response.StatusCode);
    }

    [Fact]
    public async Task Revoked_and_expired_keys_are_told_apart()
    {
        (string revoked, KeyRecord record) = await _store.CreateAsync("a", null, null, null, Cancel);
        await _store.RevokeAsync(record.Id, Cancel);
        (string expired, _) = await _store.CreateAsync("b", null, null, TimeProvider.System.GetUtcNow().AddSeconds(-1), Cancel);
        Assert.Contains("revoked", (await AskAsync(Closed(), ("api-key", revoked))).Error!.Message, StringComparison.Ordinal);
        Assert.Contains("expired", (await AskAsync(Closed(), ("api-key", expired))).Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_storage_a_key_cannot_be_checked()
    {
        _storage.Next = static _ => Mishap.Down;
        Exchange exchange = await AskAsync(Closed(), ("api-key", KeyText.New()));
        Assert.False(_passed);
        Assert.Equal(503, exchange.Http.Response.StatusCode);
        Assert.Equal(ErrorKind.StorageDown, exchange.Error!.Kind);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("sk-anything")]
    [InlineData("pk-anything")]
    [InlineData("pk-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task An_open_gateway_asks_for_nothing(string? key)
    {
        Exchange exchange = await AskAsync(Policy(loopback: true), key is null ? [] : [("Authorization", "Bearer " + key)]);
        Assert.True(_passed);
        Assert.True(exchange.Caller!.IsOpen);
    }

    [Fact]
    public async Task An_open_gateway_honours_a_key_that_is_good()
    {
        (string key, KeyRecord record) = await _store.CreateAsync("ci", "team", 7, null, Cancel);
        Exchange exchange = await AskAsync(Policy(loopback: true), ("x-api-key", key));
        Assert.Equal((record.Id, "team", "ci", 7), Told(exchange.Caller));
    }

    [Theory]
    [InlineData("localhost:7071", null, true)]
    [InlineData("127.0.0.1:7071", null, true)]
    [InlineData("[::1]:7071", null, true)]
    [InlineData("app.localhost", null, true)]
    [InlineData("evil.example", null, false)]
    [InlineData("127.0.0.1.evil.example", null, false)]
    [InlineData("localhost:7071", "http://localhost:3000", true)]
    [InlineData("localhost:7071", "vscode-webview://abc", true)]
    [InlineData("localhost:7071", "https://evil.example", false)]
    [InlineData("localhost:7071", "http://localhost.evil.example", false)]
    [InlineData("localhost:7071", "null", false)]
    public async Task An_open_gateway_does_not_serve_web_pages_of_others(string host, string? origin, bool passes)
    {
        Exchange exchange = await AskAsync(Policy(loopback: true), origin is null ? [("Host", host)] : [("Host", host), ("Origin", origin)]);
        Assert.Equal(passes, _passed);
        Assert.Equal(passes ? 200 : 403, exchange.Http.Response.StatusCode);
        (string key, _) = await _store.CreateAsync("ci", null, null, null, Cancel);
        await AskAsync(Policy(loopback: true), ("Host", host), ("api-key", key));
        Assert.True(_passed, "Who has a key is no web page.");
    }

    [Fact]
    public void Open_needs_loopback()
    {
        Assert.True(Policy(loopback: true).IsOpen);
        Assert.True(Policy(loopback: true, ("PERIGEE_OPEN", "true"), ("PERIGEE_ADMIN_KEY", AdminKey)).IsOpen);
        Assert.False(Policy(loopback: true, ("PERIGEE_ADMIN_KEY", AdminKey)).IsOpen);
        Assert.False(Policy(loopback: true, ("PERIGEE_OPEN", "false")).IsOpen);
        Assert.False(Policy(loopback: false).IsOpen);
        Assert.False(Policy(loopback: false, ("PERIGEE_OPEN", "false")).IsOpen);
        Assert.Contains("PERIGEE_OPEN", Assert.Throws<ConfigurationException>(() => Policy(loopback: false, ("PERIGEE_OPEN", "true"))).Message, StringComparison.Ordinal);
        ConfigurationException both = Assert.Throws<ConfigurationException>(
            () => Policy(loopback: true, ("PERIGEE_OPEN", "yes"), ("PERIGEE_ADMIN_KEY", "tooshort")));
        Assert.Equal(2, both.Faults.Count);
        Assert.DoesNotContain("tooshort", both.Message, StringComparison.Ordinal);
    }

    internal static (string, string, string, int?) Told(Caller? caller) => (caller!.KeyId, caller.Tenant, caller.Name, caller.RequestsPerMinute);

    internal static CallerPolicy Policy(bool loopback, params (string Name, string Value)[] settings) => new(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(static s => new KeyValuePair<string, string?>(s.Name, s.Value))).Build(),
        new GatewayHost { Mode = "local", BoundToLoopback = loopback });

    internal static CallerPolicy Closed() => Policy(loopback: true, ("PERIGEE_ADMIN_KEY", AdminKey));

    private async Task<Exchange> AskAsync(CallerPolicy policy, params (string Name, string Value)[] headers)
    {
        Exchange exchange = Exchanges.Make("chat", out _);
        exchange.Caller = null;
        exchange.Http.Request.Host = new HostString("localhost:7071");
        foreach ((string name, string value) in headers)
            exchange.Http.Request.Headers[name] = value;
        await RunAsync(policy, exchange);
        return exchange;
    }

    private CallerMiddleware Make(CallerPolicy policy) => new(
        _ =>
        {
            _passed = true;
            return Task.CompletedTask;
        },
        policy, _lookup, new JwtCallers(new JwtReader(new SigningKeys(new NoDocuments(), TimeProvider.System), TimeProvider.System), _owners, TimeProvider.System),
        new UserCallers());

    private async Task RunAsync(CallerPolicy policy, Exchange exchange)
    {
        _passed = false;
        await Make(policy).InvokeAsync(exchange.Http);
        await exchange.Http.Response.BodyWriter.FlushAsync(Cancel);
    }

    private static string Body(Exchange exchange) => Encoding.UTF8.GetString(((MemoryStream)exchange.Http.Response.Body).ToArray());
}

/// <summary>No issuer has any keys.</summary>
internal sealed class NoDocuments : ISigningKeyDocuments
{
    public ValueTask<ReadOnlyMemory<byte>> FetchAsync(Uri address, JwtIssuer issuer, CancellationToken cancel) => throw new IOException("none for a test");
}

using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Callers;
using Perigee.Storage;

namespace Perigee.Tests.Callers;

public sealed class KeyEndpointsTests : IDisposable
{
    private const string AdminKey = "an-admin-key-for-tests";

    private readonly TestStorage _storage = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _storage.Dispose();

    [Fact]
    public async Task A_key_is_shown_once_listed_without_and_revoked()
    {
        Api api = new(_storage, CallerMiddlewareTests.Closed());
        (int status, JsonElement made, HttpContext http) = await api.SendAsync(
            "POST", "/manage/v1/keys", """{"name":"ci","tenant":"team-a","requestsPerMinute":60,"quality":"strong","expiresAt":"2126-01-01T00:00:00+02:00"}""");
        Assert.Equal(201, status);
        string key = made.GetProperty("key").GetString()!;
        string id = made.GetProperty("id").GetString()!;
        Assert.StartsWith("pk-", key, StringComparison.Ordinal);
        Assert.Equal("/manage/v1/keys/" + id, http.Response.Headers.Location);
        Assert.Equal("no-store", http.Response.Headers.CacheControl);
        Assert.Equal("2125-12-31T22:00:00Z", made.GetProperty("expiresAt").GetString());
        Assert.Equal("strong", made.GetProperty("quality").GetString());
        Caller caller = (await api.Lookup.FindAsync(key, Cancel)).Caller!;
        Assert.Equal(("team-a", "strong"), (caller.Tenant, caller.Quality));

        (_, JsonElement plain, _) = await api.SendAsync("POST", "/manage/v1/keys", """{"name":"plain"}""");
        Assert.Equal(plain.GetProperty("id").GetString(), plain.GetProperty("tenant").GetString());

        (status, JsonElement list, _) = await api.SendAsync("GET", "/manage/v1/keys");
        Assert.Equal(200, status);
        Assert.Equal(2, list.GetProperty("data").GetArrayLength());
        Assert.DoesNotContain("pk-", list.GetRawText(), StringComparison.Ordinal);
        (status, JsonElement one, _) = await api.SendAsync("GET", "/manage/v1/keys/" + id);
        Assert.Equal(200, status);
        Assert.False(one.TryGetProperty("key", out _));
        Assert.Equal(60, one.GetProperty("requestsPerMinute").GetInt32());
        Assert.Equal(JsonValueKind.Null, one.GetProperty("revokedAt").ValueKind);

        (status, JsonElement revoked, _) = await api.SendAsync("DELETE", "/manage/v1/keys/" + id);
        Assert.Equal(200, status);
        Assert.Equal(JsonValueKind.String, revoked.GetProperty("revokedAt").ValueKind);
        Assert.Same(KeyFinding.Revoked, await api.Lookup.FindAsync(key, Cancel));
        (_, JsonElement again, _) = await api.SendAsync("DELETE", "/manage/v1/keys/" + id);
        Assert.Equal(revoked.GetRawText(), again.GetRawText());
    }

    [Theory]
    [InlineData("""{"name":"a","requestPerMinute":5,"foo":1}""", "'requestPerMinute', 'foo'", "requestPerMinute")]
    [InlineData("""{"name":"a","requestsPerMinute":"5"}""", "'requestsPerMinute' is not of the type", "requestsPerMinute")]
    [InlineData("""{"name":"a","requestsPerMinute":0}""", "1 to 1000000000", "requestsPerMinute")]
    [InlineData("""{"name":"a","expiresAt":"2020-01-01T00:00:00Z"}""", "future", "expiresAt")]
    [InlineData("""{"name":"a","expiresAt":"soon"}""", "'expiresAt' is not of the type", "expiresAt")]
    [InlineData("""{"name":"a","quality":"best"}""", "'quality' must be 'basic'", "quality")]
    [InlineData("""{"name":"a","tenant":"a/b"}""", "'tenant'", "tenant")]
    [InlineData("""{"name":"a","tenant":"open"}""", "'tenant'", "tenant")]
    [InlineData("""{"name":" "}""", "'name' is needed", "name")]
    [InlineData("""{"Name":"a"}""", "'Name'", "Name")]
    [InlineData("""{"name":"a","name":"b"}""", "'name' is not", "name")]
    [InlineData("{}", "'name' is needed", "name")]
    [InlineData("null", "JSON object", null)]
    [InlineData("[]", "JSON object", null)]
    [InlineData("{", "JSON object", null)]
    [InlineData("", "JSON object", null)]
    public async Task A_body_that_is_wrong_is_refused_by_name(string body, string expected, string? param)
    {
        Api api = new(_storage, CallerMiddlewareTests.Closed());
        (int status, JsonElement answer, _) = await api.SendAsync("POST", "/manage/v1/keys", body);
        JsonElement error = answer.GetProperty("error");
        Assert.Equal(400, status);
        Assert.Contains(expected, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.DoesNotContain("Perigee.", answer.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(0, await _storage.Table("keys").ScanAsync(Cancel).CountAsync(Cancel));
    }

    [Fact]
    public async Task What_is_no_JSON_or_too_large_is_refused()
    {
        Api api = new(_storage, CallerMiddlewareTests.Closed());
        Assert.Equal(415, (await api.SendAsync("POST", "/manage/v1/keys", """{"name":"a"}""", ("Content-Type", "text/plain"))).Status);
        Assert.Equal(413, (await api.SendAsync("POST", "/manage/v1/keys", $$"""{"name":"{{new string('a', 70_000)}}"}""")).Status);
        Assert.Equal(404, (await api.SendAsync("GET", "/manage/v1/keys/key_unknown")).Status);
        Assert.Equal(404, (await api.SendAsync("DELETE", "/manage/v1/keys/key_000000000000000000000000")).Status);
    }

    [Fact]
    public async Task Only_the_admin_key_opens()
    {
        Api api = new(_storage, CallerMiddlewareTests.Closed());
        (string key, _) = await api.Store.CreateAsync("ci", null, null, null, Cancel);
        foreach ((string name, string value) in ((string, string)[])
            [
                ("Authorization", ""), ("Authorization", "Bearer"), ("Authorization", "Bearer wrong"), ("Authorization", AdminKey), ("x-api-key", AdminKey + "x"),
                ("x-api-key", key), ("Authorization", "Bearer " + key), ("api-key", AdminKey),
            ])
        {
            foreach ((string method, string path) in ((string, string)[])[("GET", "/manage/v1/keys"), ("POST", "/manage/v1/keys"), ("DELETE", "/manage/v1/keys/x")])
            {
                (int status, JsonElement answer, _) = await api.SendAsync(method, path, """{"name":"a"}""", ("Authorization", ""), (name, value));
                Assert.Equal(401, status);
                Assert.DoesNotContain(AdminKey, answer.GetRawText(), StringComparison.Ordinal);
            }
        }

        Assert.Equal(200, (await api.SendAsync("GET", "/manage/v1/keys", null, ("Authorization", ""), ("x-api-key", AdminKey))).Status);
    }

    [Fact]
    public async Task Without_an_admin_key_nobody_gets_in_unless_the_gateway_is_open()
    {
        Api closed = new(_storage, CallerMiddlewareTests.Policy(loopback: false));
        (int status, JsonElement answer, _) = await closed.SendAsync("GET", "/manage/v1/keys");
        Assert.Equal(401, status);
        Assert.Contains("PERIGEE_ADMIN_KEY", answer.GetRawText(), StringComparison.Ordinal);

        Api open = new(_storage, CallerMiddlewareTests.Policy(loopback: true));
        Assert.Equal(200, (await open.SendAsync("GET", "/manage/v1/keys", null, ("Authorization", ""))).Status);
        Assert.Equal(403, (await open.SendAsync("GET", "/manage/v1/keys", null, ("Host", "evil.example"))).Status);
        Assert.Equal(403, (await open.SendAsync("GET", "/manage/v1/keys", null, ("Origin", "http://localhost:3000"))).Status);
        Assert.Equal(403, (await open.SendAsync("GET", "/manage/v1/keys", null, ("Origin", "null"))).Status);
        Assert.Equal(200, (await open.SendAsync("GET", "/manage/v1/keys", null, ("Origin", "http://localhost:7071"))).Status);

        Api both = new(_storage, CallerMiddlewareTests.Policy(loopback: true, ("PERIGEE_OPEN", "true"), ("PERIGEE_ADMIN_KEY", AdminKey)));
        Assert.Equal(401, (await both.SendAsync("GET", "/manage/v1/keys", null, ("Authorization", ""))).Status);
    }

    [Fact]
    public async Task A_storage_that_is_down_is_said_so()
    {
        Api api = new(_storage, CallerMiddlewareTests.Closed());
        _storage.Next = static _ => Mishap.Down;
        Assert.Equal(503, (await api.SendAsync("POST", "/manage/v1/keys", """{"name":"a"}""")).Status);
        Assert.Equal(503, (await api.SendAsync("GET", "/manage/v1/keys")).Status);
    }

    private sealed class FixedOptions : IGatewayOptions
    {
        public GatewayOptions Current => Exchanges.Options;
    }

    private sealed class Api
    {
        private readonly RequestDelegate _app;
        private readonly IServiceProvider _services;

        public Api(IStorage storage, CallerPolicy policy)
        {
            _services = new ServiceCollection().AddLogging().AddRouting()
                .AddSingleton(new System.Diagnostics.DiagnosticListener("test"))
                .AddSingleton(storage).AddSingleton(SharedTables.OfOne(storage)).AddSingleton(TimeProvider.System).AddSingleton(new GatewayHost { Mode = "local" })
                .AddSingleton<IGatewayOptions>(new FixedOptions()).AddSingleton<ISigningKeyDocuments, NoDocuments>()
                .AddCallers(new ConfigurationBuilder().Build()).AddSingleton(policy)
                .BuildServiceProvider();
            ApplicationBuilder app = new(_services);
            app.UseRouting();
            app.UseEndpoints(static endpoints => endpoints.MapCallers());
            _app = app.Build();
        }

        public KeyLookup Lookup => _services.GetRequiredService<KeyLookup>();

        public KeyStore Store => _services.GetRequiredService<KeyStore>();

        public async Task<(int Status, JsonElement Body, HttpContext Http)> SendAsync(
            string method, string path, string? body = null, params (string Name, string Value)[] headers)
        {
            MemoryStream sent = new();
            DefaultHttpContext http = new() { RequestServices = _services };
            http.Request.Method = method;
            http.Request.Path = path;
            http.Request.Scheme = "http";
            http.Request.Host = new HostString("localhost:7071");
            http.Request.Headers.Authorization = "Bearer " + AdminKey;
            http.Request.ContentType = "application/json";
            http.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body ?? ""));
            http.Response.Body = sent;
            foreach ((string name, string value) in headers)
                http.Request.Headers[name] = value;
            await _app(http);
            await http.Response.BodyWriter.FlushAsync(Cancel);
            return (http.Response.StatusCode, JsonDocument.Parse(sent.ToArray()).RootElement, http);
        }
    }
}

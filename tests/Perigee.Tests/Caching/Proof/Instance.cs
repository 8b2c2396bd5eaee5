using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Perigee.Caching;
using Perigee.Storage;

namespace Perigee.Tests.Caching.Proving;

/// <summary>One instance of the whole gateway on a port of its own: several may stand on one storage.</summary>
internal sealed class Instance : IAsyncDisposable
{
    public const string AdminKey = "admin-key-of-the-tests";

    private readonly WebApplication _app;
    private readonly string _folder;

    private Instance(WebApplication app, string folder)
    {
        (_app, _folder) = (app, folder);
        Http = new HttpClient(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero, MaxResponseDrainSize = 0, UseProxy = false })
        {
            BaseAddress = new Uri(app.Urls.First()),
            Timeout = TimeSpan.FromSeconds(40),
        };
    }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>To look at what no client sees.</summary>
    public AnswerCache Cache => _app.Services.GetRequiredService<AnswerCache>();

    public static async Task<Instance> StartAsync(
        IStorage storage, TimeProvider time, string configuration, Action<IServiceCollection>? services = null, bool open = true)
    {
        string folder = Directory.CreateTempSubdirectory("perigee-proof-").FullName;
        string file = Path.Combine(folder, "perigee.json");
        await File.WriteAllTextAsync(file, configuration);
        IConfiguration settings = new ConfigurationBuilder().AddInMemoryCollection(
            [new("PERIGEE_CONFIG", file), new("UPSTREAM_KEY", Provider.Key), new("PERIGEE_ADMIN_KEY", AdminKey), new("PERIGEE_OPEN", open ? "true" : "false")]).Build();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1));
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton(new GatewayHost { Mode = "local", BoundToLoopback = true });
        builder.Services.AddPerigee(settings);
        builder.Services.AddSingleton(storage);
        services?.Invoke(builder.Services);
        WebApplication app = builder.Build();
        app.Run(app.Services.GetRequiredService<GatewayPipeline>().InvokeAsync);
        await app.StartAsync();
        return new Instance(app, folder);
    }

    /// <summary>The names and values of everything that the cache counted, of a scope or of all.</summary>
    public async Task<JsonElement> CountsAsync(string query = "") => (await ManageAsync(HttpMethod.Get, "/manage/v1/cache" + query)).Json;

    /// <summary>A new key of a tenant.</summary>
    public async Task<string> KeyAsync(string tenant, int? cacheTtlSeconds = null)
    {
        Reply reply = await ManageAsync(HttpMethod.Post, "/manage/v1/keys",
            $$"""{"name":"k","tenant":"{{tenant}}"{{(cacheTtlSeconds is { } ttl ? $",\"cacheTtlSeconds\":{ttl}" : "")}}}""");
        Assert.True(reply.Status == 201, reply.Body);
        return reply.Json.GetProperty("key").GetString()!;
    }

    public async Task<Reply> ManageAsync(HttpMethod method, string path, string? body = null)
    {
        using HttpRequestMessage request = new(method, path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
        return await Reply.OfAsync(await Http.SendAsync(request, TestContext.Current.CancellationToken));
    }

    /// <summary>Asks, and waits for all of the answer. A header <c>key</c> is the caller's key.</summary>
    public async Task<Reply> AskAsync(Form form, string model, string text = "What is new?", string more = "", params (string Name, string Value)[] headers) =>
        await Reply.OfAsync(await SendAsync(form, model, text, more, TestContext.Current.CancellationToken, headers));

    public Task<HttpResponseMessage> SendAsync(Form form, string model, string text, string more, CancellationToken cancel, params (string Name, string Value)[] headers) =>
        Http.SendAsync(Request(form.Path(model), form.Question(model, text, more), headers), HttpCompletionOption.ResponseHeadersRead, cancel);

    public async Task<Reply> PostAsync(string path, string body, params (string Name, string Value)[] headers) =>
        await Reply.OfAsync(await Http.SendAsync(Request(path, body, headers), TestContext.Current.CancellationToken));

    public async Task StopAsync() => await _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static HttpRequestMessage Request(string path, string body, (string Name, string Value)[] headers)
    {
        HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("anthropic-version", "2023-06-01");
        foreach ((string name, string value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name == "key" ? "authorization" : name, name == "key" ? "Bearer " + value : value));
        return request;
    }
}

/// <summary>What a client got.</summary>
internal sealed class Reply
{
    private readonly HttpResponseMessage _answer;

    private Reply(HttpResponseMessage answer, byte[] bytes) => (_answer, Bytes) = (answer, bytes);

    public byte[] Bytes { get; }

    /// <summary>The connection broke before the end.</summary>
    public bool Cut { get; private init; }

    public int Status => (int)_answer.StatusCode;

    public string Body => Encoding.UTF8.GetString(Bytes);

    public JsonElement Json => JsonDocument.Parse(Bytes).RootElement;

    public string Type => _answer.Content.Headers.ContentType?.ToString() ?? "";

    /// <summary>What the cache did.</summary>
    public string Cache => Header("x-perigee-cache");

    public string Id => Header("x-request-id");

    public string Key => Header("x-perigee-cache-key");

    public string Header(string name) => _answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(", ", values) : "";

    public static async Task<Reply> OfAsync(HttpResponseMessage answer)
    {
        using MemoryStream body = new();
        try
        {
            await answer.Content.CopyToAsync(body);
            return new Reply(answer, body.ToArray());
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new Reply(answer, body.ToArray()) { Cut = true };
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Status} {Cache} {Body}";
}

using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Perigee.Acceptance.Tests.Running;

/// <summary>
/// An upstream of our own in the test process, for what aimock cannot do: to wait for the test in mid-stream, to fail in chosen ways, and
/// to see what only the wire shows. A test registers what happens to calls of a model with a name that no other test uses.
/// </summary>
public sealed class OwnUpstream : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Func<HttpContext, JsonElement, Task>> _scripts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Func<HttpContext, byte[], Task>> _raw = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Func<HttpContext, Task>> _paths = new(StringComparer.Ordinal);

    private OwnUpstream(WebApplication app) => _app = app;

    /// <summary>Its address, without a slash at the end.</summary>
    public string Url => _app.Urls.First().TrimEnd('/');

    /// <summary>Starts it.</summary>
    public static async Task<OwnUpstream> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddRouting();
        WebApplication app = builder.Build();
        OwnUpstream upstream = new(app);
        app.Run(upstream.ServeAsync);
        await app.StartAsync();
        return upstream;
    }

    /// <summary>What happens to JSON calls of a model. Returns the name for the client.</summary>
    public string On(Func<HttpContext, JsonElement, Task> script)
    {
        string model = "m-" + Guid.NewGuid().ToString("N");
        _scripts[model] = script;
        return "own/" + model;
    }

    /// <summary>
    /// What happens to calls of a model in any dialect, with the body as it came. Returns the provider's name of the model: the client puts
    /// that of the provider before it.
    /// </summary>
    /// <param name="script">Gets the call and its body.</param>
    /// <param name="prefix">How the name has to begin, where the gateway knows models by their names.</param>
    public string Add(Func<HttpContext, byte[], Task> script, string prefix = "m-")
    {
        string model = prefix + Guid.NewGuid().ToString("N");
        _raw[model] = script;
        return model;
    }

    /// <summary>The same for a model whose name stands in the configuration.</summary>
    public void Set(string model, Func<HttpContext, byte[], Task> script) => _raw[model] = script;

    /// <summary>What happens to calls of a path, as <c>GET /v1/responses/resp_1</c>.</summary>
    public void OnPath(string methodAndPath, Func<HttpContext, Task> script) => _paths[methodAndPath] = script;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext http)
    {
        HttpRequest request = http.Request;
        if (_paths.TryGetValue($"{request.Method} {request.Path}", out Func<HttpContext, Task>? byPath))
        {
            await byPath(http);
            return;
        }

        if (request.HasFormContentType)
        {
            await UploadDigest.AnswerAsync(http);
            return;
        }

        if (request.ContentLength is > 0)
        {
            using MemoryStream body = new();
            await request.Body.CopyToAsync(body, http.RequestAborted);
            using JsonDocument question = JsonDocument.Parse(body.ToArray());
            string model = OfGemini(request.Path.Value!) ?? question.RootElement.GetProperty("model").GetString()!;
            if (_raw.TryGetValue(model, out Func<HttpContext, byte[], Task>? raw))
            {
                await raw(http, body.ToArray());
                return;
            }

            if (_scripts.TryGetValue(model, out Func<HttpContext, JsonElement, Task>? script))
            {
                await script(http, question.RootElement);
                return;
            }
        }

        http.Response.StatusCode = 404;
        await http.Response.WriteAsync("""{"error":{"message":"The test has not said what happens here.","type":"invalid_request_error","param":null,"code":null}}""");
    }

    /// <summary>The model of a path like <c>/v1beta/models/NAME:generateContent</c>.</summary>
    private static string? OfGemini(string path)
    {
        const string Before = "/models/";
        int begin = path.IndexOf(Before, StringComparison.Ordinal);
        int end = path.LastIndexOf(':');
        return begin < 0 || end < begin ? null : path[(begin + Before.Length)..end];
    }
}

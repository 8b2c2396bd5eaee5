using System.Buffers;
using System.Net;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Perigee.Callers;
using Perigee.Storage;

namespace Perigee;

/// <summary>What a newcomer wants to know: printed at start, and served at <c>GET /</c> as JSON or as a small page.</summary>
internal sealed class Welcome(
    GatewayHost host, IGatewayOptions options, IStorage storage, CallerPolicy policy, AdminGuard guard, IServiceProvider services,
    IHostApplicationLifetime lifetime)
    : IHostedService
{
    private const string Ask = """{"model":"demo/echo","messages":[{"role":"user","content":"Hello"}]}""";

    /// <summary>The gateway's version.</summary>
    public static string Version { get; } =
        typeof(Welcome).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() => Console.Out.Write(Text()));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The lines printed at start.</summary>
    public string Text()
    {
        IReadOnlyList<string> urls = Urls();
        StringBuilder text = new();
        text.AppendLine($"Perigee {Version}");
        text.AppendLine($"  listens on    {(urls.Count > 0 ? string.Join(", ", urls) : "what the Functions host says")}");
        text.AppendLine($"  providers on  {string.Join(", ", ProvidersOn())}");
        text.AppendLine($"  data in       {storage.Location}");
        text.AppendLine($"  access        {Access()}");
        text.AppendLine($"  try           {Curl(urls.Count > 0 ? urls[0] : "$GATEWAY")}");
        return text.ToString();
    }

    /// <summary>Answers <c>GET /</c>.</summary>
    public async Task AnswerAsync(HttpContext http)
    {
        // To strangers from outside it says what it is, not how it is set up.
        bool whole = host.BoundToLoopback || guard.Check(http) is null;
        string own = $"{http.Request.Scheme}://{http.Request.Host}";
        bool page = http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
        byte[] body = page ? Encoding.UTF8.GetBytes(Page(own, whole)) : Json(own, whole);
        http.Response.ContentType = page ? "text/html; charset=utf-8" : "application/json";
        http.Response.ContentLength = body.Length;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
        http.Response.Headers.Vary = "Accept";
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.BodyWriter.WriteAsync(body);
    }

    private byte[] Json(string own, bool whole)
    {
        ArrayBufferWriter<byte> output = new();
        using Utf8JsonWriter json = new(output, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("name"u8, "Perigee");
        json.WriteString("version"u8, Version);
        json.WriteBoolean("open"u8, policy.IsOpen);
        if (whole)
        {
            json.WriteStartArray("urls"u8);
            foreach (string url in Urls())
                json.WriteStringValue(url);
            json.WriteEndArray();
            json.WriteStartArray("providers"u8);
            foreach (string provider in ProvidersOn())
                json.WriteStringValue(provider);
            json.WriteEndArray();
            json.WriteString("data"u8, storage.Location);
            json.WriteString("region"u8, host.Region);
        }

        json.WriteString("openai_base_url"u8, own + "/v1");
        json.WriteString("curl"u8, Curl(own));
        json.WriteEndObject();
        json.Flush();
        return output.WrittenSpan.ToArray();
    }

    private string Page(string own, bool whole)
    {
        static string Html(string text) => WebUtility.HtmlEncode(text);
        string rows = whole
            ? $"<dt>Listens on</dt><dd>{Html(string.Join(", ", Urls()))}</dd><dt>Providers on</dt><dd>{Html(string.Join(", ", ProvidersOn()))}</dd>"
                + $"<dt>Data in</dt><dd>{Html(storage.Location)}</dd>"
            : "";
        return $$"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Perigee</title>
            <style>
            :root { color-scheme: light dark }
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem }
            dt { font-weight: 600; margin-top: .8rem } dd { margin: 0 }
            pre { padding: 1rem; overflow-x: auto; border: 1px solid #8886; border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere }
            </style>
            </head>
            <body>
            <h1>Perigee</h1>
            <p>An AI gateway: one endpoint that speaks the dialects your apps already use, any provider behind it. Version {{Html(Version)}}.</p>
            <dl>{{rows}}<dt>Access</dt><dd>{{Html(Access())}}</dd><dt>Base URL for OpenAI SDKs</dt><dd><code>{{Html(own)}}/v1</code></dd></dl>
            <h2>A first request</h2>
            <pre>{{Html(Curl(own))}}</pre>
            </body>
            </html>

            """;
    }

    private string Access() => policy.IsOpen
        ? "open: no key asked, because only this machine can reach it and PERIGEE_ADMIN_KEY is not set"
        : "closed: every call needs a key (Authorization: Bearer pk-...)";

    private string Curl(string own) =>
        $"curl {own}/v1/chat/completions -H 'Content-Type: application/json'{(policy.IsOpen ? "" : " -H \"Authorization: Bearer $PERIGEE_KEY\"")} -d '{Ask}'";

    private IEnumerable<string> ProvidersOn() => options.Current.Providers.Keys.Order(StringComparer.Ordinal);

    /// <summary>The addresses in force: with port 0 only the running server knows them.</summary>
    private IReadOnlyList<string> Urls()
    {
        if (host.Mode != "local")
            return host.Urls;
        ICollection<string>? bound = services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses;
        return bound is { Count: > 0 } ? [.. bound.Select(url => url.Replace("[::]", "localhost", StringComparison.Ordinal))] : host.Urls;
    }
}

/// <summary>Where the welcome stands.</summary>
internal static class WelcomeEndpoint
{
    public static void MapWelcome(this IEndpointRouteBuilder endpoints)
    {
        Welcome welcome = endpoints.ServiceProvider.GetRequiredService<Welcome>();
        endpoints.MapMethods("/", ["GET", "HEAD"], welcome.AnswerAsync);
    }
}

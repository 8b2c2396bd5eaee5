using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Perigee.Infra.Tests.Hooks;

/// <summary>
/// What the hooks speak to, on loopback: Azure Resource Manager under <c>/arm</c>, the vault's data under <c>/vault/</c>, each app's publish endpoint
/// under <c>/scm/REGION</c> and each app under <c>/app/REGION</c>. Everything goes well unless a test says otherwise.
/// </summary>
internal sealed class FakeAzure : IAsyncDisposable
{
    public const string Token = "token-of-azd";
    public const string AdminKey = "admin-key-of-the-vault";
    public const string CallerKey = "pk-made-for-the-check";

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, int> _counts = new();
    private readonly List<(string Pattern, Func<int, FakeAnswer?> Answer)> _rules = [];

    private FakeAzure(WebApplication app) => _app = app;

    public string Url { get; private set; } = "";

    public ConcurrentQueue<FakeRequest> Requests { get; } = new();

    /// <summary>The secrets of the vault, by name.</summary>
    public ConcurrentDictionary<string, string> Secrets { get; } = new();

    public static async Task<FakeAzure> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        FakeAzure fake = new(app);
        app.Run(fake.AnswerAsync);
        await app.StartAsync();
        fake.Url = app.Urls.Single();
        return fake;
    }

    /// <summary>Answers of a test's own: of requests whose <c>METHOD path</c> begins so, by how many there were; null for the usual answer.</summary>
    public FakeAzure When(string begins, Func<int, FakeAnswer?> answer)
    {
        _rules.Insert(0, (begins, answer));
        return this;
    }

    /// <summary>The requests whose <c>METHOD path</c> begins so.</summary>
    public FakeRequest[] Of(string begins) => [.. Requests.Where(r => r.Line.StartsWith(begins, StringComparison.Ordinal))];

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        using MemoryStream body = new();
        await http.Request.Body.CopyToAsync(body);
        FakeRequest request = new(
            $"{http.Request.Method} {http.Request.Path}", http.Request.QueryString.Value ?? "",
            http.Request.Headers.Authorization.ToString(), http.Request.Headers.IfMatch.ToString(), http.Request.ContentType ?? "", body.ToArray());
        Requests.Enqueue(request);
        int count = _counts.AddOrUpdate(request.Line, 1, (_, n) => n + 1);
        FakeAnswer answer = _rules.Where(rule => request.Line.StartsWith(rule.Pattern, StringComparison.Ordinal)).Select(rule => rule.Answer(count))
            .FirstOrDefault(a => a is not null) ?? Usual(request);
        if (answer.After is { } after)
            await after;
        http.Response.StatusCode = answer.Status;
        if (answer.Body.Length > 0)
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(answer.Body);
        }
    }

    private FakeAnswer Usual(FakeRequest request)
    {
        string[] parts = request.Line.Split(' ')[1].Split('/', StringSplitOptions.RemoveEmptyEntries);
        string method = request.Line.Split(' ')[0];
        string right = parts[0] == "app" ? "" : $"Bearer {Token}";
        if (right.Length > 0 && request.Authorization != right)
            return new(401, """{"error":{"code":"InvalidToken"}}""");
        return parts[0] switch
        {
            "scm" when parts[^1] == "publish" => new(202, $"\"deployment-{parts[1]}\""),
            "scm" => new(200, """{"id":"x","status":4,"status_text":"","complete":true}"""),
            "vault" => new(200, $$"""{"value":"{{AdminKey}}","id":"x"}"""),
            "app" => App(method, string.Join('/', parts[2..]), request),
            "arm" when request.Line.Contains("/secrets/", StringComparison.Ordinal) => Secret(method, parts[^1], request),
            "arm" when request.Line.EndsWith("/appsettings/refresh", StringComparison.Ordinal) => new(200, "{}"),
            _ => new(404, """{"error":{"code":"ResourceNotFound"}}"""),
        };
    }

    private static FakeAnswer App(string method, string path, FakeRequest request) => (method, path) switch
    {
        ("GET", "health/ready") => new(200, """{"status":"ready"}"""),
        ("POST", "manage/v1/keys") when request.Authorization == $"Bearer {AdminKey}" => new(201, $$"""{"id":"key_1","name":"deployment check","key":"{{CallerKey}}"}"""),
        ("DELETE", "manage/v1/keys/key_1") when request.Authorization == $"Bearer {AdminKey}" => new(204, ""),
        ("POST", "v1/chat/completions") when request.Authorization == $"Bearer {CallerKey}" => new(200, """{"id":"c","choices":[]}"""),
        _ => new(401, """{"error":{"message":"A key is needed."}}"""),
    };

    private FakeAnswer Secret(string method, string name, FakeRequest request)
    {
        if (method == "PUT")
        {
            using System.Text.Json.JsonDocument body = System.Text.Json.JsonDocument.Parse(request.Body);
            Secrets[name] = body.RootElement.GetProperty("properties").GetProperty("value").GetString()!;
            return new(201, """{"properties":{"attributes":{"enabled":true}}}""");
        }

        return Secrets.ContainsKey(name) ? new(200, """{"properties":{"attributes":{"enabled":true}}}""") : new(404, """{"error":{"code":"SecretNotFound"}}""");
    }
}

/// <summary>One answer.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">JSON, or nothing.</param>
/// <param name="After">What it waits for, or null.</param>
internal sealed record FakeAnswer(int Status, string Body = "", Task? After = null);

/// <summary>One request as it came.</summary>
internal sealed record FakeRequest(string Line, string Query, string Authorization, string IfMatch, string ContentType, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);
}

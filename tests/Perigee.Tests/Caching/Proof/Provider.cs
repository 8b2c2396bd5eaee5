using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Http;
using Perigee.Tests.Failover;
using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Caching.Proving;

/// <summary>A call as the provider got it.</summary>
internal sealed record Asked(HttpContext Http, string Body, bool Stream);

/// <summary>The three dialects' providers of these tests, named <c>openai</c>, <c>anthropic</c> and <c>gemini</c>: counted, heard, and told what to say.</summary>
internal sealed class Provider : IAsyncDisposable
{
    private readonly FaultyUpstream _upstream;
    private int _calls;

    private Provider(FaultyUpstream upstream)
    {
        _upstream = upstream;
        foreach ((string name, string dialect) in Names)
            upstream.On(name, http => AnswerAsync(http, dialect));
    }

    public static IReadOnlyList<(string Name, string Dialect)> Names { get; } =
        [("openai", Dialects.OpenAi), ("anthropic", Dialects.Anthropic), ("gemini", Dialects.Gemini)];

    /// <summary>The key that the gateway has for them.</summary>
    public const string Key = "upstream-key-canary-77d1f0";

    /// <summary>What all of them say.</summary>
    public Speech Says { get; set; } = Speech.Text;

    /// <summary>Says something else: true where it did.</summary>
    public Func<Asked, Task<bool>> Instead { get; set; } = static _ => Task.FromResult(false);

    /// <summary>Waited for before each event but the first: is given how many were said.</summary>
    public Func<int, Task> Between { get; set; } = static _ => Task.CompletedTask;

    public int Calls => Volatile.Read(ref _calls);

    public ConcurrentQueue<string> Bodies { get; } = new();

    /// <summary>The members of perigee.json.</summary>
    public string Configuration => string.Join(", ", Names.Select(one =>
        $$"""  "{{one.Name}}": {"kind": "custom", "dialect": "{{one.Name}}", "network": "loopback", "keyVariable": "UPSTREAM_KEY"{{(one.Name == "openai" ? ", \"streamUsage\": \"ask\"" : "")}}, "baseUrl": "{{_upstream.Url}}/{{one.Name}}{{(one.Name == "gemini" ? "/v1beta" : "/v1")}}"}"""));

    public static async Task<Provider> StartAsync() => new(await FaultyUpstream.StartAsync());

    public static Task SendAsync(HttpContext http, int status, string body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(body);
    }

    public static async Task EventAsync(HttpContext http, string text)
    {
        if (!http.Response.HasStarted && http.Response.ContentType is null)
            http.Response.ContentType = "text/event-stream";
        await http.Response.WriteAsync(text);
        await http.Response.Body.FlushAsync();
    }

    public ValueTask DisposeAsync() => _upstream.DisposeAsync();

    private async Task AnswerAsync(HttpContext http, string dialect)
    {
        Interlocked.Increment(ref _calls);
        using StreamReader reader = new(http.Request.Body, Encoding.UTF8);
        string body = await reader.ReadToEndAsync();
        Bodies.Enqueue(body);
        bool stream = http.Request.Path.Value!.Contains(":stream", StringComparison.Ordinal) || Json.Get(Json.Parse(body), "stream") is { ValueKind: System.Text.Json.JsonValueKind.True };
        if (await Instead(new Asked(http, body, stream)))
            return;
        Speech says = Says;
        if (!stream)
        {
            await SendAsync(http, 200, says.Whole(dialect));
            return;
        }

        // As the real ones: tokens where they are asked for, one array unless events are.
        string[] events = says.Events(dialect);
        if (dialect == Dialects.OpenAi && !body.Contains("include_usage", StringComparison.Ordinal))
            events = [.. events.Where(static one => !one.Contains("\"usage\"", StringComparison.Ordinal))];
        bool array = dialect == Dialects.Gemini && http.Request.Query["alt"] != "sse";
        if (array)
            http.Response.ContentType = "application/json; charset=UTF-8";
        for (int i = 0; i < events.Length; i++)
        {
            if (i > 0)
                await Between(i);
            string last = says.Broken || i < events.Length - 1 ? "" : "]";
            await EventAsync(http, array ? (i == 0 ? "[" : ",\r\n") + events[i]["data: ".Length..].TrimEnd() + last : events[i]);
        }
    }
}

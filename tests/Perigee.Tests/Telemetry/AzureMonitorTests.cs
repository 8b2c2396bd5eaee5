using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Perigee.Azure;
using Perigee.Tests.Failover;
using Perigee.Tests.Logs;

namespace Perigee.Tests.Telemetry;

/// <summary>What Azure Monitor is sent, as its ingestion endpoint gets it.</summary>
[Collection(nameof(Alone))]
public sealed class AzureMonitorTests
{
    private const string Parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    private const string Secret = "sk-canary0AbCdEfGhIjKlMn";

    [Fact]
    public async Task Spans_are_requests_and_dependencies_and_metrics_come_along()
    {
        await using Ingestion ingestion = await Ingestion.StartAsync();
        await using Scene scene = await SceneAsync(ingestion.Connection);
        scene.Fails("a", 503).Works("b");
        Assert.Equal(200, (await scene.AskAsync(headers: ("traceparent", Parent))).Status);
        await scene.Gateway.StopAsync();

        Assert.Equal(["/v2.1/track"], ingestion.Paths);
        JsonElement envelope = Assert.Single(ingestion.Envelopes("RequestData"));
        Assert.Equal(Ingestion.Key, envelope.GetProperty("iKey").GetString());
        JsonElement tags = envelope.GetProperty("tags");
        Assert.Equal(("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "perigee"),
            (tags.GetProperty("ai.operation.id").GetString(), tags.GetProperty("ai.operation.parentId").GetString(), tags.GetProperty("ai.cloud.role").GetString()));
        JsonElement request = envelope.GetProperty("data").GetProperty("baseData");
        Assert.Equal(("POST /v1/chat/completions", "200", true), (request.GetProperty("name").GetString(), request.GetProperty("responseCode").GetString(), request.GetProperty("success").GetBoolean()));
        JsonElement told = request.GetProperty("properties");
        Assert.Equal(("chat", "r", "b/m", "2"), (told.GetProperty("gen_ai.operation.name").GetString(), told.GetProperty("gen_ai.request.model").GetString(),
            told.GetProperty("perigee.target").GetString(), told.GetProperty("perigee.attempts").GetString()));

        // The failed call and the one that served, each a child of the request.
        List<JsonElement> calls = [.. ingestion.Envelopes("RemoteDependencyData").OrderBy(static one => one.GetProperty("time").GetDateTimeOffset())];
        Assert.Equal([false, true], calls.Select(static call => call.GetProperty("data").GetProperty("baseData").GetProperty("success").GetBoolean()));
        Assert.All(calls, call => Assert.Equal(request.GetProperty("id").GetString(), call.GetProperty("tags").GetProperty("ai.operation.parentId").GetString()));
        JsonElement served = calls[1].GetProperty("data").GetProperty("baseData");
        Assert.Equal("chat m", served.GetProperty("name").GetString());
        JsonElement gen = served.GetProperty("properties");
        Assert.Equal(("chat", "b", "m", "3", "4"), (gen.GetProperty("gen_ai.operation.name").GetString(), gen.GetProperty("gen_ai.provider.name").GetString(),
            gen.GetProperty("gen_ai.request.model").GetString(), gen.GetProperty("gen_ai.usage.input_tokens").GetString(), gen.GetProperty("gen_ai.usage.output_tokens").GetString()));
        Assert.Contains("stop", gen.GetProperty("gen_ai.response.finish_reasons").GetString(), StringComparison.Ordinal);

        HashSet<string> metrics = [.. ingestion.Of("MetricData").SelectMany(static data => data.GetProperty("metrics").EnumerateArray()).Select(static metric => metric.GetProperty("name").GetString()!)];
        Assert.Superset(new HashSet<string> { "gen_ai.client.operation.duration", "gen_ai.client.token.usage", "gen_ai.server.request.duration", "perigee.cache.requests" }, metrics);
        JsonElement usage = ingestion.Of("MetricData").First(static data => data.GetProperty("metrics")[0].GetProperty("name").GetString() == "gen_ai.client.token.usage");
        Assert.Superset(new HashSet<string> { "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.token.type", "gen_ai.request.model" },
            usage.GetProperty("properties").EnumerateObject().Select(static one => one.Name).ToHashSet());
        Assert.Contains(ingestion.Of("MessageData"), static data => data.GetProperty("message").GetString()!.Contains("Telemetry is sent", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, 40)]
    [InlineData(0.0, 0)]
    public async Task Every_trace_arrives_unless_the_configuration_says_fewer(double? ratio, int expected)
    {
        await using Ingestion ingestion = await Ingestion.StartAsync();
        await using Scene scene = await SceneAsync(ingestion.Connection, ratio is { } share ? $$""", "telemetry": {"sampleRatio": {{share}} }""" : "");
        scene.Works("a");
        for (int i = 0; i < 40; i++)
            Assert.Equal(200, (await scene.AskAsync("a/m")).Status);
        await scene.Gateway.StopAsync();
        Assert.Equal(expected, ingestion.Of("RequestData").Count);
    }

    [Fact]
    public async Task A_caller_that_does_not_record_its_trace_is_followed()
    {
        await using Ingestion ingestion = await Ingestion.StartAsync();
        await using Scene scene = await SceneAsync(ingestion.Connection);
        scene.Works("a");
        await scene.AskAsync("a/m", headers: ("traceparent", Parent[..^1] + "0"));
        await scene.AskAsync("a/m", headers: ("traceparent", Parent));
        await scene.Gateway.StopAsync();
        Assert.Single(ingestion.Of("RequestData"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Content_comes_only_with_its_switch_and_secrets_never(bool content)
    {
        await using Ingestion ingestion = await Ingestion.StartAsync();
        await using Scene scene = await SceneAsync(ingestion.Connection, content ? """, "content": "on" """ : "");
        string answer = $$$"""{"id":"{{{Secret}}}","object":"chat.completion","created":1,"model":"{{{Secret}}}","choices":[{"index":0,"message":{"role":"assistant","content":"Blue-whale {{{Secret}}}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}""";
        scene.On("a", talk => talk.SendAsync(200, answer, ("x-request-id", Secret)));
        scene.On("b", talk => talk.SendAsync(401, talk.Tongue.Error(401, "Bad key " + Secret), ("x-request-id", Secret)));
        (string, string)[] headers = [("user-agent", Secret), ("x-perigee-user", Secret), ("tracestate", "k=" + Secret), ("traceparent", Parent), ("baggage", "k=" + Secret), ("api-key", Secret), ("authorization", "Bearer " + Secret)];
        foreach (string model in (string[])["a/m", "a/" + Secret, "b/" + Secret, Secret, "r"])
        {
            string body = $$"""{"model":"{{model}}","stop":["{{Secret}}"],"user":"{{Secret}}","messages":[{"role":"system","content":"Old-owl"},{"role":"user","content":"grey-parrot {{Secret}}"}]}""";
            await scene.PostAsync("/v1/chat/completions?code=" + Secret, body, headers);
        }

        await scene.Gateway.StopAsync();
        string all = ingestion.All;
        Assert.Equal(5, ingestion.Of("RequestData").Count);
        Assert.Contains("[redacted]", all, StringComparison.Ordinal);
        Assert.DoesNotContain("canary0", all, StringComparison.OrdinalIgnoreCase);
        foreach (string word in (string[])["whale", "parrot", "old-owl"])
            Assert.Equal(content, all.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("full")]
    [InlineData("503")]
    public async Task An_endpoint_that_is_down_slows_nobody_floods_nothing_and_fills_no_disk(string how)
    {
        await using Ingestion ingestion = await Ingestion.StartAsync();
        ingestion.Status = 503;
        await using FaultyUpstream other = await FaultyUpstream.StartAsync();
        ConcurrentQueue<string> log = new();
        HashSet<string> before = Stored();
        await using Scene scene = await SceneAsync(
            how switch { "503" => ingestion.Connection, "full" => Ingestion.ConnectionTo(other.Full), _ => Ingestion.ConnectionTo(FaultyUpstream.Nobody) }, """, "content": "on" """, log);
        scene.Works("a");
        Stopwatch asked = Stopwatch.StartNew();
        for (int i = 0; i < 50; i++)
            Assert.Equal(200, (await scene.AskAsync("a/m")).Status);
        Assert.True(asked.Elapsed < TimeSpan.FromSeconds(20), $"{asked.Elapsed}");
        Stopwatch stopped = Stopwatch.StartNew();
        await scene.Gateway.StopAsync();
        Assert.True(stopped.Elapsed < TimeSpan.FromSeconds(10), $"{stopped.Elapsed}");
        Assert.InRange(log.Count(static line => line.Contains("elemetry does not arrive", StringComparison.Ordinal)), how == "full" ? 0 : 1, 2);
        Assert.True(log.Count < 20, string.Join('\n', log));
        Assert.Empty(Stored().Except(before));
    }

    /// <summary>The files that the exporter would keep for later, wherever it may put them.</summary>
    private static HashSet<string> Stored() => [.. ((string?[])[Environment.GetEnvironmentVariable("LOCALAPPDATA"), Environment.GetEnvironmentVariable("TMPDIR"), Environment.GetEnvironmentVariable("TEMP"), Path.GetTempPath(), "/var/tmp", "/tmp"])
        .OfType<string>().Select(static folder => Path.Combine(folder, "Microsoft", "AzureMonitor")).Where(Directory.Exists)
        .SelectMany(static folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))];

    private static Task<Scene> SceneAsync(string connection, string more = "", ConcurrentQueue<string>? log = null) => Scene.StartAsync(
        "a b", """ "r": {"targets": ["a/m", "b/m"]} """, """ "retries": {"max": 0} """ + more, builder =>
        {
            if (log is not null)
            {
                builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning);
                builder.Services.AddSingleton<ILoggerProvider>(new KeptLog(log));
            }

            builder.Services.AddPerigeeAzureMonitor(new ConfigurationBuilder().AddInMemoryCollection([new("APPLICATIONINSIGHTS_CONNECTION_STRING", connection)]).Build());
        });
}

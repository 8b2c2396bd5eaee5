using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Perigee.Tests.Configuration;
using Perigee.Tests.Failover;
using Perigee.Tests.Logs;

namespace Perigee.Tests.Telemetry;

/// <summary>What a collector is sent, taken apart by hand.</summary>
[Collection(nameof(Alone))]
public sealed class OtlpTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_collector_gets_spans_metrics_and_the_process_log(bool grpc)
    {
        await using Collector collector = await Collector.StartAsync(grpc);
        await using Scene scene = await SceneAsync(collector.Url, grpc);
        scene.Fails("a", 503).Works("b");
        Assert.Equal(200, (await scene.AskAsync(headers: ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))).Status);
        await scene.Gateway.StopAsync();

        // Resource 1, spans 2 of scope spans 2 of resource spans 1.
        Dictionary<string, object> resource = collector.Below("trace", 1, 1)[0].Attributes(1);
        Assert.Equal(("perigee", "local"), (resource["service.name"], resource["cloud.region"]));
        Assert.Contains("service.instance.id", resource.Keys);
        Proto scope = collector.Below("trace", 1, 2, 1)[0];
        Assert.Equal("Perigee", scope.Text(1));
        List<Proto> spans = [.. collector.Below("trace", 1, 2, 2).OrderBy(static span => span.Number(7))];
        Assert.Equal(["POST /v1/chat/completions", "chat m", "chat m"], spans.Select(static span => span.Text(5)));
        Assert.Equal([2UL, 3UL, 3UL], spans.Select(static span => span.Number(6)));
        Assert.All(spans, static span => Assert.Equal("4BF92F3577B34DA6A3CE929D0E0E4736", Convert.ToHexString(span.Bytes(1))));
        Assert.Equal("00F067AA0BA902B7", Convert.ToHexString(spans[0].Bytes(4)));
        Assert.All(spans[1..], span => Assert.Equal(spans[0].Bytes(2), span.Bytes(4)));
        foreach (Proto span in spans)
        {
            Dictionary<string, (Type Type, Convention.Level Level)> list = span.Number(6) == 3 ? Convention.ClientSpan : Convention.ServerSpan;
            Dictionary<string, object> tags = span.Attributes(9);
            Assert.All(tags.Keys, name => Assert.True(name.StartsWith("perigee.", StringComparison.Ordinal) || list.ContainsKey(name), name));
            Assert.All(list.Where(static entry => entry.Value.Level == Convention.Level.Required), entry => Assert.Contains(entry.Key, tags.Keys));
        }

        Dictionary<string, object> served = spans[2].Attributes(9);
        Assert.Equal(("chat", "b", "m", 3L, 4L, "stop"), (served["gen_ai.operation.name"], served["gen_ai.provider.name"], served["gen_ai.request.model"],
            served["gen_ai.usage.input_tokens"], served["gen_ai.usage.output_tokens"], served["gen_ai.response.finish_reasons"]));

        HashSet<string> metrics = [.. collector.Below("metric", 1, 2, 2).Select(static metric => metric.Text(1))];
        Assert.Superset(new HashSet<string> { "gen_ai.client.operation.duration", "gen_ai.client.token.usage", "gen_ai.server.request.duration", "perigee.cache.requests" }, metrics);
        Proto usage = collector.Below("metric", 1, 2, 2).First(static metric => metric.Text(1) == "gen_ai.client.token.usage");
        Assert.All(usage.Below(9, 1), static point => Assert.Superset(new HashSet<string> { "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.token.type", "gen_ai.request.model" }, point.Attributes(9).Keys.ToHashSet()));

        Assert.Contains(collector.Below("log", 1, 2, 2), static record => record.Text(5).Contains("Telemetry is sent", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, 40)]
    [InlineData(0.0, 0)]
    public async Task Every_trace_that_begins_here_arrives_unless_the_configuration_says_fewer(double? ratio, int expected)
    {
        // The process's log is sent, too: then ASP.NET Core begins a trace of its own, which nobody records.
        await using Collector collector = await Collector.StartAsync(grpc: false);
        await using Scene scene = await SceneAsync(collector.Url, grpc: false, ratio is { } share ? $$""", "sampleRatio": {{share}}""" : "");
        scene.Works("a");
        for (int i = 0; i < 40; i++)
            Assert.Equal(200, (await scene.AskAsync("a/m")).Status);
        await scene.Gateway.StopAsync();
        List<Proto> requests = [.. collector.Below("trace", 1, 2, 2).Where(static span => span.Number(6) == 2)];
        Assert.Equal(expected, requests.Count);
        Assert.Equal(expected, requests.Select(static span => Convert.ToHexString(span.Bytes(1))).Distinct().Count());
        Assert.All(requests, static span => Assert.Empty(span.Bytes(4)));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("503")]
    public async Task A_collector_that_is_down_is_said_once_a_minute_however_often_it_fails(string how)
    {
        await using FaultyUpstream other = await FaultyUpstream.StartAsync();
        other.On("collector", static http =>
        {
            http.Response.StatusCode = 503;
            return Task.CompletedTask;
        });
        System.Collections.Concurrent.ConcurrentQueue<string> log = new();
        string? before = Environment.GetEnvironmentVariable(Delay);
        Environment.SetEnvironmentVariable(Delay, "20");
        try
        {
            await using Scene scene = await Scene.StartAsync("a", "", $$""" "telemetry": {"otlp": {"endpoint": "{{(how == "503" ? other.Url + "/collector" : FaultyUpstream.Nobody)}}", "protocol": "http/protobuf"} } """,
                builder => builder.Services.AddSingleton<ILoggerProvider>(new KeptLog(log)));
            scene.Works("a");
            Stopwatch asked = Stopwatch.StartNew();
            for (int i = 0; i < 60; i++)
            {
                Assert.Equal(200, (await scene.AskAsync("a/m")).Status);
                await Task.Delay(25, TestContext.Current.CancellationToken);
            }

            Assert.True(asked.Elapsed < TimeSpan.FromSeconds(40), $"{asked.Elapsed}");
            await scene.Gateway.StopAsync();
        }
        finally
        {
            Environment.SetEnvironmentVariable(Delay, before);
        }

        if (how == "503")
            Assert.True(other.Calls("collector") > 5, $"only {other.Calls("collector")} were sent");
        string[] said = [.. log.Where(static line => line.Contains("does not arrive", StringComparison.Ordinal))];
        Assert.InRange(said.Length, 1, 2);
        Assert.All(said, static line => Assert.Contains("OTLP", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_collector_that_never_answers_holds_nobody_up()
    {
        await using Scene scene = await SceneAsync(FaultyUpstream.Nobody, grpc: false);
        await using Scene mute = await SceneAsync(scene.Upstream.Full, grpc: false);
        scene.Works("b").Works("a");
        mute.Works("b").Works("a");
        Stopwatch asked = Stopwatch.StartNew();
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(200, (await scene.AskAsync()).Status);
            Assert.Equal(200, (await mute.AskAsync()).Status);
        }

        Assert.True(asked.Elapsed < TimeSpan.FromSeconds(10), $"{asked.Elapsed}");
        Stopwatch stopped = Stopwatch.StartNew();
        await mute.Gateway.StopAsync();
        Assert.True(stopped.Elapsed < TimeSpan.FromSeconds(4.9), $"{stopped.Elapsed}");
    }

    [Fact]
    public void OpenTelemetrys_own_variables_say_where_to()
    {
        Assert.Null(Settings.Read("").Telemetry.Otlp);
        OtlpOptions named = Settings.Read("""{"telemetry":{"otlp":{"endpoint":"http://file:4317","protocol":"grpc","logs":false}}}""", ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://variable:4318")).Telemetry.Otlp!;
        Assert.Equal((new Uri("https://variable:4318"), true, false), (named.Endpoint, named.Grpc, named.Logs));
        OtlpOptions one = Settings.Read("", ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces:4318/x")).Telemetry.Otlp!;
        Assert.Null(one.Endpoint);
        Assert.Null(Settings.Read("", ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://variable:4318"), ("OTEL_SDK_DISABLED", "true")).Telemetry.Otlp);
    }

    [Theory]
    [InlineData("""{"telemetry":{"otlp":{"endpoint":"collector:4317"}}}""", "telemetry.otlp.endpoint")]
    [InlineData("""{"telemetry":{"otlp":{"endpoint":"https://user:word@collector"}}}""", "telemetry.otlp.endpoint")]
    [InlineData("""{"telemetry":{"otlp":{"protocol":"grpc"}}}""", "telemetry.otlp.endpoint")]
    [InlineData("""{"telemetry":{"otlp":{"endpoint":"http://c","protocol":"thrift"}}}""", "telemetry.otlp.protocol")]
    [InlineData("""{"telemetry":{"sampleRatio":2}}""", "telemetry.sampleRatio")]
    [InlineData("""{"content":"yes"}""", "content")]
    public void What_cannot_be_used_is_said_with_its_place(string json, string path) => Assert.StartsWith(path + ":", Assert.Single(Settings.Faults(json)), StringComparison.Ordinal);

    private const string Delay = "OTEL_BSP_SCHEDULE_DELAY";

    private static Task<Scene> SceneAsync(string url, bool grpc, string more = "") => Scene.StartAsync("a b", """ "r": {"targets": ["a/m", "b/m"]} """,
        $$""" "retries": {"max": 0}, "telemetry": {"otlp": {"endpoint": "{{url}}", "protocol": "{{(grpc ? "grpc" : "http/protobuf")}}"}{{more}} } """);
}

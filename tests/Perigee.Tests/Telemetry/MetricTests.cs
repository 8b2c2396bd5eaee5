using OpenTelemetry.Metrics;

namespace Perigee.Tests.Telemetry;

[Collection(nameof(Alone))]
public sealed class MetricTests
{
    private const string Priced = """ "retries": {"max": 0}, "models": {"b/m": {"price": {"input": 1, "output": 2}}} """;

    [Fact]
    public async Task Every_metric_of_the_conventions_has_their_unit_boundaries_and_tags()
    {
        await using Traced traced = await Traced.StartAsync(more: Priced);
        traced.Scene.Fails("a", 503).Works("b");
        await traced.Scene.AskAsync();
        traced.Scene.On("b", talk => talk.EventsAsync(talk.Tongue.Opening + talk.Tongue.Piece("hello") + talk.Tongue.Finish
            + """data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":30,"completion_tokens":9,"total_tokens":39}}""" + "\n\n" + talk.Tongue.Closing));
        await traced.Scene.AskAsync(stream: true);
        await traced.Scene.AskAsync("nobody/m");
        await SettleAsync(traced, 3);

        Dictionary<string, Metric> measured = traced.Measured();
        Assert.Equal(Convention.Metrics.Keys.Order(StringComparer.Ordinal), measured.Keys.Where(static name => name.StartsWith("gen_ai.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        foreach ((string name, (string unit, double[] bounds, Dictionary<string, Convention.Level> tags)) in Convention.Metrics)
        {
            Metric metric = measured[name];
            Assert.Equal((MetricType.Histogram, unit), (metric.MetricType, metric.Unit));
            foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
            {
                List<double> told = [];
                foreach (HistogramBucket bucket in point.GetHistogramBuckets())
                    told.Add(bucket.ExplicitBound);
                Assert.Equal([.. bounds, double.PositiveInfinity], told);
                Dictionary<string, object?> has = TagsOf(point);
                Assert.All(has, tag => Assert.True(tags.ContainsKey(tag.Key), $"{name} bears {tag.Key}."));
                Assert.All(tags.Where(static tag => tag.Value == Convention.Level.Required), tag => Assert.True(has.ContainsKey(tag.Key), $"{name} lacks {tag.Key}."));
            }
        }
    }

    [Fact]
    public async Task Calls_tokens_money_and_errors_are_counted_once()
    {
        await using Traced traced = await Traced.StartAsync(more: Priced);
        traced.Scene.Fails("a", 503).Works("b");
        await traced.Scene.AskAsync();
        await SettleAsync(traced, 1);

        Dictionary<string, Metric> measured = traced.Measured();
        Assert.Equal(["a: 1 503", "b: 1 "], Points(measured["gen_ai.client.operation.duration"], static (point, tags) => $"{tags["gen_ai.provider.name"]}: {point.GetHistogramCount()} {tags.GetValueOrDefault("error.type")}"));
        Assert.Equal(["input 3", "output 4"], Points(measured["gen_ai.client.token.usage"], static (point, tags) => $"{tags["gen_ai.token.type"]} {point.GetHistogramSum()}"));
        Assert.Equal(["m 1.1E-05"], Points(measured["perigee.cost"], static (point, tags) => FormattableString.Invariant($"{tags["gen_ai.request.model"]} {point.GetSumDouble():0.###E+00}")));
        Assert.Equal(["chat b m 1"], Points(measured["gen_ai.server.request.duration"], static (point, tags) => $"{tags["gen_ai.operation.name"]} {tags["gen_ai.provider.name"]} {tags["gen_ai.response.model"]} {point.GetHistogramCount()}"));
        Assert.Equal(["bypass none 1"], Points(measured["perigee.cache.requests"], static (point, tags) => $"{tags["perigee.cache.outcome"]} {tags["perigee.cache.tier"]} {point.GetSumLong()}"));
    }

    [Fact]
    public async Task Names_that_clients_make_up_make_no_series()
    {
        await using Traced traced = await Traced.StartAsync();
        traced.Scene.Fails("a", 404);
        for (int i = 0; i < 30; i++)
            await traced.Scene.AskAsync($"a/made-up-{i}");
        await SettleAsync(traced, 30);

        Assert.Equal(["_OTHER 30"], Points(traced.Measured()["gen_ai.client.operation.duration"], static (point, tags) => $"{tags["gen_ai.request.model"]} {point.GetHistogramCount()}"));
    }

    [Fact]
    public async Task A_refusing_limit_is_counted_by_its_level_and_meter()
    {
        await using Traced traced = await Traced.StartAsync(more: """ "limits": {"rules": [{"meter": "requests", "amount": 1, "per": "hour"}]} """);
        traced.Scene.Works("a");
        int first = (await traced.Scene.AskAsync()).Status, second = (await traced.Scene.AskAsync()).Status;
        Assert.Equal((200, 429), (first, second));
        await SettleAsync(traced, 2);

        Assert.Equal(["gateway requests 1"], Points(traced.Measured()["perigee.limits.refused"], static (point, tags) => $"{tags["perigee.limit.level"]} {tags["perigee.limit.meter"]} {point.GetSumLong()}"));
    }

    [Fact]
    public void All_instruments_are_of_one_meter()
    {
        string[] sources = Directory.GetFiles(Repository.Path("shared"), "*.cs", SearchOption.AllDirectories).Where(static file => !file.Contains("/obj/", StringComparison.Ordinal)).ToArray();
        List<string> meters = [.. sources.SelectMany(File.ReadLines).Where(static line => line.Contains(" Meter ", StringComparison.Ordinal) && line.Contains("= new", StringComparison.Ordinal))];
        Assert.True(meters.Count >= 3, string.Join('\n', meters));
        Assert.All(meters, static line => Assert.True(line.Contains("MeterName", StringComparison.Ordinal) || line.Contains("\"Perigee\"", StringComparison.Ordinal), line));
    }

    internal static Dictionary<string, object?> TagsOf(in MetricPoint point)
    {
        Dictionary<string, object?> tags = [];
        foreach (KeyValuePair<string, object?> tag in point.Tags)
            tags.Add(tag.Key, tag.Value);
        return tags;
    }

    private static List<string> Points(Metric metric, Func<MetricPoint, Dictionary<string, object?>, string> show)
    {
        List<string> points = [];
        foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
            points.Add(show(point, TagsOf(point)));
        points.Sort(StringComparer.Ordinal);
        return points;
    }

    /// <summary>The client may have its answer before the last step is over.</summary>
    private static async Task SettleAsync(Traced traced, long requests)
    {
        for (int i = 0; i < 200; i++)
        {
            long seen = 0;
            if (traced.Measured().TryGetValue("gen_ai.server.request.duration", out Metric? metric))
            {
                foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
                    seen += point.GetHistogramCount();
            }

            if (seen >= requests)
                return;
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}

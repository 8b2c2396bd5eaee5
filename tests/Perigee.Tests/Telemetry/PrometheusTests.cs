using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Perigee.Telemetry.Prometheus;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Telemetry;

[Collection(nameof(Alone))]
public sealed partial class PrometheusTests
{
    [Fact]
    public async Task A_scrape_is_text_that_keeps_the_formats_rules()
    {
        await using Scene scene = await Scene.StartAsync("a b", """ "r": {"targets": ["a/m", "b/m"]} """, """ "telemetry": {"prometheus": true}, "retries": {"max": 0} """);
        scene.Fails("a", 503).Works("b");
        await scene.AskAsync();
        Scrape scrape = await ScrapeAsync(scene);
        for (int i = 0; i < 200 && !scrape.Values.ContainsKey("gen_ai_server_request_duration_seconds_count"); i++)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
            scrape = await ScrapeAsync(scene);
        }

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", scrape.Type);
        Assert.Equal(("histogram", "counter", "gauge"), (scrape.Types["gen_ai_client_operation_duration_seconds"], scrape.Types["perigee_cache_requests_total"], scrape.Types["perigee_logs_waiting"]));
        Assert.Contains(scrape.Values["gen_ai_client_operation_duration_seconds_count"], static one => one.Labels.Contains("error_type=\"503\"", StringComparison.Ordinal) && one.Value == 1);

        // Buckets are cumulative and the last one is all.
        List<(string Labels, double Value)> buckets = [.. scrape.Values["gen_ai_client_operation_duration_seconds_bucket"].Where(static one => !one.Labels.Contains("error_type", StringComparison.Ordinal))];
        Assert.Equal(15, buckets.Count);
        Assert.Equal(buckets.Select(static one => one.Value).Order(), buckets.Select(static one => one.Value));
        Assert.EndsWith("le=\"+Inf\"", buckets[^1].Labels, StringComparison.Ordinal);
        Assert.Equal(1, buckets[^1].Value);
    }

    [Fact]
    public async Task Where_it_is_off_there_is_none()
    {
        await using Scene scene = await Scene.StartAsync("a", """ "r": {"targets": ["a/m"]} """);
        using HttpResponseMessage answer = await scene.Gateway.Http.GetAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Equal(404, (int)answer.StatusCode);
        Assert.Contains("telemetry.prometheus", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_who_may_see_the_gateway_scrapes_it()
    {
        await using Scene scene = await Scene.StartAsync("a", """ "r": {"targets": ["a/m"]} """, """ "telemetry": {"prometheus": true} """, ("PERIGEE_ADMIN_KEY", "a-long-admin-key-0123456789"));
        using HttpResponseMessage refused = await scene.Gateway.Http.GetAsync("/metrics", TestContext.Current.CancellationToken);
        using HttpRequestMessage request = new(HttpMethod.Get, "/metrics");
        request.Headers.Add("Authorization", "Bearer a-long-admin-key-0123456789");
        using HttpResponseMessage taken = await scene.Gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((401, 200), ((int)refused.StatusCode, (int)taken.StatusCode));
    }

    [Fact]
    public void Labels_and_help_are_escaped()
    {
        using Meter meter = new("Perigee");
        Counter<long> counter = meter.CreateCounter<long>("perigee.test.odd-name", "{thing}", "Two\nlines and a \\.");
        PrometheusFamily family = new(counter);
        family.Take(3, [new("a.b", "quote \" slash \\ line\nend"), new("flag", true)]);
        family.Take(4, [new("a.b", "quote \" slash \\ line\nend"), new("flag", true)]);

        Assert.Equal(
            "# HELP perigee_test_odd_name_total Two\\nlines and a \\\\.\n# TYPE perigee_test_odd_name_total counter\n"
            + "perigee_test_odd_name_total{a_b=\"quote \\\" slash \\\\ line\\nend\",flag=\"true\"} 7\n",
            PrometheusEndpoint.Write([family]));
    }

    [Fact]
    public void More_series_than_the_bound_become_one()
    {
        using Meter meter = new("Perigee");
        PrometheusFamily family = new(meter.CreateCounter<long>("perigee.test.many"));
        for (int i = 0; i < 2100; i++)
            family.Take(1, [new("i", i)]);

        IReadOnlyList<PrometheusFamily.Series> series = family.Snapshot();
        Assert.Equal(2001, series.Count);
        Assert.Equal(100, series[^1].Sum);
        Assert.Equal("otel_metric_overflow", series[^1].Labels[0].Key);
    }

    private static async Task<Scrape> ScrapeAsync(Scene scene)
    {
        using HttpResponseMessage answer = await scene.Gateway.Http.GetAsync("/metrics", TestContext.Current.CancellationToken);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Scrape scrape = new(answer.Content.Headers.ContentType!.ToString());
        string? family = null;
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                family = line.Split(' ')[2];
                Assert.DoesNotContain(family, scrape.Types.Keys);
            }
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                string[] parts = line.Split(' ');
                Assert.Equal(family, parts[2]);
                scrape.Types[parts[2]] = parts[3];
            }
            else
            {
                Match match = Sample().Match(line);
                Assert.True(match.Success, line);
                string name = match.Groups["name"].Value;
                Assert.True(name == family || (scrape.Types[family!] == "histogram" && name.StartsWith(family + "_", StringComparison.Ordinal)), line);
                if (!scrape.Values.TryGetValue(name, out List<(string, double)>? values))
                    scrape.Values[name] = values = [];
                values.Add((match.Groups["labels"].Value, double.Parse(match.Groups["value"].Value, System.Globalization.CultureInfo.InvariantCulture)));
            }
        }

        return scrape;
    }

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>[a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*")*)\})? (?<value>[-+0-9.eE]+)$""")]
    private static partial Regex Sample();

    private sealed record Scrape(string Type)
    {
        public Dictionary<string, string> Types { get; } = [];

        public Dictionary<string, List<(string Labels, double Value)>> Values { get; } = [];
    }
}

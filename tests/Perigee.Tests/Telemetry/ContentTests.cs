using System.Diagnostics;
using System.Text.Json;
using OpenTelemetry.Metrics;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Telemetry;

/// <summary>The one switch for what people ask and models answer, and what never passes it.</summary>
[Collection(nameof(Alone))]
public sealed class ContentTests
{
    private const string Secret = "sk-canary0AbCdEfGhIjKlMn";

    public static TheoryData<string, bool> Shapes() => new()
    {
        { "openai", false }, { "openai", true }, { "anthropic", false }, { "anthropic", true }, { "gemini", false }, { "gemini", true },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task With_the_switch_off_there_is_no_content_anywhere(string dialect, bool stream)
    {
        await using Traced traced = await Traced.StartAsync();
        traced.Scene.On("a", talk => stream
            ? talk.EventsAsync(talk.Tongue.Opening + talk.Tongue.Piece("Blue-whale") + talk.Tongue.Finish + talk.Tongue.Closing)
            : talk.SendAsync(200, talk.Tongue.Whole("Blue-whale")), stream);
        Tongue tongue = Of(dialect);

        (Activity exchange, List<Activity> calls) = await traced.OfAsync(async scene => Assert.Contains("Blue-whale", (await AskAsync(scene, tongue, stream, "grey-parrot")).Text, StringComparison.Ordinal));

        foreach (Activity span in (Activity[])[exchange, .. calls])
            Assert.DoesNotContain(span.TagObjects, static tag => tag.Key.Contains("messages", StringComparison.Ordinal) || Holds(tag.Value, "whale") || Holds(tag.Value, "parrot"));
        Assert.DoesNotContain("whale", Everything(traced), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("parrot", Everything(traced), StringComparison.OrdinalIgnoreCase);
        foreach (JsonElement record in await traced.Scene.Gateway.StopAsync())
            Assert.DoesNotMatch("(?i)whale|parrot", record.GetRawText());
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task With_it_on_the_call_bears_question_and_answer_redacted(string dialect, bool stream)
    {
        await using Traced traced = await Traced.StartAsync(more: """ "content": "on" """);
        traced.Scene.On("a", talk => stream
            ? talk.EventsAsync(talk.Tongue.Opening + talk.Tongue.Piece("Blue-whale ") + talk.Tongue.Piece(Secret) + talk.Tongue.Finish + talk.Tongue.Closing)
            : talk.SendAsync(200, talk.Tongue.Whole("Blue-whale " + Secret)), stream);
        Tongue tongue = Of(dialect);

        (Activity exchange, List<Activity> calls) = await traced.OfAsync(async scene => Assert.Contains("Blue-whale", (await AskAsync(scene, tongue, stream, "grey-parrot " + Secret)).Text, StringComparison.Ordinal));

        Activity call = Assert.Single(calls);
        Assert.Equal("""[{"role":"user","parts":[{"type":"text","content":"grey-parrot [redacted]"}]}]""", call.GetTagItem("gen_ai.input.messages"));
        Assert.Equal("""[{"role":"assistant","parts":[{"type":"text","content":"Blue-whale [redacted]"}],"finish_reason":"stop"}]""", call.GetTagItem("gen_ai.output.messages"));
        Assert.DoesNotContain(exchange.TagObjects, static tag => tag.Key.Contains("messages", StringComparison.Ordinal));
        Assert.DoesNotContain("whale", Everything(traced), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Content_is_cut_and_said_to_be()
    {
        await using Traced traced = await Traced.StartAsync(more: """ "content": "on" """);
        traced.Scene.Works("a");
        string long1 = string.Concat(Enumerable.Repeat("word ", 20_000));

        (_, List<Activity> calls) = await traced.OfAsync(async scene => await AskAsync(scene, Tongue.OpenAi, false, long1));

        Activity call = Assert.Single(calls);
        Assert.InRange(((string)call.GetTagItem("gen_ai.input.messages")!).Length, 16_000, 17_000);
        Assert.Equal(true, call.GetTagItem("perigee.content.cut"));
    }

    [Fact]
    public async Task No_secret_is_in_a_span_or_a_metric_wherever_it_was_planted()
    {
        await using Traced traced = await Traced.StartAsync(more: """ "content": "on", "retries": {"max": 0} """);
        string answer = $$$"""{"id":"{{{Secret}}}","object":"chat.completion","created":1,"model":"{{{Secret}}}","choices":[{"index":0,"message":{"role":"assistant","content":"{{{Secret}}}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}""";
        traced.Scene.On("a", talk => talk.SendAsync(200, answer, ("x-request-id", Secret)));
        traced.Scene.On("b", talk => talk.SendAsync(401, talk.Tongue.Error(401, "Bad key " + Secret), ("x-request-id", Secret)));
        (string, string)[] headers = [("user-agent", Secret), ("x-perigee-user", Secret), ("tracestate", "k=" + Secret), ("x-client-request-id", Secret), ("api-key", Secret), ("authorization", "Bearer " + Secret)];
        List<string> said = [];
        foreach (string model in (string[])["a/m", "a/" + Secret, "b/" + Secret, Secret, "r"])
        {
            string body = $$"""{"model":"{{model}}","stop":["{{Secret}}"],"user":"{{Secret}}","conversation":"{{Secret}}","response_format":{"type":"{{Secret}}"},"messages":[{"role":"user","content":"{{Secret}}"}]}""";
            (Activity exchange, List<Activity> calls) = await traced.OfAsync(scene => scene.PostAsync("/v1/chat/completions?code=" + Secret, body, headers));
            foreach (Activity span in (Activity[])[exchange, .. calls])
                said.Add(span.DisplayName + string.Join('\n', span.TagObjects.Select(static tag => $"{tag.Key}={Show(tag.Value)}")) + string.Join('\n', span.Events.Select(static one => one.ToString())) + span.StatusDescription);
        }

        string all = string.Join('\n', said) + Everything(traced);
        Assert.DoesNotContain("canary0", all, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("[redacted]", all, StringComparison.Ordinal);
    }

    private static Tongue Of(string dialect) => dialect switch { "anthropic" => Tongue.Anthropic, "gemini" => Tongue.Gemini, _ => Tongue.OpenAi };

    private static async Task<Heard> AskAsync(Scene scene, Tongue tongue, bool stream, string words) =>
        await GatewayRig.HearAsync(tongue, await scene.Gateway.SendAsync(tongue.ClientPath("a/m", stream), tongue.Question("a/m", stream).Replace("\"hi\"", $"\"{words}\"", StringComparison.Ordinal), TestContext.Current.CancellationToken));

    private static bool Holds(object? value, string text) => Show(value).Contains(text, StringComparison.OrdinalIgnoreCase);

    private static string Show(object? value) => value is string[] many ? string.Join(',', many) : value?.ToString() ?? "";

    /// <summary>All that metrics say.</summary>
    private static string Everything(Traced traced)
    {
        List<string> all = [];
        foreach (Metric metric in traced.Measured().Values)
        {
            foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
                all.Add(metric.Name + string.Join(',', MetricTests.TagsOf(point).Select(static tag => $"{tag.Key}={tag.Value}")));
        }

        return string.Join('\n', all);
    }
}

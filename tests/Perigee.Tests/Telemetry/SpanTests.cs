using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OpenTelemetry.Trace;
using Perigee.Telemetry;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Telemetry;

[Collection(nameof(Alone))]
public sealed class SpanTests
{
    private const string Parameters = """
        "max_tokens":50,"temperature":0.5,"top_p":0.25,"top_k":7,"n":2,"seed":11,"frequency_penalty":0.1,"presence_penalty":-0.5,"stop":["x","y"],"response_format":{"type":"json_object"},
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_bears_all_that_the_conventions_list(bool stream)
    {
        await using Traced traced = await Traced.StartAsync();
        traced.Scene.On("a", talk => stream
            ? talk.EventsAsync(talk.Tongue.Opening + talk.Tongue.Piece("hello") + talk.Tongue.Finish
                + "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":30,\"completion_tokens\":9,\"total_tokens\":39,\"prompt_tokens_details\":{\"cached_tokens\":20},\"completion_tokens_details\":{\"reasoning_tokens\":5}}}\n\n"
                + talk.Tongue.Closing)
            : talk.SendAsync(200, """{"id":"c1","object":"chat.completion","created":1,"model":"m-2","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":30,"completion_tokens":9,"total_tokens":39,"prompt_tokens_details":{"cached_tokens":20},"completion_tokens_details":{"reasoning_tokens":5}}}"""));

        (Activity exchange, List<Activity> calls) = await traced.OfAsync(async scene =>
            Assert.Equal(200, (await scene.PostAsync("/v1/chat/completions", Tongue.OpenAi.Question("a/m", stream, Parameters))).Status));

        Activity call = Assert.Single(calls);
        Assert.Equal((exchange.TraceId, exchange.SpanId), (call.TraceId, call.ParentSpanId));
        Dictionary<string, object?> tags = call.TagObjects.ToDictionary();
        Uri upstream = new(traced.Scene.Upstream.Url);
        Dictionary<string, object?> due = new()
        {
            ["gen_ai.operation.name"] = "chat",
            ["gen_ai.provider.name"] = "a",
            ["gen_ai.request.model"] = "m",
            ["gen_ai.request.max_tokens"] = 50L,
            ["gen_ai.request.temperature"] = 0.5,
            ["gen_ai.request.top_p"] = 0.25,
            ["gen_ai.request.top_k"] = 7.0,
            ["gen_ai.request.choice.count"] = 2L,
            ["gen_ai.request.seed"] = 11L,
            ["gen_ai.request.frequency_penalty"] = 0.1,
            ["gen_ai.request.presence_penalty"] = -0.5,
            ["gen_ai.request.stop_sequences"] = (string[])["x", "y"],
            ["gen_ai.output.type"] = "json",
            ["gen_ai.response.id"] = "c1",
            ["gen_ai.response.model"] = stream ? "m" : "m-2",
            ["gen_ai.response.finish_reasons"] = (string[])["stop"],
            ["gen_ai.usage.input_tokens"] = 30L,
            ["gen_ai.usage.output_tokens"] = 9L,
            ["gen_ai.usage.cache_read.input_tokens"] = 20L,
            ["gen_ai.usage.reasoning.output_tokens"] = 5L,
            ["server.address"] = upstream.Host,
            ["server.port"] = upstream.Port,
            ["http.response.status_code"] = 200,
            ["perigee.target"] = "a/m",
            ["perigee.outcome"] = "ok",
        };
        if (stream)
        {
            due["gen_ai.request.stream"] = true;
            Assert.True(tags.Remove("gen_ai.response.time_to_first_chunk", out object? first) && (double)first! > 0);
        }

        Assert.Equal(due.OrderBy(static pair => pair.Key, StringComparer.Ordinal), tags.OrderBy(static pair => pair.Key, StringComparer.Ordinal));
        Assert.Equal(ActivityStatusCode.Unset, call.Status);
        Assert.Equal("Perigee", call.Source.Name);
        Assert.Equal("https://opentelemetry.io/schemas/1.41.1", call.Source.TelemetrySchemaUrl);
    }

    [Fact]
    public async Task An_exchange_is_a_server_span_with_what_the_gateway_did()
    {
        await using Traced traced = await Traced.StartAsync();
        traced.Scene.Works("b").Fails("a", 503);

        (Activity exchange, _) = await traced.OfAsync(async scene => Assert.Equal(200, (await scene.AskAsync(headers: ("user-agent", "probe/1"))).Status));

        Dictionary<string, object?> tags = exchange.TagObjects.ToDictionary();
        Assert.Equal("POST /v1/chat/completions", exchange.DisplayName);
        Assert.Equal(("POST", "/v1/chat/completions", "http", 200, "127.0.0.1"), (tags["http.request.method"], tags["url.path"], tags["url.scheme"], tags["http.response.status_code"], tags["server.address"]));
        Assert.Equal(("chat", "r", "b/m", "r", 2, "bypass", "open", "probe/1"),
            (tags["gen_ai.operation.name"], tags["gen_ai.request.model"], tags["perigee.target"], tags["perigee.route"], tags["perigee.attempts"], tags["perigee.cache.outcome"], tags["perigee.key_id"], tags["user_agent.original"]));
        Assert.DoesNotContain("error.type", tags.Keys);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_failover_is_two_calls_in_one_trace(bool stream)
    {
        await using Traced traced = await Traced.StartAsync();
        traced.Scene.Works("b", stream).Fails("a", 503);

        (Activity exchange, List<Activity> calls) = await traced.OfAsync(async scene => Assert.Equal(200, (await scene.AskAsync(stream: stream)).Status));

        Assert.Equal(2, calls.Count);
        Assert.All(calls, call => Assert.Equal((exchange.TraceId, exchange.SpanId), (call.TraceId, call.ParentSpanId)));
        Assert.Equal([("503", ActivityStatusCode.Error, 503), (null, ActivityStatusCode.Unset, 200)],
            calls.Select(static call => ((string?)call.GetTagItem("error.type"), call.Status, (int)call.GetTagItem("http.response.status_code")!)));
        Assert.Equal(ActivityStatusCode.Unset, exchange.Status);
    }

    [Fact]
    public async Task Who_fails_is_told_from_who_is_refused()
    {
        await using Traced traced = await Traced.StartAsync("a!", """ "r": {"targets": ["a/m"]} """);
        (Activity down, List<Activity> calls) = await traced.OfAsync(async scene => Assert.Equal(502, (await scene.AskAsync()).Status));
        (Activity unknown, _) = await traced.OfAsync(async scene => Assert.Equal(404, (await scene.AskAsync("nobody/m")).Status));

        Assert.Equal(("provider_failed", "provider", ActivityStatusCode.Error), (down.GetTagItem("error.type"), down.GetTagItem("perigee.blame"), down.Status));
        Assert.Equal("unreachable", Assert.Single(calls).GetTagItem("error.type"));
        Assert.Equal(("model_not_found", "client", ActivityStatusCode.Unset), (unknown.GetTagItem("error.type"), unknown.GetTagItem("perigee.blame"), unknown.Status));
    }

    [Fact]
    public async Task A_replay_makes_no_call()
    {
        await using Traced traced = await Traced.StartAsync();
        traced.Scene.Works("a");
        for (int i = 0; i < 2; i++)
        {
            (Activity exchange, List<Activity> calls) = await traced.OfAsync(async scene =>
                Assert.Equal(200, (await scene.PostAsync("/v1/chat/completions", Tongue.OpenAi.Question("a/m", false, "\"temperature\":0,"), ("x-perigee-cache", "on"))).Status));
            Assert.Equal((1 - i, i == 0 ? "miss" : "hit"), (calls.Count, exchange.GetTagItem("perigee.cache.outcome")));
        }
    }

    [Theory]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "vendor=a:b,other=1", true)]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", null, false)]
    [InlineData("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes-later", null, true)]
    public async Task A_callers_trace_goes_on_and_its_choice_of_sampling_holds(string parent, string? state, bool sampled)
    {
        await using Traced traced = await Traced.StartAsync(sampler: new ParentBasedSampler(new AlwaysOnSampler()));
        HeaderDictionary? seen = null;
        traced.Scene.On("a", talk =>
        {
            seen = new HeaderDictionary(talk.Http.Request.Headers.ToDictionary());
            return talk.AnswerAsync();
        });
        (string, string)[] headers = [("traceparent", parent), ("baggage", "user=canary"), .. state is null ? [] : ((string, string)[])[("tracestate", state)]];
        Activity? call = null;
        if (sampled)
        {
            (Activity exchange, List<Activity> calls) = await traced.OfAsync(scene => scene.AskAsync("a/m", headers: headers));
            call = Assert.Single(calls);
            Assert.Equal(("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"), (exchange.TraceId.ToHexString(), exchange.ParentSpanId.ToHexString()));
        }
        else
        {
            await traced.Scene.AskAsync("a/m", headers: headers);
        }

        string sent = seen!["traceparent"].ToString();
        Assert.Matches($"^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{{16}}-0{(sampled ? 1 : 0)}$", sent);
        Assert.NotEqual(parent[3..52], sent[3..52]);
        if (call is not null)
            Assert.Equal(call.SpanId.ToHexString(), sent[36..52]);
        Assert.Equal(state ?? "", seen["tracestate"].ToString());
        Assert.False(seen.ContainsKey("baggage"));

        JsonElement record = Assert.Single(await traced.Scene.Gateway.ExchangesAsync());
        Assert.Equal(200, record.GetProperty("status").GetInt32());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("00-00000000000000000000000000000000-00f067aa0ba902b7-01")]
    [InlineData("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more")]
    [InlineData("nonsense")]
    public async Task Without_a_trace_that_can_be_read_one_begins_whatever_the_host_has_begun(string? parent)
    {
        // Somebody hears of the host's own span, so that it is there: nobody records it.
        using ActivityListener host = new() { ShouldListenTo = static source => source.Name == "Microsoft.AspNetCore", Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.PropagationData };
        ActivitySource.AddActivityListener(host);
        await using Traced traced = await Traced.StartAsync(sampler: new ParentBasedSampler(new AlwaysOnSampler()));
        HeaderDictionary? seen = null;
        traced.Scene.On("a", talk =>
        {
            seen = new HeaderDictionary(talk.Http.Request.Headers.ToDictionary());
            return talk.AnswerAsync();
        });
        (string, string)[] headers = parent is null ? [] : [("traceparent", parent), ("tracestate", "vendor=1")];

        (Activity exchange, List<Activity> calls) = await traced.OfAsync(scene => scene.AskAsync("a/m", headers: headers));

        Assert.Equal(default, exchange.ParentSpanId);
        Assert.NotEqual("4bf92f3577b34da6a3ce929d0e0e4736", exchange.TraceId.ToHexString());
        Assert.Equal($"00-{exchange.TraceId}-{Assert.Single(calls).SpanId}-01", seen!["traceparent"].ToString());
        Assert.Equal(0, seen["tracestate"].Count);
    }

    [Fact]
    public async Task With_trace_context_off_providers_hear_nothing_of_it()
    {
        await using Traced traced = await Traced.StartAsync(more: """ "telemetry": {"traceContext": false} """);
        HeaderDictionary? seen = null;
        traced.Scene.On("a", talk =>
        {
            seen = new HeaderDictionary(talk.Http.Request.Headers.ToDictionary());
            return talk.AnswerAsync();
        });

        (Activity exchange, _) = await traced.OfAsync(scene => scene.AskAsync("a/m", headers: ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")));

        Assert.Equal("4bf92f3577b34da6a3ce929d0e0e4736", exchange.TraceId.ToHexString());
        Assert.DoesNotContain(seen!, static header => header.Key.StartsWith("trace", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void The_version_of_the_conventions_is_written_once() => Assert.Equal("https://opentelemetry.io/schemas/1.41.1", Semantics.SchemaUrl);
}

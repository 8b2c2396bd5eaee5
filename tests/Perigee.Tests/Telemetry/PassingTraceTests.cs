using Microsoft.AspNetCore.Http;
using Perigee.Telemetry;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Telemetry;

/// <summary>Trace context where nobody listens to spans: it passes byte for byte, or not at all.</summary>
[Collection(nameof(Alone))]
public sealed class PassingTraceTests
{
    private const string Parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    public static TheoryData<string, string> Unusable() => new()
    {
        { "short", "00-4bf92f35-00f067aa0ba902b7-01" },
        { "capitals", Parent.ToUpperInvariant() },
        { "no trace", "00-00000000000000000000000000000000-00f067aa0ba902b7-01" },
        { "no span", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01" },
        { "version ff", "ff" + Parent[2..] },
        { "more behind version 00", Parent + "-x" },
        { "too long", "01" + Parent[2..] + "-" + new string('a', 300) },
        { "no hex", Parent.Replace('4', 'g') },
        { "two", Parent + ", " + Parent },
    };

    [Fact]
    public async Task What_the_caller_sent_reaches_the_provider_byte_for_byte()
    {
        Assert.False(Spans.Source.HasListeners());
        IHeaderDictionary seen = await SentAsync(("traceparent", Parent), ("tracestate", "vendor=a:b , other=1"), ("baggage", "user=canary"));
        Assert.Equal((Parent, "vendor=a:b , other=1"), (seen["traceparent"].ToString(), seen["tracestate"].ToString()));
        Assert.False(seen.ContainsKey("baggage"));
    }

    [Theory]
    [MemberData(nameof(Unusable))]
    public async Task What_is_no_trace_context_goes_nowhere(string why, string parent)
    {
        IHeaderDictionary seen = await SentAsync(("traceparent", parent), ("tracestate", "vendor=1"));
        Assert.True(seen["traceparent"].Count + seen["tracestate"].Count == 0, why);
    }

    [Theory]
    [InlineData(513)]
    [InlineData(100)]
    public async Task A_state_past_its_bounds_is_dropped_and_the_trace_goes_on(int length)
    {
        // Too long, or too many members.
        string state = length > 512 ? "a=" + new string('x', length - 2) : string.Join(',', Enumerable.Range(0, 33).Select(static i => $"k{i}=1"));
        IHeaderDictionary seen = await SentAsync(("traceparent", Parent), ("tracestate", state));
        Assert.Equal((Parent, 0), (seen["traceparent"].ToString(), seen["tracestate"].Count));
    }

    [Fact]
    public async Task Without_a_callers_trace_there_is_none() => Assert.False((await SentAsync()).ContainsKey("traceparent"));

    private static async Task<IHeaderDictionary> SentAsync(params (string Name, string Value)[] headers)
    {
        await using Scene scene = await Scene.StartAsync("a", """ "r": {"targets": ["a/m"]} """);
        IHeaderDictionary? seen = null;
        scene.On("a", talk =>
        {
            seen = new HeaderDictionary(talk.Http.Request.Headers.ToDictionary());
            return talk.AnswerAsync();
        });
        Assert.Equal(200, (await scene.AskAsync(headers: headers)).Status);
        return seen!;
    }
}

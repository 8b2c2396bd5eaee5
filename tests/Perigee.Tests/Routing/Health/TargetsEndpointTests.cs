using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Perigee.Routing.Health;

namespace Perigee.Tests.Routing.Health;

public class TargetsEndpointTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch);
    private readonly TargetStates _states;
    private readonly TargetsEndpoint _endpoint;

    public TargetsEndpointTests()
    {
        _states = new(_time);
        _endpoint = new(_states, new GatewayHost { Mode = "local", Instance = "i1" });
    }

    [Fact]
    public async Task The_list_shows_what_is_known_and_null_for_the_rest()
    {
        TargetState state = _states.Of("a/model");
        state.Began();
        state.Began();
        state.Ended(new TryOutcome(HealthEffect.Limited)
        {
            RetryAfter = TimeSpan.FromSeconds(90),
            Why = "quota",
            ToContent = TimeSpan.FromMilliseconds(120),
            Total = TimeSpan.FromSeconds(1.12),
            OutputTokens = 50,
        });
        state.Heard(0.5, TimeSpan.FromSeconds(5));
        _states.Of("b/model");

        JsonElement list = await AnswerAsync(_endpoint.ListAsync);

        Assert.Equal("""{"target":"a/model","state":"open","openUntil":"1970-01-01T00:01:30+00:00","why":"quota","inFlight":1,"ttftMs":120,"ttftP95Ms":null,"tokensPerSecond":50,"headroom":0.5}""", Compact(list.GetProperty("data")[0]));
        Assert.Equal("""{"target":"b/model","state":"closed","openUntil":null,"why":null,"inFlight":0,"ttftMs":null,"ttftP95Ms":null,"tokensPerSecond":null,"headroom":null}""", Compact(list.GetProperty("data")[1]));
    }

    [Theory]
    [InlineData("a/model:close", 200, BreakerState.Closed)]
    [InlineData("a%2Fmodel:close", 200, BreakerState.Closed)]
    [InlineData("a/model:open", 404, BreakerState.Open)]
    [InlineData("a/other:close", 404, BreakerState.Open)]
    [InlineData(null, 404, BreakerState.Open)]
    public async Task The_operator_closes_a_breaker(string? name, int status, object state)
    {
        _states.Of("a/model").Ended(new TryOutcome(HealthEffect.Unusable));
        int answered = 0;
        await AnswerAsync(async http =>
        {
            http.Request.RouteValues["name"] = name;
            await _endpoint.CloseAsync(http);
            answered = http.Response.StatusCode;
        });
        Assert.Equal((status, (BreakerState)state), (answered, _states.Of("a/model").Breaker));
    }

    private static async Task<JsonElement> AnswerAsync(Func<HttpContext, Task> ask)
    {
        DefaultHttpContext http = new();
        using MemoryStream sent = new();
        http.Response.Body = sent;
        await ask(http);
        await http.Response.BodyWriter.FlushAsync();
        return JsonDocument.Parse(sent.ToArray()).RootElement;
    }

    private static string Compact(JsonElement json) => JsonSerializer.Serialize(json).Replace("\\u002B", "+", StringComparison.Ordinal);
}

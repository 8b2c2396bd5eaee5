using Microsoft.Extensions.Time.Testing;
using Perigee.Front;
using Perigee.Routing;
using Perigee.Routing.Health;

namespace Perigee.Tests.Routing;

/// <summary>The routing step with tables in memory, a clock that stands and seeded dice.</summary>
internal sealed class TestRouting
{
    private readonly RoutingMiddleware _step;

    public TestRouting(int seed = 1)
    {
        Origins = new(Tables, Time);
        States = new(Time);
        ModelResolver models = new();
        _step = new(_ =>
        {
            Forwarded = true;
            return Task.CompletedTask;
        }, new(models, States), new(models, States, new Random(seed)), new(Origins), Origins, new(States));
    }

    public MemoryTables Tables { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    public Origins Origins { get; }

    public TargetStates States { get; }

    public bool Forwarded { get; private set; }

    public static Operation Operation(string name) => name switch
    {
        "gemini.generate" => Operations.OfGemini("m:generateContent", out _)!,
        "gemini.stream" => Operations.OfGemini("m:streamGenerateContent", out _)!,
        _ => Operations.All.Single(operation => operation.Name == name),
    };

    public async Task<Exchange> RouteAsync(
        GatewayOptions options, string operation, string? json = null, string? id = null, string tenant = "t1", string? model = null, params (string Name, string Value)[] headers)
    {
        Exchange exchange = RoutedExchange.Of(Operation(operation), options, json, tenant, id);
        exchange.Model = model ?? exchange.Model;
        foreach ((string name, string value) in headers)
            exchange.Http.Request.Headers[name] = value;
        await RouteAsync(exchange);
        return exchange;
    }

    public Task RouteAsync(Exchange exchange)
    {
        Forwarded = false;
        return _step.InvokeAsync(exchange.Http);
    }

    /// <summary>The names of the targets, in order, of a chat.</summary>
    public async Task<string[]> TargetsAsync(GatewayOptions options, string json, params (string Name, string Value)[] headers)
    {
        Exchange exchange = await RouteAsync(options, "chat", json, headers: headers);
        Assert.True(exchange.Plan is not null, exchange.Error?.Message);
        return [.. exchange.Plan.Targets.Select(target => target.Name)];
    }

    /// <summary>The error of a chat that is refused.</summary>
    public async Task<GatewayError> RefusalAsync(GatewayOptions options, string json, params (string Name, string Value)[] headers)
    {
        Exchange exchange = await RouteAsync(options, "chat", json, headers: headers);
        Assert.False(Forwarded);
        return exchange.Error!;
    }
}

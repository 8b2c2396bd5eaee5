using Perigee.Catalog;

namespace Perigee.Tests.Routing.Policies;

public class AutoTests
{
    private static readonly GatewayOptions Options = TestModels.Alone(
        TestModels.Model("one/basic", 0.1m, 0.1m) with { Quality = Quality.Basic },
        TestModels.Model("one/standard", 1, 1),
        TestModels.Model("two/standard", 1, 1),
        TestModels.Model("two/strong", 1, 1) with { Quality = Quality.Strong },
        TestModels.Model("two/seeing", 2, 2) with { Inputs = Modalities.All, Tools = true },
        TestModels.Model("one/wide", 3, 3, context: 1_000_000),
        TestModels.Model("one/frontier", 9, 9) with { Quality = Quality.Frontier },
        TestModels.Model("one/strong:free", 0, 0),
        TestModels.Model("one/no-price") with { Price = null },
        TestModels.Model("one/no-quality", 0, 0) with { Quality = null },
        TestModels.Model("one/vectors", 0, 0) with { Kind = ModelKind.Embedding });

    private readonly TestRouting _routing = new();

    [Fact]
    public async Task The_cheapest_that_is_good_enough_with_the_next_ones_behind_it()
    {
        Exchange exchange = await _routing.RouteAsync(Options, "chat", """{"model":"auto","messages":[]}""");

        Assert.Equal(["two/strong", "one/standard", "two/standard", "two/seeing", "one/wide", "one/frontier"], exchange.Plan!.Targets.Select(target => target.Name));
        Assert.Equal("auto: cheapest of 6 with standard quality; est. $0.000507", exchange.Plan.Chosen);
    }

    [Theory]
    [InlineData("""{"model":"perigee/auto","messages":[{"content":[{"type":"image_url"}]}],"tools":[{"type":"function"}]}""", "two/seeing", "standard quality, vision, tools")]
    [InlineData("""{"model":"auto","max_tokens":150000}""", "one/wide", "standard quality")]
    public async Task It_can_do_what_the_request_needs(string json, string target, string words)
    {
        Exchange exchange = await _routing.RouteAsync(Options, "chat", json);

        Assert.Equal(target, Assert.Single(exchange.Plan!.Targets).Name);
        Assert.Contains($"cheapest of 1 with {words}; est. $", exchange.Plan.Chosen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_quality_is_the_requests_else_the_keys_else_standard()
    {
        Assert.Equal("one/basic", (await _routing.TargetsAsync(Options, """{"model":"auto"}""", (HeaderNames.Quality, "basic")))[0]);
        Assert.Equal(["one/frontier"], await _routing.TargetsAsync(Options, """{"model":"auto"}""", (HeaderNames.Quality, "Frontier")));

        Exchange exchange = RoutedExchange.Of(TestRouting.Operation("chat"), Options, """{"model":"auto"}""");
        exchange.Caller = exchange.Caller! with { Quality = "frontier" };
        await _routing.RouteAsync(exchange);
        Assert.Equal("one/frontier", Assert.Single(exchange.Plan!.Targets).Name);

        Assert.Equal(HeaderNames.Quality, (await _routing.RefusalAsync(Options, """{"model":"auto"}""", (HeaderNames.Quality, "best"))).Param);
    }

    [Fact]
    public async Task Where_none_can_the_reason_is_told()
    {
        GatewayError sound = await _routing.RefusalAsync(Options, """{"model":"auto","messages":[{"content":[{"type":"input_audio"}]}]}""", (HeaderNames.Quality, "frontier"));
        GatewayError length = await _routing.RefusalAsync(Options, """{"model":"auto","max_tokens":2000000}""");
        GatewayError nobody = await _routing.RefusalAsync(Configuration.Settings.Read(""), """{"model":"auto"}""");

        Assert.Contains("has frontier quality, audio", sound.Message, StringComparison.Ordinal);
        Assert.Equal("no_capable_target", sound.Code);
        Assert.Equal("context_length_exceeded", length.Code);
        Assert.Contains("no provider with models of known price", nobody.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_for_conversations_and_can_stand_in_a_route()
    {
        Exchange vectors = await _routing.RouteAsync(Options, "embeddings", """{"model":"auto","input":"x"}""");
        Assert.Contains("is for conversations", vectors.Error!.Message, StringComparison.Ordinal);

        GatewayOptions options = Configuration.Settings.Read("""{"routes":{"r":{"targets":["openai/gpt-4o","auto"]}}}""", ("OPENAI_API_KEY", "k"));
        Exchange route = await _routing.RouteAsync(options, "messages", """{"model":"r","messages":[]}""");
        Assert.Equal("openai/gpt-4o", route.Plan!.Targets[0].Name);
        Assert.Equal(9, route.Plan.Targets.Count);
    }

    [Fact]
    public async Task An_alias_or_a_route_of_that_name_is_the_operators()
    {
        Assert.Equal(["openai/x"], await _routing.TargetsAsync(TestModels.Options("""{"aliases":{"auto":"openai/x"}}"""), """{"model":"auto"}"""));
        Assert.Equal(["openai/y"], await _routing.TargetsAsync(TestModels.Options("""{"routes":{"auto":{"targets":["openai/y"]}}}"""), """{"model":"auto"}"""));
    }
}

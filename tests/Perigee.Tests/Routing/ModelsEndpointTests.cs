using System.Text.Json;
using Perigee.Routing;
using Perigee.Tests.Configuration;

namespace Perigee.Tests.Routing;

public class ModelsEndpointTests
{
    private static readonly Operation Get = new("models", "GET", "/v1/models", BodyShape.None, TargetBy.Model);

    private static readonly GatewayOptions Options = Settings.Read(
        """{"providers":{"ollama":{},"my-vllm":{"baseUrl":"https://v.example/v1","models":["org/own-7b"]}},"aliases":{"fast":"openai/gpt-5-mini","off":"xai/grok-4.5"}}""",
        ("OPENAI_API_KEY", "k"));

    private readonly ModelsEndpoint _endpoint = new(new());

    [Fact]
    public async Task The_list_holds_what_can_be_asked_for()
    {
        Exchange exchange = RoutedExchange.Of(Get, Options);
        await _endpoint.ListAsync(exchange.Http);

        JsonElement list = await exchange.AnswerAsync();
        Assert.Equal("list", list.GetProperty("object").GetString());
        string[] ids = [.. list.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()!)];
        Assert.Equal(["openai/gpt-4o", "demo/echo", "my-vllm/org/own-7b", "fast"], new[] { "openai/gpt-4o", "demo/echo", "my-vllm/org/own-7b", "fast" }.Where(ids.Contains));
        Assert.DoesNotContain("off", ids);
        Assert.DoesNotContain(ids, id => id.StartsWith("anthropic/", StringComparison.Ordinal));
        Assert.Distinct(ids);
        Assert.All(list.GetProperty("data").EnumerateArray(), model =>
        {
            Assert.Equal("model", model.GetProperty("object").GetString());
            Assert.Equal(JsonValueKind.Number, model.GetProperty("created").ValueKind);
            Assert.Equal(JsonValueKind.String, model.GetProperty("owned_by").ValueKind);
        });
    }

    [Theory]
    [InlineData("openai/gpt-4o", "openai")]
    [InlineData("openai%2Fgpt-4o", "openai")]
    [InlineData("gpt-4o", "openai")]
    [InlineData("fast", "openai")]
    [InlineData("my-vllm/org/own-7b", "my-vllm")]
    [InlineData("ollama/anything:8b", "ollama")]
    [InlineData("demo/echo", "demo")]
    public async Task A_model_is_found_by_any_of_its_names(string id, string owner)
    {
        Exchange exchange = RoutedExchange.Of(Get, Options, id: id);
        await _endpoint.FindAsync(exchange.Http);

        JsonElement model = await exchange.AnswerAsync();
        Assert.Equal(id.Replace("%2F", "/", StringComparison.Ordinal), model.GetProperty("id").GetString());
        Assert.Equal(owner, model.GetProperty("owned_by").GetString());
    }

    [Theory]
    [InlineData("openai/gtp-4o", "openai/gpt-4o")]
    [InlineData("my-vllm/org/own-8b", "my-vllm/org/own-7b")]
    [InlineData("fats", "fast")]
    [InlineData("off", "XAI_API_KEY")]
    public async Task An_unknown_model_gets_404_with_the_nearest_name(string id, string words)
    {
        Exchange exchange = RoutedExchange.Of(Get, Options, id: id);
        await _endpoint.FindAsync(exchange.Http);

        Assert.Equal(404, exchange.Http.Response.StatusCode);
        JsonElement error = (await exchange.AnswerAsync()).GetProperty("error");
        Assert.Equal("model_not_found", error.GetProperty("code").GetString());
        Assert.Contains(words, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}

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

    private readonly ModelsEndpoint _endpoint = new(new(), TimeProvider.System);

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

    [Fact]
    public async Task Routes_and_auto_are_listed_and_found_as_models()
    {
        GatewayOptions options = Settings.Read(
            """{"routes":{"smart":{"targets":["openai/gpt-4o"]},"openai/gpt-4o":{"targets":["openai/gpt-4o","openai/gpt-4o-mini"]}}}""", ("OPENAI_API_KEY", "k"));
        Exchange exchange = RoutedExchange.Of(Get, options);
        await _endpoint.ListAsync(exchange.Http);
        Exchange one = RoutedExchange.Of(Get, options, id: "smart");
        await _endpoint.FindAsync(one.Http);

        string[] ids = [.. (await exchange.AnswerAsync()).GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()!)];
        Assert.Distinct(ids);
        Assert.Equal(["openai/gpt-4o", "smart", "auto"], ids[..3]);
        Assert.Equal("perigee", (await one.AnswerAsync()).GetProperty("owned_by").GetString());
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

    [Fact]
    public async Task Capabilities_and_prices_are_shown_as_other_tools_read_them()
    {
        JsonElement model = await FindAsync("openai/gpt-5-mini");

        Assert.Equal((400_000, 128_000, "standard"),
            (model.GetProperty("context_length").GetInt64(), model.GetProperty("max_output_tokens").GetInt64(), model.GetProperty("quality").GetString()));
        Assert.Equal("""{"prompt":"0.00000025","completion":"0.000002","input_cache_read":"0.000000025"}""", model.GetProperty("pricing").GetRawText());
        Assert.True(model.GetProperty("price_known").GetBoolean());
        Assert.Equal("""{"input_modalities":["text","image","file"],"output_modalities":["text"]}""", model.GetProperty("architecture").GetRawText());
        Assert.Equal("""["tools","tool_choice","response_format","structured_outputs","reasoning"]""", model.GetProperty("supported_parameters").GetRawText());
        Assert.Equal(new DateTimeOffset(2025, 8, 7, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds(), model.GetProperty("created").GetInt64());
    }

    [Theory]
    [InlineData("ollama/anything:8b")]
    [InlineData("my-vllm/org/own-7b")]
    public async Task An_unknown_price_is_null_with_a_flag_and_never_0(string id)
    {
        JsonElement model = await FindAsync(id);

        Assert.Equal(JsonValueKind.Null, model.GetProperty("pricing").ValueKind);
        Assert.False(model.GetProperty("price_known").GetBoolean());
        Assert.Equal(0, model.GetProperty("created").GetInt64());
    }

    [Fact]
    public async Task A_price_of_the_operator_s_is_shown_in_the_list_too()
    {
        GatewayOptions options = Settings.Read("""{"models":{"demo/echo":{"price":{"input":12.5,"output":0}},"demo/other":{"as":"openai/gpt-4o"}}}""");
        Exchange exchange = RoutedExchange.Of(Get, options);
        await _endpoint.ListAsync(exchange.Http);

        JsonElement[] models = [.. (await exchange.AnswerAsync()).GetProperty("data").EnumerateArray()];
        Assert.Equal(["demo/echo", "demo/other"], models.Select(model => model.GetProperty("id").GetString()));
        Assert.Equal("0.0000125", models[0].GetProperty("pricing").GetProperty("prompt").GetString());
        Assert.Equal("0", models[0].GetProperty("pricing").GetProperty("completion").GetString());
        Assert.Equal(128_000, models[1].GetProperty("context_length").GetInt64());
    }

    [Theory]
    [InlineData("Anthropic", "display_name", "\"GPT-5 Mini\"")]
    [InlineData("Anthropic", "created_at", "\"2025-08-07T00:00:00Z\"")]
    [InlineData("Anthropic", "max_input_tokens", "400000")]
    [InlineData("Anthropic", "max_tokens", "128000")]
    [InlineData("Gemini", "displayName", "\"GPT-5 Mini\"")]
    [InlineData("Gemini", "inputTokenLimit", "400000")]
    [InlineData("Gemini", "outputTokenLimit", "128000")]
    [InlineData("Gemini", "thinking", "true")]
    public void The_other_dialects_show_what_they_have_members_for(string family, string member, string json)
    {
        System.Buffers.ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            ModelName name = new("openai/gpt-5-mini", "openai", Options.Catalog.Find("openai", "gpt-5-mini"), null);
            ModelShapes.Write(writer, name, Enum.Parse<Perigee.Wire.DialectFamily>(family), TimeProvider.System.GetUtcNow());
        }

        using JsonDocument model = JsonDocument.Parse(buffer.WrittenMemory);
        Assert.Equal(json, model.RootElement.GetProperty(member).GetRawText());
    }

    private async Task<JsonElement> FindAsync(string id)
    {
        Exchange exchange = RoutedExchange.Of(Get, Options, id: id);
        await _endpoint.FindAsync(exchange.Http);
        return await exchange.AnswerAsync();
    }
}

using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Perigee.Routing;
using Perigee.Tests.Configuration;

namespace Perigee.Tests.Routing;

public class RoutingMiddlewareTests
{
    private static readonly GatewayOptions Options = Settings.Read("", ("OPENAI_API_KEY", "k"), ("GROQ_API_KEY", "k"), ("DEEPSEEK_API_KEY", "k"));

    private readonly TestRouting _routing = new();

    private MemoryTables Tables => _routing.Tables;

    private Origins Origins => _routing.Origins;

    [Fact]
    public async Task A_question_goes_where_its_model_is_served()
    {
        Exchange exchange = await RouteAsync("chat", """{"model":"gpt-4o"}""");

        Assert.True(_routing.Forwarded);
        Assert.Equal("openai/gpt-4o", Assert.Single(exchange.Plan!.Targets).ToString());
        Assert.Equal(0, Tables.Finds);
    }

    [Theory]
    [InlineData("{}", 400, "model", null)]
    [InlineData("""{"model":""}""", 400, "model", null)]
    [InlineData("""{"model":"gtp-4o"}""", 404, "model", "model_not_found")]
    public async Task A_question_without_a_usable_model_is_refused(string json, int status, string param, string? code)
    {
        Exchange exchange = await RouteAsync("chat", json);

        Assert.False(_routing.Forwarded);
        Assert.Equal(status, exchange.Http.Response.StatusCode);
        JsonElement error = (await exchange.AnswerAsync()).GetProperty("error");
        Assert.Equal(param, error.GetProperty("param").GetString());
        if (code is not null)
            Assert.Equal(code, error.GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("responses.get")]
    [InlineData("responses.delete")]
    [InlineData("responses.input_items")]
    [InlineData("responses.cancel")]
    [InlineData("files.content")]
    [InlineData("batches.cancel")]
    public async Task A_later_call_goes_to_the_provider_that_made_the_id(string operation)
    {
        await Origins.RememberAsync("t1", "resp_1", "groq", default);

        Exchange exchange = await RouteAsync(operation, id: "resp_1");

        Assert.Equal("groq", Assert.Single(exchange.Plan!.Targets).ToString());
        Assert.Equal(0, Tables.Finds);
    }

    [Fact]
    public async Task Another_instance_finds_the_id_in_the_table_once()
    {
        await Origins.RememberAsync("t1", "resp/with odd?characters#", "groq", default);
        Origins other = new(Tables, new FakeTimeProvider());

        Assert.Equal("groq", await other.FindAsync("t1", "resp/with odd?characters#", default));
        Assert.Equal("groq", await other.FindAsync("t1", "resp/with odd?characters#", default));
        Assert.Equal(1, Tables.Finds);
    }

    [Fact]
    public async Task An_id_of_another_tenant_is_unknown_and_never_asked_for()
    {
        await Origins.RememberAsync("t1", "resp_1", "openai", default);

        Exchange exchange = await RouteAsync("responses.get", id: "resp_1", tenant: "t2");

        Assert.False(_routing.Forwarded);
        Assert.Equal(404, exchange.Http.Response.StatusCode);
    }

    [Fact]
    public async Task An_open_gateway_sends_unknown_ids_to_the_first_provider_that_keeps_files()
    {
        Exchange exchange = await RouteAsync("responses.get", id: "resp_9", tenant: "open");

        Assert.Equal("openai", Assert.Single(exchange.Plan!.Targets).ToString());
    }

    [Fact]
    public async Task An_id_whose_provider_is_off_is_a_conflict()
    {
        await Origins.RememberAsync("t1", "resp_1", "xai", default);

        Exchange exchange = await RouteAsync("responses.get", id: "resp_1");

        Assert.Equal(409, exchange.Http.Response.StatusCode);
        Assert.Contains("XAI_API_KEY", exchange.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_storage_that_is_down_refuses_only_what_needs_it()
    {
        Tables.Down = true;

        Assert.Equal(503, (await RouteAsync("responses.get", id: "resp_1")).Http.Response.StatusCode);
        Assert.Equal(200, (await RouteAsync("chat", """{"model":"gpt-4o"}""")).Http.Response.StatusCode);
    }

    [Fact]
    public async Task An_id_is_known_here_even_where_it_could_not_be_stored()
    {
        Tables.Down = true;
        await Assert.ThrowsAsync<Perigee.Storage.StorageException>(() => Origins.RememberAsync("t1", "resp_1", "groq", default).AsTask());

        Assert.Equal("groq", await Origins.FindAsync("t1", "resp_1", default));
    }

    [Fact]
    public async Task The_next_turn_stays_with_the_provider_of_the_answer_before()
    {
        await Origins.RememberAsync("t1", "resp_1", "groq", default);

        Exchange same = await RouteAsync("responses", """{"model":"groq/openai/gpt-oss-120b","previous_response_id":"resp_1"}""");
        Assert.Equal("groq/openai/gpt-oss-120b", Assert.Single(same.Plan!.Targets).ToString());

        Exchange elsewhere = await RouteAsync("responses", """{"model":"gpt-4o","previous_response_id":"resp_1"}""");
        Assert.Equal((409, "previous_response_id"), (elsewhere.Http.Response.StatusCode, elsewhere.Error!.Param));

        Exchange foreign = await RouteAsync("responses", """{"model":"gpt-4o","previous_response_id":"resp_1"}""", tenant: "t2");
        Assert.Equal((404, "previous_response_id"), (foreign.Http.Response.StatusCode, foreign.Error!.Param));
    }

    [Fact]
    public async Task A_batch_goes_to_the_provider_of_its_input_file()
    {
        await Origins.RememberAsync("t1", "file_1", "groq", default);

        Exchange known = await RouteAsync("batches.create", """{"input_file_id":"file_1"}""");
        Assert.Equal("groq", Assert.Single(known.Plan!.Targets).ToString());

        Exchange unknown = await RouteAsync("batches.create", """{"input_file_id":"file_2"}""");
        Assert.Equal((404, "input_file_id"), (unknown.Http.Response.StatusCode, unknown.Error!.Param));
    }

    [Theory]
    [InlineData(null, "openai", 200)]
    [InlineData("groq", "groq", 200)]
    [InlineData("deepseek", "deepseek", 200)]
    [InlineData("xai", null, 400)]
    [InlineData("nobody", null, 400)]
    [InlineData("demo", null, 400)]
    public async Task A_header_chooses_the_provider_of_a_new_file(string? header, string? provider, int status)
    {
        Exchange exchange = await _routing.RouteAsync(Options, "files.create", headers: header is null ? [] : [(HeaderNames.Provider, header)]);

        Assert.Equal(status, exchange.Http.Response.StatusCode);
        Assert.Equal(provider, exchange.Plan?.Targets.SingleOrDefault()?.ToString());
    }

    [Fact]
    public async Task Without_a_provider_that_keeps_files_the_remedy_is_named()
    {
        Exchange exchange = await _routing.RouteAsync(Settings.Read("", ("DEEPSEEK_API_KEY", "k")), "files.list");

        Assert.Equal(400, exchange.Http.Response.StatusCode);
        Assert.Contains(HeaderNames.Provider, exchange.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_remembered_in_memory_is_bounded_and_the_rest_is_in_the_table()
    {
        for (int i = 0; i < 25_000; i++)
            await Origins.RememberAsync("t1", $"resp_{i}", "groq", default);

        Assert.Equal("groq", await Origins.FindAsync("t1", "resp_0", default));
        Assert.Equal(1, Tables.Finds);
        Assert.Equal("groq", await Origins.FindAsync("t1", "resp_24999", default));
        Assert.Equal(1, Tables.Finds);
    }

    private Task<Exchange> RouteAsync(string operation, string? json = null, string? id = null, string tenant = "t1") =>
        _routing.RouteAsync(Options, operation, json, id, tenant);
}

using System.Text.Json;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Sdk;

/// <summary>The official npm package <c>openai</c> against both hosts.</summary>
public sealed class NodeSdkTests(Rig rig)
{
    [Theory, BothHosts]
    public async Task Chat(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        string prompt = Prompts.New("Say hello");
        JsonElement seen = await NodeClient.RunAsync("chat", gateway, await gateway.NewKeyAsync(), new { model = "openai/gpt-4o-mini", prompt });
        JsonElement answer = seen.GetProperty("answer");
        Assert.Equal("Hello! How can I help you today?", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal(14, answer.GetProperty("usage").GetProperty("total_tokens").GetInt32());
        Assert.Equal("fp_test", answer.GetProperty("system_fingerprint").GetString());
        Assert.Equal(32, seen.GetProperty("requestId").GetString()!.Length);

        // The provider saw its own name of the model and nothing of the caller's key.
        JsonElement call = Assert.Single(await (await rig.AimockAsync()).SeenAsync(prompt));
        Assert.Equal("gpt-4o-mini", call.GetProperty("body").GetProperty("model").GetString());
        Assert.DoesNotContain("pk-", call.GetRawText(), StringComparison.Ordinal);
    }

    [Theory, BothHosts]
    public async Task Stream(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        string key = await gateway.NewKeyAsync();
        JsonElement plain = await NodeClient.RunAsync("stream", gateway, key, new { model = "openai/gpt-4o-mini", prompt = Prompts.New("Say hello") });
        Assert.Equal("Hello! How can I help you today?", plain.GetProperty("text").GetString());
        Assert.True(plain.GetProperty("chunks").GetInt32() > 5);
        Assert.Equal("stop", plain.GetProperty("finish").GetString());
        // The gateway asks for usage; a client that did not ask does not get it.
        Assert.Equal(JsonValueKind.Null, plain.GetProperty("usage").ValueKind);

        JsonElement counted = await NodeClient.RunAsync(
            "stream", gateway, key, new { model = "openai/gpt-4o-mini", prompt = Prompts.New("Say hello"), usage = true });
        Assert.Equal(14, counted.GetProperty("usage").GetProperty("total_tokens").GetInt32());
    }

    [Theory, BothHosts(false), BothHosts(true)]
    public async Task Tool_round_trip(HostKind kind, bool stream)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        JsonElement seen = await NodeClient.RunAsync(
            "tools", gateway, await gateway.NewKeyAsync(), new { model = "openai/gpt-4o", prompt = Prompts.New("Weather in Paris"), stream });
        Assert.Equal("It is 21 degrees in Paris.", seen.GetProperty("text").GetString());
        JsonElement call = Assert.Single(seen.GetProperty("calls").EnumerateArray());
        Assert.Equal("Paris", call.GetProperty("city").GetString());
        Assert.Equal(4, seen.GetProperty("messages").GetInt32());
    }

    [Theory, BothHosts]
    public async Task Json_schema(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        JsonElement seen = await NodeClient.RunAsync(
            "schema", gateway, await gateway.NewKeyAsync(), new { model = "openai/gpt-4o", prompt = Prompts.New("Describe Berlin") });
        Assert.Equal("Berlin", seen.GetProperty("parsed").GetProperty("city").GetString());
        Assert.Equal(3_900_000, seen.GetProperty("parsed").GetProperty("population").GetInt32());
    }

    [Theory, BothHosts]
    public async Task Vision_by_a_data_url(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        string prompt = Prompts.New("What is in this picture");
        JsonElement seen = await NodeClient.RunAsync(
            "vision", gateway, await gateway.NewKeyAsync(), new { model = "openai/gpt-4o", prompt, image = Prompts.RedPixel });
        Assert.Equal("One red pixel.", seen.GetProperty("text").GetString());
        JsonElement call = Assert.Single(await (await rig.AimockAsync()).SeenAsync(prompt));
        Assert.Contains(Prompts.RedPixel, call.GetRawText(), StringComparison.Ordinal);
    }

    [Theory, BothHosts]
    public async Task Embeddings_as_floats_and_as_base64(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        // aimock knows no base64, which this SDK asks for unless told otherwise.
        string model = (await rig.OwnAsync()).On(Embedder.AnswerAsync);
        JsonElement seen = await NodeClient.RunAsync("embeddings", gateway, await gateway.NewKeyAsync(), new { model, input = new[] { "one", "three" } });
        foreach (string form in (string[])["base64", "float"])
        {
            JsonElement[] vectors = [.. seen.GetProperty(form).EnumerateArray()];
            Assert.Equal(2, vectors.Length);
            Assert.Equal([5f, 0.5f, -0.25f], vectors[1].EnumerateArray().Select(v => v.GetSingle()));
        }
    }

    [Theory, BothHosts]
    public async Task Models_list_and_retrieve(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        JsonElement seen = await NodeClient.RunAsync("models", gateway, await gateway.NewKeyAsync(), new { model = "openai/gpt-4o-mini" });
        string[] ids = [.. seen.GetProperty("ids").EnumerateArray().Select(id => id.GetString()!)];
        Assert.Contains("demo/echo", ids);
        Assert.Contains("openai/gpt-4o-mini", ids);
        Assert.Contains("fast", ids);
        Assert.Equal("openai/gpt-4o-mini", seen.GetProperty("one").GetProperty("id").GetString());
        Assert.Equal("openai", seen.GetProperty("one").GetProperty("owned_by").GetString());
        Assert.Equal("NotFoundError", seen.GetProperty("missing").GetProperty("type").GetString());
    }

    [Theory, BothHosts]
    public async Task Responses_create_read_delete_and_stream(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        string model = ResponsesApi.Register(await rig.OwnAsync());
        JsonElement seen = await NodeClient.RunAsync("responses", gateway, await gateway.NewKeyAsync(), new { model, prompt = "Count" });
        Assert.Equal("one two three", seen.GetProperty("text").GetString());
        Assert.Equal("one two three", seen.GetProperty("read").GetString());
        Assert.Equal(1, seen.GetProperty("items").GetInt32());
        Assert.Equal(404, seen.GetProperty("gone").GetProperty("status").GetInt32());
        Assert.Equal("one two three", seen.GetProperty("streamed").GetString());
        string[] events = [.. seen.GetProperty("events").EnumerateArray().Select(e => e.GetString()!)];
        Assert.Equal("response.created", events[0]);
        Assert.Equal("response.completed", events[^1]);
    }

    [Theory, BothHosts]
    public async Task A_429_of_the_provider_is_retried_by_the_sdk(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        string prompt = Prompts.New("Limited at first");
        await (await rig.AimockAsync()).AddAsync(
            new { match = new { userMessage = prompt, sequenceIndex = 0 }, response = new { error = new { message = "Slow down.", type = "rate_limit_error", code = "rate_limit_exceeded" }, status = 429, retryAfter = 2 } },
            new { match = new { userMessage = prompt }, response = new { content = "After the retry." } });
        JsonElement seen = await NodeClient.RunAsync("retried", gateway, await gateway.NewKeyAsync(), new { model = "openai/gpt-4o", prompt });
        Assert.Equal("After the retry.", seen.GetProperty("text").GetString());
        // The provider's Retry-After reached the SDK: on its own it waits half a second at most.
        Assert.True(seen.GetProperty("waited").GetInt32() >= 2000, seen.GetRawText());
    }
}

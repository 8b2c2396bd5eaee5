using System.ClientModel;
using System.Text;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Models;
using OpenAI.Responses;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Sdk;

/// <summary>The official NuGet package <c>OpenAI</c> against both hosts.</summary>
public sealed class NetSdkTests(Rig rig)
{
    private static readonly ChatTool s_weather = ChatTool.CreateFunctionTool(
        "get_weather", null, BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"""));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, BothHosts]
    public async Task Chat(HostKind kind)
    {
        ChatClient client = (await ClientAsync(kind)).GetChatClient("openai/gpt-4o-mini");
        ClientResult<ChatCompletion> answer = await client.CompleteChatAsync([Prompts.New("Say hello")], cancellationToken: Cancel);
        Assert.Equal("Hello! How can I help you today?", answer.Value.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, answer.Value.FinishReason);
        Assert.Equal(14, answer.Value.Usage.TotalTokenCount);
        Assert.True(answer.GetRawResponse().Headers.TryGetValue("x-request-id", out string? id));
        Assert.Equal(32, id!.Length);
    }

    [Theory, BothHosts]
    public async Task Stream(HostKind kind)
    {
        ChatClient client = (await ClientAsync(kind)).GetChatClient("fast");
        StringBuilder text = new();
        int pieces = 0;
        ChatTokenUsage? usage = null;
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync([Prompts.New("Say hello")], cancellationToken: Cancel))
        {
            pieces += update.ContentUpdate.Count;
            usage = update.Usage ?? usage;
            foreach (ChatMessageContentPart part in update.ContentUpdate)
                text.Append(part.Text);
        }

        Assert.Equal("Hello! How can I help you today?", text.ToString());
        Assert.True(pieces > 5);
        // This SDK asks for usage by itself.
        Assert.Equal(14, usage!.TotalTokenCount);
    }

    [Theory, BothHosts(false), BothHosts(true)]
    public async Task Tool_round_trip(HostKind kind, bool stream)
    {
        ChatClient client = (await ClientAsync(kind)).GetChatClient("openai/gpt-4o");
        List<ChatMessage> messages = [Prompts.New("Weather in Paris")];
        ChatCompletionOptions options = new() { Tools = { s_weather } };
        (string? id, string? arguments) = stream ? await AskStreamingAsync() : await AskAsync();
        Assert.Equal("call_paris", id);
        Assert.Equal("Paris", JsonDocument.Parse(arguments!).RootElement.GetProperty("city").GetString());

        messages.Add(new AssistantChatMessage([ChatToolCall.CreateFunctionToolCall(id, "get_weather", BinaryData.FromString(arguments!))]));
        messages.Add(new ToolChatMessage(id, "21 degrees"));
        ChatCompletion answer = await client.CompleteChatAsync(messages, options, Cancel);
        Assert.Equal("It is 21 degrees in Paris.", answer.Content[0].Text);

        async Task<(string, string)> AskAsync()
        {
            ChatCompletion asked = await client.CompleteChatAsync(messages, options, Cancel);
            Assert.Equal(ChatFinishReason.ToolCalls, asked.FinishReason);
            return (asked.ToolCalls[0].Id, asked.ToolCalls[0].FunctionArguments.ToString());
        }

        async Task<(string?, string)> AskStreamingAsync()
        {
            string? called = null;
            StringBuilder pieces = new();
            await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(messages, options, Cancel))
            {
                foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
                {
                    called ??= call.ToolCallId;
                    pieces.Append(call.FunctionArgumentsUpdate);
                }
            }

            return (called, pieces.ToString());
        }
    }

    [Theory, BothHosts]
    public async Task Json_schema(HostKind kind)
    {
        ChatClient client = (await ClientAsync(kind)).GetChatClient("openai/gpt-4o");
        ChatCompletion answer = await client.CompleteChatAsync([Prompts.New("Describe Berlin")], new ChatCompletionOptions
        {
            ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat(
                "city", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}}}"""), jsonSchemaIsStrict: true),
        }, Cancel);
        Assert.Equal("Berlin", JsonDocument.Parse(answer.Content[0].Text).RootElement.GetProperty("city").GetString());
    }

    [Theory, BothHosts]
    public async Task Vision_by_a_data_url(HostKind kind)
    {
        ChatClient client = (await ClientAsync(kind)).GetChatClient("openai/gpt-4o");
        string prompt = Prompts.New("What is in this picture");
        BinaryData pixel = BinaryData.FromBytes(Convert.FromBase64String(Prompts.RedPixel.Split(',')[1]));
        ChatCompletion answer = await client.CompleteChatAsync(
            [new UserChatMessage(ChatMessageContentPart.CreateTextPart(prompt), ChatMessageContentPart.CreateImagePart(pixel, "image/png"))],
            cancellationToken: Cancel);
        Assert.Equal("One red pixel.", answer.Content[0].Text);
        Assert.Contains(Prompts.RedPixel, Assert.Single(await (await rig.AimockAsync()).SeenAsync(prompt)).GetRawText(), StringComparison.Ordinal);
    }

    [Theory, BothHosts]
    public async Task Embeddings(HostKind kind)
    {
        OpenAIClient client = await ClientAsync(kind);
        string model = (await rig.OwnAsync()).On(Embedder.AnswerAsync);
        OpenAIEmbeddingCollection own = await client.GetEmbeddingClient(model).GenerateEmbeddingsAsync(["one", "three"], cancellationToken: Cancel);
        Assert.Equal([5f, 0.5f, -0.25f], own[1].ToFloats().ToArray());
        OpenAIEmbedding demo = await client.GetEmbeddingClient("demo/echo").GenerateEmbeddingAsync("Hello", new EmbeddingGenerationOptions { Dimensions = 64 }, Cancel);
        Assert.Equal(64, demo.ToFloats().Length);
    }

    [Theory, BothHosts]
    public async Task Models_list_and_retrieve(HostKind kind)
    {
        OpenAIModelClient client = (await ClientAsync(kind)).GetOpenAIModelClient();
        OpenAIModelCollection models = await client.GetModelsAsync(Cancel);
        Assert.Contains(models, m => m.Id == "demo/echo");
        OpenAIModel one = await client.GetModelAsync("openai/gpt-4o-mini", Cancel);
        Assert.Equal("openai", one.OwnedBy);
        ClientResultException missing = await Assert.ThrowsAsync<ClientResultException>(() => client.GetModelAsync("openai/gpt-4o-minni", Cancel));
        Assert.Equal(404, missing.Status);
        Assert.Contains("openai/gpt-4o-mini", missing.Message, StringComparison.Ordinal);
    }

    [Theory, BothHosts]
    public async Task Responses_create_read_delete_and_stream(HostKind kind)
    {
        string model = ResponsesApi.Register(await rig.OwnAsync());
        ResponsesClient client = (await ClientAsync(kind)).GetResponsesClient();
        ResponseResult created = await client.CreateResponseAsync(model, "Count", cancellationToken: Cancel);
        Assert.Equal("one two three", created.GetOutputText());
        ResponseResult read = await client.GetResponseAsync(created.Id, cancellationToken: Cancel);
        Assert.Equal("one two three", read.GetOutputText());
        await client.DeleteResponseAsync(created.Id, Cancel);
        ClientResultException gone = await Assert.ThrowsAsync<ClientResultException>(async () => await client.GetResponseAsync(created.Id, cancellationToken: Cancel));
        Assert.Equal(404, gone.Status);

        StringBuilder text = new();
        bool completed = false;
        await foreach (StreamingResponseUpdate update in client.CreateResponseStreamingAsync(model, "Count", cancellationToken: Cancel))
        {
            if (update is StreamingResponseOutputTextDeltaUpdate delta)
                text.Append(delta.Delta);
            completed |= update is StreamingResponseCompletedUpdate;
        }

        Assert.Equal("one two three", text.ToString());
        Assert.True(completed);
    }

    [Theory, BothHosts]
    public async Task A_429_of_the_provider_is_retried_by_the_sdk(HostKind kind)
    {
        string prompt = Prompts.New("Limited at first");
        await (await rig.AimockAsync()).AddAsync(
            new { match = new { userMessage = prompt, sequenceIndex = 0 }, response = new { error = new { message = "Slow down.", type = "rate_limit_error", code = "rate_limit_exceeded" }, status = 429, retryAfter = 1 } },
            new { match = new { userMessage = prompt }, response = new { content = "After the retry." } });
        ChatClient client = (await ClientAsync(kind)).GetChatClient("openai/gpt-4o");
        ChatCompletion answer = await client.CompleteChatAsync([prompt], cancellationToken: Cancel);
        Assert.Equal("After the retry.", answer.Content[0].Text);
        Assert.Equal(2, (await (await rig.AimockAsync()).SeenAsync(prompt)).Count);
    }

    [Theory, BothHosts]
    public async Task Errors_are_typed(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        OpenAIClient stranger = new(new ApiKeyCredential("pk-unknown"), new OpenAIClientOptions { Endpoint = new Uri(gateway.Url + "/v1") });
        ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(
            () => stranger.GetChatClient("demo/echo").CompleteChatAsync(["Hello"], cancellationToken: Cancel));
        Assert.Equal(401, refused.Status);
        Assert.Contains("invalid_api_key", refused.Message, StringComparison.Ordinal);

        ChatClient unknown = (await ClientAsync(kind)).GetChatClient("demo/ecko-echo");
        ClientResultException missing = await Assert.ThrowsAsync<ClientResultException>(() => unknown.CompleteChatAsync(["Hello"], cancellationToken: Cancel));
        Assert.Equal(404, missing.Status);
    }

    [Theory, BothHosts]
    public async Task A_stream_that_is_cut_is_an_error_even_to_an_sdk_that_passes_over_error_events(HostKind kind)
    {
        string cut = (await rig.OwnAsync()).On(async (http, _) =>
        {
            Say.Stream(http);
            await Say.PieceAsync(http, "Half");
        });
        ChatClient half = (await ClientAsync(kind)).GetChatClient(cut);
        StringBuilder text = new();
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await foreach (StreamingChatCompletionUpdate update in half.CompleteChatStreamingAsync(["Hello"], cancellationToken: Cancel))
                text.Append(update.ContentUpdate.Count > 0 ? update.ContentUpdate[0].Text : "");
        });
        Assert.Equal("Half", text.ToString());
    }

    private async Task<OpenAIClient> ClientAsync(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        return new OpenAIClient(new ApiKeyCredential(await gateway.NewKeyAsync()), new OpenAIClientOptions { Endpoint = new Uri(gateway.Url + "/v1") });
    }
}

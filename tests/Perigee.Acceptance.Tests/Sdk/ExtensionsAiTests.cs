using System.ClientModel;
using System.ComponentModel;
using Microsoft.Extensions.AI;
using OpenAI;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Sdk;

/// <summary>Microsoft.Extensions.AI on top of the OpenAI SDK against both hosts.</summary>
public sealed class ExtensionsAiTests(Rig rig)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, BothHosts]
    public async Task Chat_and_stream(HostKind kind)
    {
        IChatClient client = (await ClientAsync(kind)).GetChatClient("openai/gpt-4o-mini").AsIChatClient();
        ChatResponse answer = await client.GetResponseAsync(Prompts.New("Say hello"), cancellationToken: Cancel);
        Assert.Equal("Hello! How can I help you today?", answer.Text);
        Assert.Equal(14, answer.Usage!.TotalTokenCount);

        ChatResponse streamed = await client.GetStreamingResponseAsync(Prompts.New("Say hello"), cancellationToken: Cancel).ToChatResponseAsync(Cancel);
        Assert.Equal("Hello! How can I help you today?", streamed.Text);
        Assert.Equal(ChatFinishReason.Stop, streamed.FinishReason);
    }

    [Theory, BothHosts(false), BothHosts(true)]
    public async Task The_library_runs_the_tool_itself(HostKind kind, bool stream)
    {
        using IChatClient client = (await ClientAsync(kind)).GetChatClient("openai/gpt-4o").AsIChatClient().AsBuilder().UseFunctionInvocation().Build();
        List<string> asked = [];
        ChatOptions options = new() { Tools = [AIFunctionFactory.Create(GetWeather, "get_weather")] };
        string prompt = Prompts.New("Weather in Paris");
        ChatResponse answer = stream
            ? await client.GetStreamingResponseAsync(prompt, options, Cancel).ToChatResponseAsync(Cancel)
            : await client.GetResponseAsync(prompt, options, Cancel);
        Assert.EndsWith("It is 21 degrees in Paris.", answer.Text, StringComparison.Ordinal);
        Assert.Equal("Paris", Assert.Single(asked));

        [Description("The weather of a city.")]
        string GetWeather(string city)
        {
            asked.Add(city);
            return "21 degrees";
        }
    }

    [Theory, BothHosts]
    public async Task Typed_answer(HostKind kind)
    {
        IChatClient client = (await ClientAsync(kind)).GetChatClient("openai/gpt-4o").AsIChatClient();
        ChatResponse<Place> answer = await client.GetResponseAsync<Place>(Prompts.New("Describe Berlin"), cancellationToken: Cancel);
        Assert.Equal(new Place("Berlin", 3_900_000), answer.Result);
    }

    [Theory, BothHosts]
    public async Task Vision_and_embeddings(HostKind kind)
    {
        OpenAIClient openAi = await ClientAsync(kind);
        IChatClient client = openAi.GetChatClient("openai/gpt-4o").AsIChatClient();
        ChatResponse answer = await client.GetResponseAsync(
            [new ChatMessage(ChatRole.User, [new TextContent(Prompts.New("What is in this picture")), new DataContent(Prompts.RedPixel)])],
            cancellationToken: Cancel);
        Assert.Equal("One red pixel.", answer.Text);

        string model = (await rig.OwnAsync()).On(Embedder.AnswerAsync);
        ReadOnlyMemory<float> vector = await openAi.GetEmbeddingClient(model).AsIEmbeddingGenerator().GenerateVectorAsync("three", cancellationToken: Cancel);
        Assert.Equal([5f, 0.5f, -0.25f], vector.ToArray());
    }

    private async Task<OpenAIClient> ClientAsync(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        return new OpenAIClient(new ApiKeyCredential(await gateway.NewKeyAsync()), new OpenAIClientOptions { Endpoint = new Uri(gateway.Url + "/v1") });
    }

    /// <summary>As the schema in aimock's answer has it.</summary>
    public sealed record Place(string City, int Population);
}

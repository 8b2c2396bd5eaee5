using System.Text;
using System.Text.Json;
using Perigee.Embedding;

namespace Perigee.Tests.Embedding;

public sealed class ProviderEmbedderTests
{
    private string? _answer;
    private string? _question;

    [Fact]
    public async Task Model_is_asked_as_OpenAI_documents_it()
    {
        ProviderEmbedder embedder = Make(Floats(8));
        Assert.True(await embedder.PrepareAsync(default));
        Assert.True(await embedder.EmbedAsync("Say \"hi\"", new float[8], default));
        using JsonDocument question = JsonDocument.Parse(_question!);
        Assert.Equal("openai/small", question.RootElement.GetProperty("model").GetString());
        Assert.Equal("Say \"hi\"", question.RootElement.GetProperty("input").GetString());
    }

    [Fact]
    public async Task Dimensions_are_those_of_the_first_answer_and_others_are_no_vectors()
    {
        ProviderEmbedder embedder = Make(Floats(12));
        Assert.Equal(0, embedder.Dimensions);
        Assert.False(await embedder.EmbedAsync("hi", new float[12], default));
        Assert.True(await embedder.PrepareAsync(default));
        Assert.Equal(12, embedder.Dimensions);
        float[] vector = new float[12];
        Assert.True(await embedder.EmbedAsync("hi", vector, default));
        Assert.Equal(1, vector.Sum(static value => (double)value * value), 1e-5);
        Assert.Equal(2, vector[1] / vector[0], 1e-4);
        _answer = Floats(16);
        Assert.False(await embedder.EmbedAsync("hi", vector, default));
        _answer = Floats(8);
        Assert.False(await embedder.EmbedAsync("hi", vector, default));
    }

    [Fact]
    public void Floats_and_base64_are_the_same()
    {
        byte[] bytes = [.. Enumerable.Range(1, 9).SelectMany(static i => BitConverter.GetBytes((float)i))];
        string base64 = $$$"""{"data":[{"embedding":"{{{Convert.ToBase64String(bytes)}}}","index":0}]}""";
        float[] first = new float[20];
        float[] second = new float[20];
        Assert.Equal(9, ProviderEmbedder.Read(Encoding.UTF8.GetBytes(Floats(9)), first));
        Assert.Equal(9, ProviderEmbedder.Read(Encoding.UTF8.GetBytes(base64), second));
        Assert.Equal(first, second);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"error\":{\"message\":\"no\"}}")]
    [InlineData("{\"data\":[]}")]
    [InlineData("{\"data\":[{}]}")]
    [InlineData("{\"data\":[{\"embedding\":null}]}")]
    [InlineData("{\"data\":[{\"embedding\":[1,2,3,4,5,6,7,\"8\"]}]}")]
    [InlineData("{\"data\":[{\"embedding\":[1,2,3,4,5,6,7,1e999]}]}")]
    [InlineData("{\"data\":[{\"embedding\":[0,0,0,0,0,0,0,0]}]}")]
    [InlineData("{\"data\":[{\"embedding\":\"AAAA\"}]}")]
    [InlineData("{\"data\":[{\"embedding\":\"no base64!\"}]}")]
    [InlineData("{\"data\":[{\"embedding\":[1,2,3")]
    public async Task Anything_else_is_no_vector(string? answer)
    {
        ProviderEmbedder embedder = Make(Floats(8));
        await embedder.PrepareAsync(default);
        _answer = answer;
        Assert.False(await embedder.EmbedAsync("hi", new float[8], default));
    }

    [Fact]
    public async Task Failing_call_is_no_vector_and_giving_up_is_said()
    {
        ProviderEmbedder embedder = new("m", (_, cancel) => cancel.IsCancellationRequested
            ? throw new OperationCanceledException(cancel) : throw new InvalidOperationException("broken"));
        Assert.False(await embedder.PrepareAsync(default));
        await Assert.ThrowsAsync<OperationCanceledException>(() => embedder.PrepareAsync(new CancellationToken(true)).AsTask());
    }

    [Fact]
    public void Version_is_safe_in_a_table_key_and_of_the_model()
    {
        Assert.Matches("^[a-z0-9-]+$", Make("", "a/b#?\\é").Version);
        Assert.NotEqual(Make("", "a").Version, Make("", "b").Version);
    }

    private ProviderEmbedder Make(string answer, string model = "openai/small")
    {
        _answer = answer;
        return new ProviderEmbedder(model, (question, _) =>
        {
            _question = Encoding.UTF8.GetString(question.Span);
            return new(_answer is null ? (ReadOnlyMemory<byte>?)null : Encoding.UTF8.GetBytes(_answer));
        });
    }

    private static string Floats(int count) =>
        $$$"""{"object":"list","model":"x","data":[{"object":"embedding","index":0,"embedding":[{{{string.Join(", ", Enumerable.Range(1, count))}}}]}],"usage":{"total_tokens":1}}""";
}

using System.Buffers;
using System.Text;
using Perigee.Wire;
using Perigee.Wire.Gemini;

namespace Perigee.Tests.Wire.Gemini;

public sealed class GeminiEmbeddingsTests
{
    [Theory]
    [InlineData(false, """{"model":"models/x","content":{"parts":[{"text":"a\u00e4"},{"text":"b"}]},"taskType":"CLUSTERING","output_dimensionality":3}""",
        """{"model":"m","input":["a\u00e4\nb"],"dimensions":3,"encoding_format":"float"}""", "taskType")]
    [InlineData(true, """{"requests":[{"content":{"parts":[{"text":"a"}]}},{"content":{"parts":{"text":"b"}},"title":"t"}]}""",
        """{"model":"m","input":["a","b"],"encoding_format":"float"}""", "requests[1].title")]
    public void Questions_become_OpenAIs(bool batch, string body, string expected, string dropped)
    {
        Translation translation = new("m", ModelTraits.Plain);
        (GatewayError? error, string written) = Ask(body, batch, translation);
        Assert.Null(error);
        Assert.Equal(expected, written);
        Assert.Equal([dropped], translation.Dropped);
    }

    [Theory]
    [InlineData(false, "{}", "content")]
    [InlineData(false, """{"content":"x"}""", "content")]
    [InlineData(false, """{"content":{"parts":[{"inlineData":{}}]}}""", "content.parts[0]")]
    [InlineData(false, """{"content":{"parts":[]},"outputDimensionality":"x"}""", "outputDimensionality")]
    [InlineData(true, "{}", "requests")]
    [InlineData(true, """{"requests":[]}""", "requests")]
    [InlineData(true, """{"requests":[{"content":{"parts":[{"text":"a"}]}},{}]}""", "requests[1].content")]
    public void What_is_wrong_is_named(bool batch, string body, string field) =>
        Assert.Equal(field, Ask(body, batch, new Translation("m", ModelTraits.Plain)).Error?.Param);

    [Fact]
    public void Answers_become_Googles_in_the_order_of_the_question()
    {
        const string Answer = """{"object":"list","data":[{"index":1,"embedding":[ 0.1, -2e-3 ]},{"index":0,"embedding":"AACAPwAAAMA="}],"usage":{}}""";
        Assert.Equal("""{"embeddings":[{"values":[1,-2]},{"values":[0.1,-2e-3]}]}""", Answered(Answer, batch: true));
        Assert.Equal("""{"embedding":{"values":[1,-2]}}""", Answered(Answer, batch: false));
        foreach (string broken in new[] { "", "{}", "[]", """{"data":[]}""", """{"data":[{}]}""", """{"data":[{"embedding":5}]}""", """{"data":[{"embedding":"?"}]}""" })
            Assert.Equal("The provider's answer holds no embeddings.", Answered(broken, batch: true));
    }

    private static string Answered(string answer, bool batch)
    {
        ArrayBufferWriter<byte> output = new();
        return GeminiEmbeddings.WriteAnswer(Encoding.UTF8.GetBytes(answer), batch, output)?.Message ?? Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static (GatewayError? Error, string Written) Ask(string body, bool batch, Translation translation)
    {
        Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(body), out JsonIndex? index, out _));
        ArrayBufferWriter<byte> output = new();
        return (GeminiEmbeddings.WriteQuestion(index, batch, translation, output), Encoding.UTF8.GetString(output.WrittenSpan));
    }
}

using System.Buffers;
using System.Text;
using Perigee.Wire;
using Perigee.Wire.Anthropic;

namespace Perigee.Tests.Wire.Anthropic;

/// <summary>Questions read and written.</summary>
internal static class Asked
{
    /// <summary>A newer model: adaptive thinking, schemas, no prefill.</summary>
    public static ModelTraits Newer { get; } = new()
    {
        Reasoning = ReasoningStyle.Adaptive,
        Efforts = ["low", "medium", "high", "max"],
        Formats = FormatSupport.SchemaOnly,
        MiddleSystem = false,
        Prefill = false,
        FetchesDocuments = true,
        OneOfTemperatureAndTopP = true,
    };

    /// <summary>An older model: budgets, no schemas, prefill.</summary>
    public static ModelTraits Older { get; } = Newer with { Reasoning = ReasoningStyle.Budget, Efforts = [], Formats = FormatSupport.None, Prefill = true, OneOfTemperatureAndTopP = false };

    public static ChatQuestion Read(string body, bool counting = false)
    {
        bool read = TryRead(body, out ChatQuestion? question, out GatewayError? error, counting);
        Assert.True(read, error?.Message);
        return question!;
    }

    public static bool TryRead(string body, out ChatQuestion? question, out GatewayError? error, bool counting = false)
    {
        Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(body), out JsonIndex? index, out string? fault), fault);
        QuestionContext context = new(null, Said.Seal);
        return counting ? AnthropicDialect.TryReadCount(index, context, out question, out error) : AnthropicDialect.Instance.TryRead(index, context, out question, out error);
    }

    /// <summary>What is written for a question, or the error's field and message.</summary>
    public static string Write(ChatQuestion question, ModelTraits traits, out Translation translation, bool counting = false, bool strict = false)
    {
        string first = Once(question, traits, out translation, counting, strict);
        Assert.Equal(first, Once(question, traits, out _, counting, strict));
        return first;
    }

    public static string Write(ChatQuestion question, ModelTraits traits) => Write(question, traits, out _);

    /// <summary>The messages that are written for messages.</summary>
    public static string Messages(string messages, ModelTraits? traits = null, string? tools = """[{"name":"f","input_schema":{"type":"object"}}]""", List<string>? dropped = null)
    {
        string written = Write(Read($$"""{"model":"m","max_tokens":50,"messages":{{messages}}{{(tools is null ? "" : ",\"tools\":" + tools)}}}"""), traits ?? Newer, out Translation translation);
        dropped?.AddRange(translation.Dropped);
        int start = written.IndexOf("\"messages\":", StringComparison.Ordinal);
        if (start < 0)
            return written;
        start += "\"messages\":".Length;
        int end = written.IndexOf(",\"tools\":", StringComparison.Ordinal);
        return written[start..(end < 0 ? ^1 : end)];
    }

    /// <summary>What is written behind the messages (the member first) for members of the body.</summary>
    public static string Members(string members, ModelTraits traits, out Translation translation, Action<ChatQuestion>? change = null)
    {
        ChatQuestion question = Read($$"""{"max_tokens":8000,"messages":[{"role":"user","content":"Hi"}]{{(members.Length > 0 ? "," : "")}}{{members}}}""");
        change?.Invoke(question);
        string written = Write(question, traits, out translation);
        return written.Replace("""{"model":"m","max_tokens":8000,"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]""", "{", StringComparison.Ordinal)
            .Replace("{,", "{", StringComparison.Ordinal);
    }

    private static string Once(ChatQuestion question, ModelTraits traits, out Translation translation, bool counting, bool strict)
    {
        ArrayBufferWriter<byte> output = new();
        translation = new Translation("m", traits) { Strict = strict };
        GatewayError? error = counting ? AnthropicCount.WriteQuestion(question, translation, output) : AnthropicDialect.Instance.Write(question, translation, output);
        if (error is null)
            return Encoding.UTF8.GetString(output.WrittenSpan);
        Assert.Equal(0, output.WrittenCount);
        Assert.Equal(400, error.Status);
        return $"{error.Param}: {error.Message}";
    }
}

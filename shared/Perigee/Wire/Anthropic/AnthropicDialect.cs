using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Perigee.Wire.Anthropic;

/// <summary>Anthropic's Messages, <c>POST /v1/messages</c> and <c>/v1/messages/count_tokens</c>. Source: Anthropic's API reference, version 2023-06-01.</summary>
internal sealed class AnthropicDialect : IChatDialect
{
    /// <summary>The one instance.</summary>
    public static AnthropicDialect Instance { get; } = new();

    /// <inheritdoc/>
    public string Name => "anthropic";

    /// <inheritdoc/>
    public IAnswerReader Reader(IStreamSink sink, string seed = "0") => new AnthropicReader(sink, seed);

    /// <inheritdoc/>
    public void WriteError(IBufferWriter<byte> output, GatewayError error) => AnthropicError.Write(output, error);

    /// <inheritdoc/>
    public void WriteErrorEvent(IBufferWriter<byte> output, GatewayError error)
    {
        output.Write("event: error\ndata: "u8);
        AnthropicError.Write(output, error);
        output.Write("\n\n"u8);
    }

    /// <inheritdoc/>
    public bool IsOwnError(ReadOnlySpan<byte> body) => AnthropicError.IsOwn(body);

    /// <inheritdoc/>
    public bool TryRead(JsonIndex body, in QuestionContext context, [NotNullWhen(true)] out ChatQuestion? question, [NotNullWhen(false)] out GatewayError? error) =>
        AnthropicQuestionReader.TryRead(body, context, counting: false, out question, out error);

    /// <summary>Reads a question whose tokens are only to be counted: it need not say how long the answer may be.</summary>
    public static bool TryReadCount(JsonIndex body, in QuestionContext context, [NotNullWhen(true)] out ChatQuestion? question, [NotNullWhen(false)] out GatewayError? error) =>
        AnthropicQuestionReader.TryRead(body, context, counting: true, out question, out error);

    /// <inheritdoc/>
    public GatewayError? Write(ChatQuestion question, Translation translation, IBufferWriter<byte> output) =>
        AnthropicQuestionWriter.Write(question, translation, counting: false, output);

    /// <inheritdoc/>
    public IAnswerWriter Writer(IBufferWriter<byte> output, AnswerShape shape) => new AnthropicWriter(output, shape);
}

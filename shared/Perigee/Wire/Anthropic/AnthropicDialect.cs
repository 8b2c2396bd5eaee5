using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Perigee.Wire.Anthropic;

/// <summary>Stub until the dialect lands.</summary>
internal sealed class AnthropicDialect : IChatDialect
{
    /// <summary>The one instance.</summary>
    public static AnthropicDialect Instance { get; } = new();

    /// <inheritdoc/>
    public string Name => "anthropic";

    /// <inheritdoc/>
    public IAnswerReader Reader(IStreamSink sink, string seed = "0") => throw new NotSupportedException();

    /// <inheritdoc/>
    public void WriteError(IBufferWriter<byte> output, GatewayError error) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void WriteErrorEvent(IBufferWriter<byte> output, GatewayError error) => throw new NotSupportedException();

    /// <inheritdoc/>
    public bool IsOwnError(ReadOnlySpan<byte> body) => throw new NotSupportedException();

    /// <inheritdoc/>
    public bool TryRead(JsonIndex body, in QuestionContext context, [NotNullWhen(true)] out ChatQuestion? question, [NotNullWhen(false)] out GatewayError? error) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public GatewayError? Write(ChatQuestion question, Translation translation, IBufferWriter<byte> output) => throw new NotSupportedException();

    /// <inheritdoc/>
    public IAnswerWriter Writer(IBufferWriter<byte> output, AnswerShape shape) => throw new NotSupportedException();
    public static bool TryReadCount(JsonIndex b, in QuestionContext c, [NotNullWhen(true)] out ChatQuestion? q, [NotNullWhen(false)] out GatewayError? e) => throw new NotSupportedException();
}

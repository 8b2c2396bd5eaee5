using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Perigee.Wire.Gemini;

/// <summary>Google's Gemini: generateContent and streamGenerateContent.</summary>
internal sealed class GeminiDialect : IChatDialect
{
    /// <summary>The one instance.</summary>
    public static GeminiDialect Instance { get; } = new();

    /// <inheritdoc/>
    public string Name => "gemini";

    /// <inheritdoc/>
    public IAnswerReader Reader(IStreamSink sink, string seed = "0") => new GeminiReader(sink, seed);

    /// <inheritdoc/>
    public void WriteError(IBufferWriter<byte> output, GatewayError error) => GeminiError.Write(output, error);

    /// <inheritdoc/>
    /// <remarks>A stream without <c>alt=sse</c> ends otherwise: <see cref="GeminiError.WriteArrayError"/>.</remarks>
    public void WriteErrorEvent(IBufferWriter<byte> output, GatewayError error) => GeminiError.WriteEvent(output, error);

    /// <inheritdoc/>
    public bool IsOwnError(ReadOnlySpan<byte> body) => GeminiError.IsOwn(body);

    /// <inheritdoc/>
    public bool TryRead(JsonIndex body, in QuestionContext context, [NotNullWhen(true)] out ChatQuestion? question, [NotNullWhen(false)] out GatewayError? error) =>
        GeminiQuestionReader.TryRead(new GeminiNode(body, 0), context, out question, out error);

    /// <inheritdoc/>
    public GatewayError? Write(ChatQuestion question, Translation translation, IBufferWriter<byte> output) =>
        GeminiQuestionWriter.Write(question, translation, output);

    /// <inheritdoc/>
    public IAnswerWriter Writer(IBufferWriter<byte> output, AnswerShape shape) => new GeminiWriter(output, shape);
}

using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Perigee.Wire.OpenAiChat;

/// <summary>OpenAI's chat completions, and the legacy completions beside them, which share errors, usage and the closing mark.</summary>
internal sealed class OpenAiChatDialect : IChatDialect
{
    private OpenAiChatDialect()
    {
    }

    /// <summary>Chat and legacy completions.</summary>
    public static OpenAiChatDialect Chat { get; } = new();

    /// <summary>Everything else of OpenAI's that is not Responses.</summary>
    public static OpenAiPlainDialect Plain { get; } = new();

    /// <inheritdoc/>
    public string Name => "openai-chat";

    /// <inheritdoc/>
    public IAnswerReader Reader(IStreamSink sink, string seed = "0") => new OpenAiChatReader(sink, strict: true, seed);

    /// <inheritdoc/>
    public bool IsOwnError(ReadOnlySpan<byte> body) => OpenAiError.IsOwn(body);

    /// <inheritdoc/>
    public void WriteError(IBufferWriter<byte> output, GatewayError error) => OpenAiError.Write(output, error);

    /// <inheritdoc/>
    public bool TryRead(JsonIndex body, in QuestionContext context, [NotNullWhen(true)] out ChatQuestion? question, [NotNullWhen(false)] out GatewayError? error)
    {
        OpenAiChatQuestionReader reader = new(body, context);
        error = reader.Read();
        question = error is null ? reader.Question : null;
        return error is null;
    }

    /// <inheritdoc/>
    public GatewayError? Write(ChatQuestion question, Translation translation, IBufferWriter<byte> output)
    {
        // Some losses show only while the body is being written: half a body must not reach the caller.
        ArrayBufferWriter<byte> body = new(16 * 1024);
        GatewayError? error = new OpenAiChatQuestionWriter(question, translation, body).Write();
        if (error is null)
            output.Write(body.WrittenSpan);
        return error;
    }

    /// <inheritdoc/>
    public IAnswerWriter Writer(IBufferWriter<byte> output, AnswerShape shape) =>
        shape.Stream ? new OpenAiChunkWriter(output, shape) : new OpenAiCompletionWriter(output, shape);

    /// <inheritdoc/>
    /// <remarks>
    /// The error stands in a chunk that also ends its choice with <c>finish_reason: "error"</c> (OpenRouter's form): most SDKs throw on the
    /// error, OpenAI's for .NET passes over it and stumbles only on the reason; without it, half an answer would look whole there.
    /// The closing mark follows, so that clients which read up to it come to an end.
    /// </remarks>
    public void WriteErrorEvent(IBufferWriter<byte> output, GatewayError error) => OpenAiError.WriteEvent(output, error, ofChoice: true);
}

/// <summary>
/// The operations around chat that share its errors and usage: embeddings, images, audio, files ... Their streams end with the connection,
/// and no other dialect has them.
/// </summary>
internal sealed class OpenAiPlainDialect : IDialect
{
    /// <inheritdoc/>
    public string Name => "openai";

    /// <inheritdoc/>
    public IAnswerReader Reader(IStreamSink sink, string seed = "0") => new OpenAiChatReader(sink, strict: false, seed);

    /// <inheritdoc/>
    public bool IsOwnError(ReadOnlySpan<byte> body) => OpenAiError.IsOwn(body);

    /// <inheritdoc/>
    public void WriteError(IBufferWriter<byte> output, GatewayError error) => OpenAiError.Write(output, error);

    /// <inheritdoc/>
    public void WriteErrorEvent(IBufferWriter<byte> output, GatewayError error) => OpenAiError.WriteEvent(output, error, ofChoice: false);
}

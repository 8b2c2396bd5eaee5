using System.Buffers;

namespace Perigee.Wire.OpenAiChat;

/// <summary>OpenAI's chat completions and the operations around it that share its errors and usage: completions, embeddings, images, audio, files ...</summary>
/// <param name="strict">
/// Whether a stream needs its closing event to be complete (chat and completions). The others end with the connection.
/// </param>
internal sealed class OpenAiChatDialect(bool strict) : IDialect
{
    /// <summary>Chat and legacy completions.</summary>
    public static OpenAiChatDialect Chat { get; } = new(strict: true);

    /// <summary>Everything else of OpenAI's that is not Responses.</summary>
    public static OpenAiChatDialect Plain { get; } = new(strict: false);

    /// <inheritdoc/>
    public string Name => strict ? "openai-chat" : "openai";

    /// <inheritdoc/>
    public IAnswerReader Reader(IStreamSink sink) => new OpenAiChatReader(sink, strict);

    /// <inheritdoc/>
    public void WriteError(IBufferWriter<byte> output, GatewayError error) => OpenAiError.Write(output, error);

    /// <inheritdoc/>
    /// <remarks>The closing mark follows the error, so that clients which read up to it come to an end.</remarks>
    public void WriteErrorEvent(IBufferWriter<byte> output, GatewayError error)
    {
        output.Write("data: "u8);
        OpenAiError.Write(output, error);
        output.Write("\n\ndata: [DONE]\n\n"u8);
    }
}

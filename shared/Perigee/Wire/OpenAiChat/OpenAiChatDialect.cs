using System.Buffers;
using System.Text.Json;

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
    public IAnswerReader Reader(IStreamSink sink, string seed = "0") => new OpenAiChatReader(sink, strict);

    /// <inheritdoc/>
    public bool IsOwnError(ReadOnlySpan<byte> body) => OpenAiError.IsOwn(body);

    /// <inheritdoc/>
    public void WriteError(IBufferWriter<byte> output, GatewayError error) => OpenAiError.Write(output, error);

    /// <inheritdoc/>
    /// <remarks>
    /// The error stands in a chunk that also ends its choice with <c>finish_reason: "error"</c> (OpenRouter's form): most SDKs throw on the
    /// error, OpenAI's for .NET passes over it and stumbles only on the reason; without it, half an answer would look whole there.
    /// The closing mark follows, so that clients which read up to it come to an end.
    /// </remarks>
    public void WriteErrorEvent(IBufferWriter<byte> output, GatewayError error)
    {
        output.Write("data: "u8);
        using (Utf8JsonWriter json = new(output, OpenAiError.Options))
        {
            json.WriteStartObject();
            json.WriteStartObject("error"u8);
            OpenAiError.WriteMembers(json, error);
            json.WriteEndObject();
            if (strict)
            {
                json.WriteString("id"u8, ""u8);
                json.WriteString("object"u8, "chat.completion.chunk"u8);
                json.WriteNumber("created"u8, 0);
                json.WriteString("model"u8, ""u8);
                json.WriteStartArray("choices"u8);
                json.WriteStartObject();
                json.WriteNumber("index"u8, 0);
                json.WriteStartObject("delta"u8);
                json.WriteEndObject();
                json.WriteString("finish_reason"u8, "error"u8);
                json.WriteEndObject();
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        output.Write("\n\ndata: [DONE]\n\n"u8);
    }
}

using System.Buffers;
using System.Text.Json;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Wire.OpenAiResponses;

/// <summary>OpenAI's Responses API.</summary>
internal sealed class OpenAiResponsesDialect : IDialect
{
    /// <summary>The one instance.</summary>
    public static OpenAiResponsesDialect Instance { get; } = new();

    /// <inheritdoc/>
    public string Name => "openai-responses";

    /// <inheritdoc/>
    public IAnswerReader Reader(IStreamSink sink, string seed = "0") => new OpenAiResponsesReader(sink);

    /// <inheritdoc/>
    public bool IsOwnError(ReadOnlySpan<byte> body) => OpenAiError.IsOwn(body);

    /// <inheritdoc/>
    public void WriteError(IBufferWriter<byte> output, GatewayError error) => OpenAiError.Write(output, error);

    /// <inheritdoc/>
    /// <remarks>
    /// The top-level <c>error</c> event. Its sequence number cannot be known without reading every event before it: it is left out.
    /// </remarks>
    public void WriteErrorEvent(IBufferWriter<byte> output, GatewayError error)
    {
        output.Write("event: error\ndata: "u8);
        using (Utf8JsonWriter json = new(output))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "error"u8);
            json.WriteString("code"u8, error.Code ?? ErrorKinds.Word(error.Kind));
            json.WriteString("message"u8, error.Message);
            json.WriteNull("param"u8);
            json.WriteEndObject();
        }

        output.Write("\n\n"u8);
    }
}

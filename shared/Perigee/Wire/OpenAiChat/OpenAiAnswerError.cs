using System.Buffers.Text;

namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// Errors inside answers with status 200, in all the shapes that providers of this dialect were seen to send: an object, a bare text, a code
/// as a number, as digits or as a word, beside the error or within it.
/// </summary>
internal static class OpenAiAnswerError
{
    /// <summary>Whether a body without choices is itself an error's object (Mistral, AWS proxies, FastAPI servers).</summary>
    public static bool IsOne(ReadOnlySpan<byte> body) =>
        (!JsonPiece.TextOf(body, "message"u8).IsEmpty && JsonPiece.Member(body, "id"u8).IsEmpty) || !JsonPiece.TextOf(body, "detail"u8).IsEmpty;

    /// <summary>Says an error.</summary>
    /// <param name="sink">Who listens.</param>
    /// <param name="error">The value of <c>error</c>, or the body that is one.</param>
    /// <param name="body">The object around it: some state the code there.</param>
    public static void Say(IStreamSink sink, ReadOnlySpan<byte> error, ReadOnlySpan<byte> body)
    {
        if (!JsonPiece.IsObject(error))
        {
            int outer = StatusOf(body, "code"u8);
            JsonText outerCode = Word(JsonPiece.TextOf(body, "code"u8));
            sink.Error(JsonPiece.Text(error), outerCode, outer != 0 ? outer : OpenAiWords.Status(outerCode.Escaped));
            return;
        }

        JsonText message = JsonPiece.TextOf(error, "message"u8);
        if (message.IsEmpty)
            message = JsonPiece.TextOf(error, "detail"u8);
        JsonText code = Word(JsonPiece.TextOf(error, "code"u8));
        JsonText type = Word(JsonPiece.TextOf(error, "type"u8));
        int status = FirstOf(StatusOf(error, "status_code"u8), StatusOf(error, "code"u8), StatusOf(error, "raw_status_code"u8), StatusOf(error, "status"u8),
            OpenAiWords.Status(code.Escaped), OpenAiWords.Status(type.Escaped));
        sink.Error(message.IsEmpty ? new JsonText("The provider reported an error."u8) : message, code.IsEmpty ? type : code, status);
    }

    private static int FirstOf(params ReadOnlySpan<int> candidates)
    {
        foreach (int status in candidates)
        {
            if (status != 0)
                return status;
        }

        return 0;
    }

    /// <summary>A status as a number or as digits in a string, or 0.</summary>
    private static int StatusOf(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> raw = JsonPiece.Member(json, name).Trim((byte)'"');
        return Utf8Parser.TryParse(raw, out int status, out int used) && used == raw.Length && status is >= 400 and < 600 ? status : 0;
    }

    /// <summary>Digits are no word.</summary>
    private static JsonText Word(JsonText text) => !text.IsEmpty && text.Escaped.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 ? default : text;
}

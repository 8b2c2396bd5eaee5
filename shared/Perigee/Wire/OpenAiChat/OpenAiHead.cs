using System.Buffers;

namespace Perigee.Wire.OpenAiChat;

/// <summary>What every chunk of an answer begins with: made once an answer.</summary>
internal static class OpenAiHead
{
    /// <summary>The beginning of an answer's object, up to the inside of <c>choices</c>.</summary>
    /// <param name="shape">What the client asked for.</param>
    /// <param name="id">The provider's id of the answer, or empty.</param>
    /// <param name="model">The model's name of itself, or empty.</param>
    /// <param name="before">What stands before the object.</param>
    /// <param name="kind">The value of <c>object</c>.</param>
    public static byte[] Make(AnswerShape shape, ReadOnlySpan<byte> id, ReadOnlySpan<byte> model, ReadOnlySpan<byte> before, ReadOnlySpan<byte> kind)
    {
        ArrayBufferWriter<byte> head = new(256);
        JsonOut json = new(head);
        json.Bytes(before);
        json.Object();

        // Some clients tell the dialect by the id's first letters.
        if (id.StartsWith("chatcmpl"u8))
            json.Name("id"u8).Text(id);
        else
            json.Name("id"u8).Plain("chatcmpl-" + shape.Id);
        json.Name("object"u8).Text(kind);
        json.Name("created"u8).Number(shape.Created);
        if (model.IsEmpty)
            json.Name("model"u8).Plain(shape.Model);
        else
            json.Name("model"u8).Text(model);
        json.Name("choices"u8).Array();
        return head.WrittenSpan.ToArray();
    }

    /// <summary>A tool's name as the client wrote it.</summary>
    public static ReadOnlySpan<byte> ClientName(AnswerShape shape, JsonText name) =>
        shape.ToolNames is { } names && names.TryGetValue(name.Decode(), out string? own) ? WireText.Encode(own) : name.Escaped;
}

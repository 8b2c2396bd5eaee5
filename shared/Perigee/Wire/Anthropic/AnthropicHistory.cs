using System.Buffers;

namespace Perigee.Wire.Anthropic;

/// <summary>Tool calls of earlier turns, and what they gave, told in words: where no tools are declared, Anthropic refuses their blocks.</summary>
internal static class AnthropicHistory
{
    /// <summary>Why.</summary>
    public const string WhyText = "Anthropic Messages takes tool calls of earlier turns only beside a list of tools; they were told in words.";

    /// <summary>A call in words.</summary>
    public static TextPart Call(ToolCallPart call)
    {
        ArrayBufferWriter<byte> arguments = new();
        AnthropicJson.Escape(Compact(call.Arguments.Span), arguments);
        WireText text = AnthropicTexts.Join(
            "<tool_call name=\\\""u8.ToArray(), call.Name.Escaped, "\\\">"u8.ToArray(), arguments.WrittenMemory, "</tool_call>"u8.ToArray());
        return new TextPart(text, call.Place) { Mark = call.Mark };
    }

    /// <summary>JSON without the white space between its tokens.</summary>
    private static ReadOnlySpan<byte> Compact(ReadOnlySpan<byte> json)
    {
        byte[] compact = new byte[json.Length];
        int length = 0;
        bool inString = false;
        for (int i = 0; i < json.Length; i++)
        {
            byte b = json[i];
            if (!inString && b is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
                continue;
            compact[length++] = b;
            if (b == (byte)'"')
                inString = !inString;
            else if (b == (byte)'\\' && i + 1 < json.Length)
                compact[length++] = json[++i];
        }

        return compact.AsSpan(0, length);
    }

    /// <summary>A result in words, its files behind them.</summary>
    public static List<ChatPart> Result(ToolResultPart result)
    {
        List<ReadOnlyMemory<byte>> pieces = [(result.IsError ? "<tool_error"u8 : "<tool_result"u8).ToArray()];
        if (!result.Name.IsEmpty)
            pieces.AddRange(" name=\\\""u8.ToArray(), result.Name.Escaped, "\\\""u8.ToArray());
        pieces.Add(">"u8.ToArray());
        List<ChatPart> parts = [];
        foreach (ChatPart part in result.Parts)
        {
            if (part is TextPart text)
                pieces.AddRange("\\n"u8.ToArray(), text.Text.Escaped);
            else
                parts.Add(part);
        }

        pieces.Add(result.IsError ? "\\n</tool_error>"u8.ToArray() : "\\n</tool_result>"u8.ToArray());
        parts.Insert(0, new TextPart(AnthropicTexts.Join([.. pieces]), result.Place) { Mark = result.Mark });
        return parts;
    }
}

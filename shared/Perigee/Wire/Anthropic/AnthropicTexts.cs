using System.Buffers;

namespace Perigee.Wire.Anthropic;

/// <summary>Small questions about texts with escapes in them.</summary>
internal static class AnthropicTexts
{
    /// <summary>Nothing but white space, of any script: Anthropic refuses such a text block.</summary>
    public static bool IsBlank(WireText text)
    {
        if (text.IsBlank)
            return true;

        // Only a text that begins with an escape or outside ASCII can still be blank.
        byte first = text.Escaped.Span.TrimStart(" \t\r\n"u8)[0];
        return (first == (byte)'\\' || first >= 0x80) && string.IsNullOrWhiteSpace(text.Decode());
    }

    /// <summary>Without white space at its end: Anthropic refuses it at the end of an answer that is to be gone on with.</summary>
    public static WireText TrimEnd(WireText text)
    {
        string plain = text.Decode();
        string trimmed = plain.TrimEnd();
        return trimmed.Length == plain.Length ? text : WireText.Of(trimmed);
    }

    /// <summary>One text of several, with plain pieces of ours between them (which must need no escaping).</summary>
    public static WireText Join(params ReadOnlySpan<ReadOnlyMemory<byte>> pieces)
    {
        ArrayBufferWriter<byte> all = new();
        foreach (ReadOnlyMemory<byte> piece in pieces)
            all.Write(piece.Span);
        return new WireText(all.WrittenMemory);
    }
}

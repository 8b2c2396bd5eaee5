using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Perigee.Wire.Anthropic;

/// <summary>Small questions about texts with escapes in them.</summary>
internal static class AnthropicTexts
{
    /// <summary>Nothing but white space, of any script: Anthropic refuses such a text block.</summary>
    public static bool IsBlank(WireText text)
    {
        ReadOnlySpan<byte> rest = text.Escaped.Span;
        while (!rest.IsEmpty)
        {
            int taken = White(rest);
            if (taken == 0)
                return false;
            rest = rest[taken..];
        }

        return true;
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

    /// <summary>How many bytes the white space takes with which a text begins: one character's, or none.</summary>
    private static int White(ReadOnlySpan<byte> text)
    {
        if (text[0] != (byte)'\\')
            return Rune.DecodeFromUtf8(text, out Rune rune, out int length) == OperationStatus.Done && Rune.IsWhiteSpace(rune) ? length : 0;
        if (text.Length < 2)
            return 0;
        if (text[1] is (byte)'n' or (byte)'r' or (byte)'t' or (byte)'f')
            return 2;
        return text[1] == (byte)'u' && text.Length >= 6 && Utf8Parser.TryParse(text.Slice(2, 4), out ushort unit, out int used, 'x') && used == 4
            && char.IsWhiteSpace((char)unit) ? 6 : 0;
    }
}

using System.Buffers.Text;
using System.Text;

namespace Perigee.Caching.Keys;

/// <summary>Decodes the inside of JSON strings without an exception for those that are no text: anyone can send many.</summary>
internal static class JsonEscapes
{
    /// <summary>Decodes one.</summary>
    /// <param name="raw">The inside of a valid JSON string.</param>
    /// <param name="to">Takes the text: at least as long.</param>
    /// <returns>The bytes written; -1 where half a surrogate pair stands alone.</returns>
    public static int Decode(ReadOnlySpan<byte> raw, Span<byte> to)
    {
        int length = 0;
        while (true)
        {
            int slash = raw.IndexOf((byte)'\\');
            if (slash < 0)
            {
                raw.CopyTo(to[length..]);
                return length + raw.Length;
            }

            raw[..slash].CopyTo(to[length..]);
            length += slash;
            byte kind = raw[slash + 1];
            raw = raw[(slash + 2)..];
            if (kind != 'u')
            {
                to[length++] = kind switch
                {
                    (byte)'b' => (byte)'\b',
                    (byte)'f' => (byte)'\f',
                    (byte)'n' => (byte)'\n',
                    (byte)'r' => (byte)'\r',
                    (byte)'t' => (byte)'\t',
                    _ => kind,
                };
                continue;
            }

            int unit = Unit(raw);
            raw = raw[4..];
            Rune rune;
            if (char.IsHighSurrogate((char)unit) && raw.StartsWith("\\u"u8))
            {
                if (!Rune.TryCreate((char)unit, (char)Unit(raw[2..]), out rune))
                    return -1;
                raw = raw[6..];
            }
            else if (!Rune.TryCreate((char)unit, out rune))
            {
                return -1;
            }

            length += rune.EncodeToUtf8(to[length..]);
        }
    }

    private static int Unit(ReadOnlySpan<byte> digits)
    {
        return Utf8Parser.TryParse(digits[..4], out int unit, out _, 'X') ? unit : 0;
    }
}

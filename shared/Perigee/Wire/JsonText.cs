using System.Text;
using System.Text.Json;

namespace Perigee.Wire;

/// <summary>A JSON string as it stood on the wire, quotes taken off, escapes left in: copied, never decoded. Valid during the call only.</summary>
internal readonly ref struct JsonText(ReadOnlySpan<byte> escaped)
{
    /// <summary>The UTF-8 bytes between the quotes.</summary>
    public ReadOnlySpan<byte> Escaped { get; } = escaped;

    /// <summary>No characters at all.</summary>
    public bool IsEmpty => Escaped.IsEmpty;

    /// <summary>The text itself. Allocates: for names, ids and messages, never for content on its way.</summary>
    public string Decode() => WireText.Decode(Escaped);

    /// <summary>A copy that outlives the call.</summary>
    public WireText Keep() => new(Escaped.ToArray());
}

/// <summary>As <see cref="JsonText"/>, but in memory that outlives the call: a slice of a question's body, or bytes of its own.</summary>
internal readonly struct WireText(ReadOnlyMemory<byte> escaped)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>The UTF-8 bytes between the quotes.</summary>
    public ReadOnlyMemory<byte> Escaped { get; } = escaped;

    /// <summary>No characters at all.</summary>
    public bool IsEmpty => Escaped.IsEmpty;

    /// <summary>Nothing but white space, escaped or not: what Anthropic refuses as a text block.</summary>
    public bool IsBlank
    {
        get
        {
            ReadOnlySpan<byte> rest = Escaped.Span;
            while (!rest.IsEmpty)
            {
                if (rest[0] is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r')
                    rest = rest[1..];
                else if (rest.Length > 1 && rest[0] == (byte)'\\' && rest[1] is (byte)'n' or (byte)'t' or (byte)'r')
                    rest = rest[2..];
                else
                    return false;
            }

            return true;
        }
    }

    /// <summary>For a call.</summary>
    public JsonText Text => new(Escaped.Span);

    /// <summary>The text as a JSON string's inside.</summary>
    public static WireText Of(string plain) => new(Encode(plain));

    /// <summary>The text itself.</summary>
    public string Decode() => Decode(Escaped.Span);

    /// <summary>The text of an escaped string. A lone surrogate becomes U+FFFD.</summary>
    public static string Decode(ReadOnlySpan<byte> escaped) => Utf8.GetString(Unescape(escaped));

    /// <summary>The UTF-8 bytes of an escaped string: the JSON inside of a string of JSON, for instance. May be the given bytes themselves.</summary>
    public static ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> escaped)
    {
        int at = escaped.IndexOf((byte)'\\');
        if (at < 0)
            return escaped;
        byte[] plain = new byte[escaped.Length];
        int length = 0;
        while (at >= 0)
        {
            escaped[..at].CopyTo(plain.AsSpan(length));
            length += at;
            escaped = escaped[at..];
            if (escaped.Length < 2)
                break;
            if (escaped[1] == (byte)'u')
            {
                escaped = escaped[CodePoint(escaped, plain, ref length)..];
            }
            else
            {
                plain[length++] = escaped[1] switch
                {
                    (byte)'n' => (byte)'\n',
                    (byte)'r' => (byte)'\r',
                    (byte)'t' => (byte)'\t',
                    (byte)'b' => (byte)'\b',
                    (byte)'f' => (byte)'\f',
                    byte itself => itself,
                };
                escaped = escaped[2..];
            }

            at = escaped.IndexOf((byte)'\\');
        }

        if (at < 0)
        {
            escaped.CopyTo(plain.AsSpan(length));
            length += escaped.Length;
        }

        return plain.AsSpan(0, length);
    }

    /// <summary>The inside of the JSON string of a text.</summary>
    public static byte[] Encode(string plain) => JsonEncodedText.Encode(plain, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes.ToArray();

    /// <summary>The inside of the JSON string of UTF-8 bytes: JSON that becomes a string's content, for instance.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> utf8) =>
        JsonEncodedText.Encode(utf8, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes.ToArray();

    /// <inheritdoc/>
    public override string ToString() => Decode();

    private static int CodePoint(ReadOnlySpan<byte> escaped, byte[] plain, ref int length)
    {
        if (!TryHex(escaped, out int first))
            return 2;
        int taken = 6;
        Rune rune = Rune.ReplacementChar;
        if (!Rune.TryCreate((char)first, out rune))
        {
            rune = Rune.ReplacementChar;
            if (char.IsHighSurrogate((char)first) && TryHex(escaped[6..], out int second) && Rune.TryCreate((char)first, (char)second, out Rune pair))
            {
                rune = pair;
                taken = 12;
            }
        }

        length += rune.EncodeToUtf8(plain.AsSpan(length));
        return taken;
    }

    private static bool TryHex(ReadOnlySpan<byte> escaped, out int value)
    {
        value = 0;
        return escaped.Length >= 6 && escaped[0] == (byte)'\\' && escaped[1] == (byte)'u'
            && System.Buffers.Text.Utf8Parser.TryParse(escaped.Slice(2, 4), out value, out int used, 'x') && used == 4;
    }
}

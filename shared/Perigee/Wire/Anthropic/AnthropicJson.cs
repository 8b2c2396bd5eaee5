using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Perigee.Wire.Anthropic;

/// <summary>
/// Writes compact JSON out of pieces that are JSON already: strings that were copied with their escapes, values as they stood.
/// (Utf8JsonWriter would have texts decoded first, only to escape them again.)
/// </summary>
internal sealed class AnthropicJson(IBufferWriter<byte> output)
{
    private bool _comma;

    /// <summary>Opens an object or array.</summary>
    public void Open(char bracket)
    {
        Separate();
        Put((byte)bracket);
        _comma = false;
    }

    /// <summary>Closes it.</summary>
    public void Close(char bracket)
    {
        Put((byte)bracket);
        _comma = true;
    }

    /// <summary>The name of the next value.</summary>
    public void Name(ReadOnlySpan<byte> name)
    {
        Separate();
        Put((byte)'"');
        output.Write(name);
        output.Write("\":"u8);
        _comma = false;
    }

    /// <summary>A value as it stands.</summary>
    public void Raw(ReadOnlySpan<byte> value)
    {
        Separate();
        output.Write(value);
        _comma = true;
    }

    /// <summary>A member with a value as it stands.</summary>
    public void Raw(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Name(name);
        Raw(value);
    }

    /// <summary>A string whose escapes are in it.</summary>
    public void Text(ReadOnlySpan<byte> escaped)
    {
        Separate();
        Put((byte)'"');
        output.Write(escaped);
        Put((byte)'"');
        _comma = true;
    }

    /// <summary>A member with a string whose escapes are in it.</summary>
    public void Text(ReadOnlySpan<byte> name, ReadOnlySpan<byte> escaped)
    {
        Name(name);
        Text(escaped);
    }

    /// <summary>A member with a string of ours.</summary>
    public void Plain(ReadOnlySpan<byte> name, string value)
    {
        Name(name);
        Text(WireText.Encode(value));
    }

    /// <summary>A member with a number.</summary>
    public void Number(ReadOnlySpan<byte> name, long value)
    {
        Name(name);
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, digits, out int length);
        Raw(digits[..length]);
    }

    /// <summary>Escapes JSON, or any UTF-8, so that it can stand inside a JSON string.</summary>
    public static void Escape(ReadOnlySpan<byte> utf8, IBufferWriter<byte> output)
    {
        while (!utf8.IsEmpty)
        {
            int at = utf8.IndexOfAny(ToEscape);
            if (at < 0)
            {
                output.Write(utf8);
                return;
            }

            output.Write(utf8[..at]);
            switch (utf8[at])
            {
                case (byte)'"':
                    output.Write("\\\""u8);
                    break;
                case (byte)'\\':
                    output.Write("\\\\"u8);
                    break;
                case (byte)'\n':
                    output.Write("\\n"u8);
                    break;
                case (byte)'\r':
                    output.Write("\\r"u8);
                    break;
                case (byte)'\t':
                    output.Write("\\t"u8);
                    break;
                default:
                    output.Write(Encoding.ASCII.GetBytes($"\\u{utf8[at]:x4}"));
                    break;
            }

            utf8 = utf8[(at + 1)..];
        }
    }

    private static readonly SearchValues<byte> ToEscape = SearchValues.Create([.. Enumerable.Range(0, 32).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    private void Separate()
    {
        if (_comma)
            Put((byte)',');
    }

    private void Put(byte single)
    {
        output.GetSpan(1)[0] = single;
        output.Advance(1);
    }
}

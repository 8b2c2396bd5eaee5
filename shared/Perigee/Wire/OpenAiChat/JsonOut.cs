using System.Buffers;
using System.Buffers.Text;

namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// JSON written straight into a buffer: commas come by themselves, texts go in escaped as they stood on the wire. Nothing is decoded and
/// nothing allocated, which <see cref="System.Text.Json.Utf8JsonWriter"/> cannot do for texts that are already escaped.
/// </summary>
internal sealed class JsonOut(IBufferWriter<byte> output)
{
    private bool _comma;

    /// <summary>Opens an object.</summary>
    public void Object() => Open((byte)'{');

    /// <summary>Closes an object.</summary>
    public void EndObject() => Close((byte)'}');

    /// <summary>Opens an array.</summary>
    public void Array() => Open((byte)'[');

    /// <summary>Closes an array.</summary>
    public void EndArray() => Close((byte)']');

    /// <summary>A member's name, which needs no escaping. A value follows.</summary>
    public JsonOut Name(ReadOnlySpan<byte> name)
    {
        Separate();
        output.Write("\""u8);
        output.Write(name);
        output.Write("\":"u8);
        _comma = false;
        return this;
    }

    /// <summary>A string.</summary>
    /// <param name="escaped">What stands between the quotes.</param>
    public void Text(ReadOnlySpan<byte> escaped)
    {
        Separate();
        output.Write("\""u8);
        output.Write(escaped);
        output.Write("\""u8);
    }

    /// <summary>A string.</summary>
    public void Text(WireText text) => Text(text.Escaped.Span);

    /// <summary>A string that still has to be escaped.</summary>
    public void Plain(string text) => Text(WireText.Encode(text));

    /// <summary>Opens a string that is written in pieces (<see cref="Piece"/>) and closed by <see cref="EndText"/>.</summary>
    public void BeginText()
    {
        Separate();
        output.Write("\""u8);
    }

    /// <summary>A piece of a string, escaped.</summary>
    public void Piece(ReadOnlySpan<byte> escaped) => output.Write(escaped);

    /// <summary>Closes a string.</summary>
    public void EndText() => output.Write("\""u8);

    /// <summary>A whole JSON value as it stands.</summary>
    public void Raw(ReadOnlySpan<byte> json)
    {
        Separate();
        output.Write(json);
    }

    /// <summary>A whole JSON value without line breaks, for events of a stream. Between a JSON value's tokens they mean nothing, inside strings none stand.</summary>
    public void RawLine(ReadOnlySpan<byte> json)
    {
        Separate();
        while (json.IndexOfAny((byte)'\n', (byte)'\r') is var at and >= 0)
        {
            output.Write(json[..at]);
            json = json[(at + 1)..];
        }

        output.Write(json);
    }

    /// <summary>A number.</summary>
    public void Number(long value)
    {
        Separate();
        Span<byte> digits = output.GetSpan(20);
        Utf8Formatter.TryFormat(value, digits, out int length);
        output.Advance(length);
    }

    /// <summary>A boolean.</summary>
    public void Bool(bool value) => Raw(value ? "true"u8 : "false"u8);

    /// <summary>Null.</summary>
    public void Null() => Raw("null"u8);

    /// <summary>Bytes that the caller answers for. What follows needs no comma.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        _comma = false;
    }

    private void Open(byte bracket)
    {
        Separate();
        output.Write([bracket]);
        _comma = false;
    }

    private void Close(byte bracket)
    {
        output.Write([bracket]);
        _comma = true;
    }

    private void Separate()
    {
        if (_comma)
            output.Write(","u8);
        _comma = true;
    }
}

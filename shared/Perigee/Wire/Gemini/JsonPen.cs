using System.Buffers;
using System.Buffers.Text;

namespace Perigee.Wire.Gemini;

/// <summary>
/// Writes JSON whose strings are escaped already and whose values are slices of other JSON: nothing is decoded on its way, which
/// Utf8JsonWriter cannot do. Sets the commas, trusts its caller with the rest.
/// </summary>
internal sealed class JsonPen(IBufferWriter<byte> output)
{
    private bool _comma;

    /// <summary>Begins an object.</summary>
    public JsonPen Object() => Open((byte)'{');

    /// <summary>Ends an object.</summary>
    public JsonPen EndObject() => Shut((byte)'}');

    /// <summary>Begins an array.</summary>
    public JsonPen Array() => Open((byte)'[');

    /// <summary>Ends an array.</summary>
    public JsonPen EndArray() => Shut((byte)']');

    /// <summary>A member's name, which needs no escaping; its value follows.</summary>
    public JsonPen Name(ReadOnlySpan<byte> name)
    {
        Span<byte> space = output.GetSpan(name.Length + 4);
        int at = 0;
        if (_comma)
            space[at++] = (byte)',';
        space[at++] = (byte)'"';
        name.CopyTo(space[at..]);
        at += name.Length;
        space[at++] = (byte)'"';
        space[at++] = (byte)':';
        output.Advance(at);
        _comma = false;
        return this;
    }

    /// <summary>A value that is JSON already.</summary>
    public JsonPen Raw(ReadOnlySpan<byte> json)
    {
        Comma();
        output.Write(json);
        _comma = true;
        return this;
    }

    /// <summary>A string that is escaped already.</summary>
    public JsonPen Text(ReadOnlySpan<byte> escaped)
    {
        Comma();
        output.Write("\""u8);
        output.Write(escaped);
        output.Write("\""u8);
        _comma = true;
        return this;
    }

    /// <summary>A string that is escaped already.</summary>
    public JsonPen Text(WireText text) => Text(text.Escaped.Span);

    /// <summary>A string that is not escaped.</summary>
    public JsonPen Plain(string text) => Text(WireText.Encode(text));

    /// <summary>An integer.</summary>
    public JsonPen Number(long value)
    {
        Comma();
        Span<byte> space = output.GetSpan(20);
        Utf8Formatter.TryFormat(value, space, out int length);
        output.Advance(length);
        _comma = true;
        return this;
    }

    /// <summary>A boolean.</summary>
    public JsonPen Bool(bool value) => Raw(value ? "true"u8 : "false"u8);

    /// <summary>Bytes outside the JSON (framing), after which a new text begins.</summary>
    public JsonPen Frame(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        _comma = false;
        return this;
    }

    /// <summary>JSON whose white space is taken out: a line feed in it would break a line of an event stream.</summary>
    public JsonPen Compact(ReadOnlySpan<byte> json)
    {
        Comma();
        JsonCopy.Compact(json, output);
        _comma = true;
        return this;
    }

    private JsonPen Open(byte bracket)
    {
        Comma();
        output.Write([bracket]);
        _comma = false;
        return this;
    }

    private JsonPen Shut(byte bracket)
    {
        output.Write([bracket]);
        _comma = true;
        return this;
    }

    private void Comma()
    {
        if (_comma)
            output.Write(","u8);
    }
}

using System.Buffers.Text;

namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// Follows JSON text that arrives in pieces inside JSON strings and tells when its outermost bracket has closed: so a tool call is known to
/// be complete before the answer ends, and one that is still open when another begins is known to interleave with it.
/// </summary>
internal struct JsonProgress
{
    private int _depth;
    private bool _begun;
    private bool _inString;
    private bool _escape;

    /// <summary>Whether an object or array has been opened and closed again.</summary>
    public readonly bool Complete => _begun && _depth == 0;

    /// <summary>Takes a piece.</summary>
    /// <param name="escaped">As it stands in the outer string. A piece never ends within an escape of that.</param>
    public void Feed(ReadOnlySpan<byte> escaped)
    {
        for (int i = 0; i < escaped.Length; i++)
        {
            byte b = escaped[i];
            if (b == (byte)'\\' && i + 1 < escaped.Length)
            {
                b = escaped[++i];
                if (b == (byte)'u')
                {
                    // Only ASCII can be a bracket, a quote or a backslash.
                    b = Utf8Parser.TryParse(escaped[(i + 1)..Math.Min(i + 5, escaped.Length)], out uint code, out _, 'x') && code < 128 ? (byte)code : (byte)'x';
                    i += 4;
                }
                else if (b is not ((byte)'"' or (byte)'\\'))
                {
                    b = (byte)' ';
                }
            }

            Step(b);
        }
    }

    private void Step(byte b)
    {
        if (_escape)
            _escape = false;
        else if (_inString)
            (_escape, _inString) = (b == (byte)'\\', b != (byte)'"');
        else if (b == (byte)'"')
            _inString = true;
        else if (b is (byte)'{' or (byte)'[')
            (_depth, _begun) = (_depth + 1, true);
        else if (b is (byte)'}' or (byte)']')
            _depth--;
    }
}

using System.Text;

namespace Perigee.Wire;

/// <summary>
/// Looks for one small field in the bytes of a multipart form as they pass, notes where its value stands, and whether it stands there a second
/// time. Files are only searched for the delimiter, never held. Source: RFC 7578, RFC 2046 section 5.1.
/// </summary>
/// <param name="boundary">The boundary parameter of the form's media type.</param>
/// <param name="field">The field's name.</param>
internal sealed class FormScanner(string boundary, string field)
{
    private const int MostHeaderBytes = 16 * 1024;
    private const int MostValueBytes = 1024;

    private readonly byte[] _delimiter = Encoding.UTF8.GetBytes("\r\n--" + boundary);
    private byte[] _window = new byte[4096];
    private int _length;
    private long _windowStart;
    private State _state = State.Preamble;

    private enum State
    {
        Preamble,
        AfterDelimiter,
        Headers,
        Value,
        Other,
        Done,
    }

    /// <summary>The field's value, or null as long as it has not been seen.</summary>
    public string? Value { get; private set; }

    /// <summary>The offset of the value in the whole body.</summary>
    public long ValueStart { get; private set; }

    /// <summary>The length of the value in bytes.</summary>
    public int ValueLength { get; private set; }

    /// <summary>The field stands in the form more than once: who reads it may take either.</summary>
    public bool Twice { get; private set; }

    /// <summary>Nothing more is to be found: the form ended, it is broken, or the field was seen twice.</summary>
    public bool Done => _state == State.Done;

    /// <summary>Takes the next bytes of the body.</summary>
    public void Feed(ReadOnlySpan<byte> bytes)
    {
        if (Done)
            return;
        if (_length + bytes.Length > _window.Length)
            Array.Resize(ref _window, Math.Max(_window.Length * 2, _length + bytes.Length));
        bytes.CopyTo(_window.AsSpan(_length));
        _length += bytes.Length;
        while (Step())
        {
        }
    }

    private bool Step()
    {
        ReadOnlySpan<byte> window = _window.AsSpan(0, _length);
        switch (_state)
        {
            case State.Preamble:
                int first = window.IndexOf(_delimiter.AsSpan(2));
                if (first < 0)
                    return KeepTail(_delimiter.Length);
                Consume(first + _delimiter.Length - 2);
                return Go(State.AfterDelimiter);

            case State.AfterDelimiter:
                if (window.Length < 2)
                    return false;
                if (window[0] is (byte)' ' or (byte)'\t')
                {
                    Consume(1);
                    return true;
                }

                // The CRLF stays: it may be the first half of the blank line that ends empty headers. Anything but a line end or the closing
                // mark was no delimiter: a line of a file that begins like one.
                return Go(window.StartsWith("\r\n"u8) ? State.Headers : window.StartsWith("--"u8) ? State.Done : State.Other);

            case State.Headers:
                int end = window.IndexOf("\r\n\r\n"u8);
                if (end < 0)
                    return window.Length > MostHeaderBytes && Go(State.Done);
                bool wanted = FieldName(window[..end]) == field;
                Consume(end + 4);
                Twice = wanted && Value is not null;
                return Go(Twice ? State.Done : wanted ? State.Value : State.Other);

            case State.Value:
                int close = window.IndexOf(_delimiter);
                if (close < 0)
                    return window.Length > MostValueBytes + _delimiter.Length && Go(State.Done);
                ValueStart = _windowStart;
                ValueLength = close;
                Value = Encoding.UTF8.GetString(window[..close]).Trim();
                Consume(close + _delimiter.Length);
                return Go(State.AfterDelimiter);

            case State.Other:
                int next = window.IndexOf(_delimiter);
                if (next < 0)
                    return KeepTail(_delimiter.Length - 1);
                Consume(next + _delimiter.Length);
                return Go(State.AfterDelimiter);

            default:
                return false;
        }
    }

    /// <summary>The name in <c>Content-Disposition: form-data; name="x"</c>.</summary>
    private static string? FieldName(ReadOnlySpan<byte> headers)
    {
        foreach (string line in Encoding.UTF8.GetString(headers).Split("\r\n"))
        {
            if (!line.StartsWith("content-disposition:", StringComparison.OrdinalIgnoreCase))
                continue;
            foreach (string part in Parameters(line))
            {
                string trimmed = part.Trim();
                if (trimmed.StartsWith("name=", StringComparison.OrdinalIgnoreCase))
                    return trimmed[5..].Trim('"');
            }
        }

        return null;
    }

    /// <summary>The parts between semicolons, but for those within quotes: a file may be called anything.</summary>
    private static IEnumerable<string> Parameters(string line)
    {
        int start = 0;
        bool quoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] == '"')
                quoted = !quoted;
            else if (line[i] == '\\' && quoted)
                i++;
            else if (line[i] == ';' && !quoted)
            {
                yield return line[start..i];
                start = i + 1;
            }
        }

        yield return line[start..];
    }

    private bool Go(State state)
    {
        _state = state;
        return state != State.Done;
    }

    private bool KeepTail(int bytes)
    {
        if (_length > bytes)
            Consume(_length - bytes);
        return false;
    }

    private void Consume(int bytes)
    {
        _window.AsSpan(bytes, _length - bytes).CopyTo(_window);
        _length -= bytes;
        _windowStart += bytes;
    }
}

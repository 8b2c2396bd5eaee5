using System.Buffers;

namespace Perigee.Logs.Redacting;

/// <summary>
/// Bytes of a text and what they mean once JSON escapes (at any depth) and percent-encoding are undone: <c>john\u0040example.com</c>,
/// <c>\"password\":\"x\"</c> and <c>john%40example.com</c> read like what they stand for. Every logical byte knows its place among the raw ones.
/// Only ASCII is told apart: what is not stands as 0x80.
/// </summary>
internal sealed class LogicalText : IDisposable
{
    // A run of more backslashes than nesting ever makes is a run of backslashes.
    private const int LongestRun = 64;
    private const int Lookahead = LongestRun + 6;
    private const byte Foreign = 0x80;

    private byte[] _raw = ArrayPool<byte>.Shared.Rent(4096);
    private byte[] _text = ArrayPool<byte>.Shared.Rent(4096);
    private int[] _starts = ArrayPool<int>.Shared.Rent(4096);
    private int _rawLength;
    private int _decoded;
    private int _length;

    /// <summary>What the bytes mean, as far as it is known.</summary>
    public ReadOnlySpan<byte> Text => _text.AsSpan(0, _length);

    /// <summary>Where each logical byte begins among the raw ones; one more than there are.</summary>
    public ReadOnlySpan<int> Starts
    {
        get
        {
            _starts[_length] = _decoded;
            return _starts.AsSpan(0, _length + 1);
        }
    }

    /// <summary>The raw bytes of some logical ones.</summary>
    public ReadOnlySpan<byte> Raw(int from, int to) => _raw.AsSpan(StartOf(from), StartOf(to) - StartOf(from));

    /// <summary>Adds raw bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (_rawLength + bytes.Length > _raw.Length)
            Grow(ref _raw, _rawLength, _rawLength + bytes.Length);
        bytes.CopyTo(_raw.AsSpan(_rawLength));
        _rawLength += bytes.Length;
        Decode(final: false);
    }

    /// <summary>No more will come: what was waited for is taken as it stands.</summary>
    public void End() => Decode(final: true);

    /// <summary>Forgets the first logical bytes and what they stand for.</summary>
    public void Drop(int count)
    {
        int raw = StartOf(count);
        _raw.AsSpan(raw, _rawLength - raw).CopyTo(_raw);
        _text.AsSpan(count, _length - count).CopyTo(_text);
        for (int i = count; i < _length; i++)
            _starts[i - count] = _starts[i] - raw;
        _rawLength -= raw;
        _decoded -= raw;
        _length -= count;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _rawLength = _decoded = _length = 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_raw, clearArray: true);
        ArrayPool<byte>.Shared.Return(_text, clearArray: true);
        ArrayPool<int>.Shared.Return(_starts);
        _raw = _text = [];
        _starts = [];
        Clear();
    }

    private int StartOf(int index) => index == _length ? _decoded : _starts[index];

    private void Decode(bool final)
    {
        // No logical byte is shorter than a raw one.
        int needed = _length + (_rawLength - _decoded) + 1;
        if (needed > _text.Length)
            Grow(ref _text, _length, needed);
        if (needed > _starts.Length)
            Grow(ref _starts, _length, needed);
        ReadOnlySpan<byte> raw = _raw.AsSpan(0, _rawLength);
        int at = _decoded;
        while (at < raw.Length)
        {
            byte b = raw[at];
            if (b != (byte)'\\' && b != (byte)'%')
            {
                _starts[_length] = at++;
                _text[_length++] = b < Foreign ? b : Foreign;
                continue;
            }

            if (!final && raw.Length - at < Lookahead)
                break;
            _starts[_length] = at;
            at += b == (byte)'%' ? Percent(raw[at..], out byte meaning) : Escape(raw[at..], out meaning);
            _text[_length++] = meaning;
        }

        _decoded = at;
    }

    private static int Percent(ReadOnlySpan<byte> raw, out byte meaning)
    {
        if (raw.Length >= 3 && char.IsAsciiHexDigit((char)raw[1]) && char.IsAsciiHexDigit((char)raw[2]))
        {
            int value = (Hex(raw[1]) << 4) | Hex(raw[2]);
            if (value is >= ' ' and not 0x7f or '\t' or '\n' or '\r')
            {
                meaning = value >= Foreign ? Foreign : value < ' ' ? (byte)'\n' : (byte)value;
                return 3;
            }
        }

        meaning = (byte)'%';
        return 1;
    }

    private static int Escape(ReadOnlySpan<byte> raw, out byte meaning)
    {
        int run = 1;
        while (run < raw.Length && run < LongestRun && raw[run] == (byte)'\\')
            run++;
        meaning = (byte)'\\';
        if (run == raw.Length || run == LongestRun)
            return run;
        switch (raw[run])
        {
            case (byte)'"' or (byte)'/' or (byte)'\'':
                meaning = raw[run];
                return run + 1;
            case (byte)'n' or (byte)'r' or (byte)'t' or (byte)'b' or (byte)'f':
                meaning = (byte)'\n';
                return run + 1;
            case (byte)'u' when raw.Length >= run + 5 && AllHex(raw.Slice(run + 1, 4)):
                int value = (Hex(raw[run + 1]) << 12) | (Hex(raw[run + 2]) << 8) | (Hex(raw[run + 3]) << 4) | Hex(raw[run + 4]);
                meaning = value >= Foreign ? Foreign : value < ' ' ? (byte)'\n' : (byte)value;
                return run + 5;
            default:
                return run;
        }
    }

    private static bool AllHex(ReadOnlySpan<byte> digits)
    {
        foreach (byte digit in digits)
        {
            if (!char.IsAsciiHexDigit((char)digit))
                return false;
        }

        return true;
    }

    private static int Hex(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static void Grow<T>(ref T[] array, int used, int needed)
    {
        T[] larger = ArrayPool<T>.Shared.Rent(Math.Max(needed, array.Length * 2));
        array.AsSpan(0, used).CopyTo(larger);
        ArrayPool<T>.Shared.Return(array);
        array = larger;
    }
}

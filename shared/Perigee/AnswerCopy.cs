using System.Buffers;

namespace Perigee;

/// <summary>A bounded copy of an answer's bytes, taken while they are relayed. Past the bound it is empty and stays so.</summary>
/// <param name="bound">The most bytes it holds.</param>
internal sealed class AnswerCopy(int bound) : IDisposable
{
    private byte[] _buffer = [];
    private int _length;

    /// <summary>The bytes so far; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>More bytes came than it holds: what it has is not the answer.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>The media type of the answer.</summary>
    public string ContentType { get; set; } = "";

    /// <summary>Adds bytes that were relayed.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (Overflowed)
            return;
        if (_length + bytes.Length > bound)
        {
            Overflowed = true;
            _length = 0;
            return;
        }

        if (_length + bytes.Length > _buffer.Length)
            Grow(_length + bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <summary>Begins again: the try failed before anything was shown.</summary>
    public void Clear()
    {
        Overflowed = false;
        _length = 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        _length = 0;
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Grow(int needed)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(2048, _buffer.Length * 4)));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}

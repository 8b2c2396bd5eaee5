using System.Buffers;

namespace Perigee.Logs.Bodies;

/// <summary>A bounded copy of a body's first bytes, taken while it passes. Not redacted yet.</summary>
/// <param name="most">The most bytes it holds.</param>
/// <param name="budget">The memory of all of them.</param>
internal sealed class CapturedBody(int most, BodyBudget budget) : IDisposable
{
    private const int Least = 4096;

    private byte[] _buffer = [];
    private int _reserved;
    private int _length;
    private bool _full;

    /// <summary>The bytes that it holds.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, _length);

    /// <summary>How many bytes passed.</summary>
    public long Length { get; private set; }

    /// <summary>The media type.</summary>
    public string ContentType { get; set; } = "";

    /// <summary>What is kept.</summary>
    public KeptBody Kept => new(Length, _length);

    /// <summary>What it takes of memory.</summary>
    public int Weight => _reserved + 256;

    /// <summary>Takes bytes that pass. Never waits.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        if (_full)
            return;
        int take = Math.Min(bytes.Length, most - _length);
        if (_length + take > _reserved && !Grow(_length + take))
        {
            _full = true;
            return;
        }

        bytes[..take].CopyTo(_buffer.AsSpan(_length));
        _length += take;
        _full = take < bytes.Length;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        (_buffer, _length) = ([], 0);
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        budget.Return(_reserved);
        _reserved = 0;
    }

    private bool Grow(int needed)
    {
        int size = Math.Min(most, Math.Max(needed, Math.Max(Least, _reserved * 2)));
        if (!budget.TryTake(size - _reserved))
            return false;
        byte[] larger = ArrayPool<byte>.Shared.Rent(size);
        Bytes.CopyTo(larger);
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer, clearArray: true);
        (_buffer, _reserved) = (larger, size);
        return true;
    }
}

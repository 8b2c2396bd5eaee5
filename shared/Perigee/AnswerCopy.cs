using System.Buffers;

namespace Perigee;

/// <summary>A bounded copy of an answer's bytes, taken while they are relayed. Past the bound it is empty and stays so.</summary>
/// <param name="bound">The most bytes it holds.</param>
internal sealed class AnswerCopy(int bound) : IDisposable
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>The bytes so far; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.WrittenMemory;

    /// <summary>More bytes came than it holds: what it has is not the answer.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>The media type of the answer.</summary>
    public string ContentType { get; set; } = "";

    /// <summary>Adds bytes that were relayed.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (Overflowed)
            return;
        if (_bytes.WrittenCount + bytes.Length > bound)
        {
            Overflowed = true;
            _bytes.ResetWrittenCount();
            return;
        }

        _bytes.Write(bytes);
    }

    /// <summary>Begins again: the try failed before anything was shown.</summary>
    public void Clear()
    {
        Overflowed = false;
        _bytes.ResetWrittenCount();
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();
}

namespace Perigee.Tests;

/// <summary>A stream that gives its bytes in pieces of the sizes that a function says, and can pend or fail in between.</summary>
internal sealed class PiecewiseStream(byte[] bytes, Func<int> size, Exception? failAtEnd = null) : Stream
{
    private int _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => bytes.Length;

    public override long Position { get => _at; set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Now and then the reader has to wait, as on a network.
        if (_at % 3 == 0)
            await Task.Yield();
        int count = Math.Min(Math.Min(size(), buffer.Length), bytes.Length - _at);
        if (count == 0 && failAtEnd is not null)
            throw failAtEnd;
        bytes.AsMemory(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

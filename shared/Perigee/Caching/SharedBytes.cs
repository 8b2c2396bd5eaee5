using System.Buffers;

namespace Perigee.Caching;

/// <summary>
/// An answer's bytes in pooled pieces that are only ever appended to: one writes, many read what they know to be written. Nothing is moved, so
/// a reader needs no lock for the bytes themselves. Not thread-safe beyond that: who may read how far is the flight's business.
/// </summary>
internal sealed class SharedBytes
{
    private const int Smallest = 4 * 1024;
    private const int Largest = 256 * 1024;

    private Piece? _first;
    private Piece? _last;

    /// <summary>Bytes that were written.</summary>
    public long Length { get; private set; }

    /// <summary>Room for more, at least as much as asked for.</summary>
    public Memory<byte> Room(int least)
    {
        least = Math.Max(1, least);
        if (_last is { } last && last.Bytes.Length - last.Written >= least)
            return last.Bytes.AsMemory(last.Written);
        int size = Math.Max(least, _last is null ? Smallest : Math.Min(Largest, _last.Bytes.Length * 4));
        Piece piece = new(ArrayPool<byte>.Shared.Rent(size));
        if (_last is { Written: 0 })
        {
            // Nobody reads what is empty: it makes room for the larger one.
            ArrayPool<byte>.Shared.Return(_last.Bytes);
            _last.Bytes = piece.Bytes;
            return _last.Bytes;
        }

        _first ??= piece;
        if (_last is not null)
            _last.Next = piece;
        _last = piece;
        return piece.Bytes;
    }

    /// <summary>So many bytes of the room were written.</summary>
    /// <returns>They themselves.</returns>
    public ReadOnlySpan<byte> Take(int count)
    {
        ReadOnlySpan<byte> taken = _last is null ? default : _last.Bytes.AsSpan(_last.Written, count);
        if (_last is not null)
            _last.Written += count;
        Length += count;
        return taken;
    }

    /// <summary>The next bytes for a reader, up to a length that it is allowed to see; empty where there are none.</summary>
    public ReadOnlyMemory<byte> Read(ref Cursor cursor, long allowed)
    {
        long left = allowed - cursor.Position;
        if (left <= 0)
            return default;
        cursor.Piece ??= _first!;
        while (cursor.Offset == cursor.Piece.Written && cursor.Piece.Next is { } next)
            (cursor.Piece, cursor.Offset) = (next, 0);
        int count = (int)Math.Min(left, cursor.Piece.Written - cursor.Offset);
        ReadOnlyMemory<byte> bytes = cursor.Piece.Bytes.AsMemory(cursor.Offset, count);
        cursor.Offset += count;
        cursor.Position += count;
        return bytes;
    }

    /// <summary>All of them in one.</summary>
    public byte[] ToArray()
    {
        byte[] whole = new byte[Length];
        int at = 0;
        for (Piece? piece = _first; piece is not null; piece = piece.Next)
        {
            piece.Bytes.AsSpan(0, piece.Written).CopyTo(whole.AsSpan(at));
            at += piece.Written;
        }

        return whole;
    }

    /// <summary>Gives the memory back: nobody may read any more.</summary>
    public void Free()
    {
        for (Piece? piece = _first; piece is not null; piece = piece.Next)
            ArrayPool<byte>.Shared.Return(piece.Bytes);
        _first = _last = null;
    }

    /// <summary>How far a reader has come.</summary>
    public struct Cursor
    {
        internal Piece? Piece;
        internal int Offset;

        /// <summary>Bytes read so far.</summary>
        public long Position { get; internal set; }
    }

    /// <summary>One piece of memory.</summary>
    internal sealed class Piece(byte[] bytes)
    {
        public byte[] Bytes { get; set; } = bytes;

        public int Written { get; set; }

        public Piece? Next { get; set; }
    }
}

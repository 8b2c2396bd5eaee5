using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Perigee.Caching.Near;

/// <summary>
/// The hash of everything in a question but its last words: parameters, tools, the system prompt, every earlier turn. Entries of another scope
/// are no candidates, whatever their words.
/// </summary>
internal readonly record struct ScopeHash
{
    /// <summary>Bytes of it.</summary>
    public const int Size = 32;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    private ScopeHash(ReadOnlySpan<byte> bytes)
    {
        _a = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);
    }

    /// <summary>32 bits of it, never 0: rows of other scopes are passed over by comparing these. Equal tags prove nothing.</summary>
    public uint Tag => Math.Max(1, (uint)_a);

    /// <summary>Takes a hash of 32 bytes as it is; anything else is hashed.</summary>
    public static ScopeHash Of(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == Size)
            return new ScopeHash(bytes);
        Span<byte> hash = stackalloc byte[Size];
        SHA256.HashData(bytes, hash);
        return new ScopeHash(hash);
    }

    /// <summary>Writes its 32 bytes.</summary>
    public void CopyTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, _a);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], _b);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], _c);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], _d);
    }
}

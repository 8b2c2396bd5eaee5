using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Perigee.Caching.Semantic;

/// <summary>What a unit of a question is. The numbers are part of keys and features.</summary>
internal enum UnitKind : byte
{
    /// <summary>A known word.</summary>
    Word = 1,

    /// <summary>A word that is not known: a name or a term.</summary>
    Term = 2,

    /// <summary>A number.</summary>
    Number = 3,

    /// <summary>A quoted span.</summary>
    Quote = 4,

    /// <summary>A back-ticked span.</summary>
    Code = 5,

    /// <summary>An address, an identifier.</summary>
    Verbatim = 6,

    /// <summary>Another character.</summary>
    Symbol = 7,

    /// <summary>A comma.</summary>
    Comma = 8,

    /// <summary>The end of a sentence that another follows.</summary>
    Break = 9,

    /// <summary>The mark that makes a question of a statement.</summary>
    Question = 10,

    /// <summary>Whose.</summary>
    Possessive = 11,

    /// <summary>An article, where it may say something.</summary>
    Article = 12,
}

/// <summary>What is said of a unit beside its text. Those below 16 are part of the key, all of them of the features.</summary>
[Flags]
internal enum Marks : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Its capital makes another word of it.</summary>
    Capital = 1,

    /// <summary>It is written in capitals.</summary>
    Acronym = 2,

    /// <summary>It might be either: the text does not say.</summary>
    AnyCase = 4,

    /// <summary>It is written so, letter by letter.</summary>
    Exact = 8,

    /// <summary>It carries structure.</summary>
    Function = 16,

    /// <summary>It rarely narrows a question.</summary>
    Harmless = 32,

    /// <summary>It turns what follows around.</summary>
    Negation = 64,

    /// <summary>A verb, a noun or both.</summary>
    Verb = 128,
}

/// <summary>A unit as the guard compares it.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Marks">What is said of it.</param>
/// <param name="Text">The hash of its text.</param>
/// <param name="Sense">The hash of what stands for it and its synonyms, or for the word that a misspelled one was meant to be.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct GuardUnit(UnitKind Kind, Marks Marks, ulong Text, ulong Sense);

/// <summary>Takes units: their bytes for the key, and where a list is given their features.</summary>
internal ref struct UnitWriter(List<GuardUnit>? features)
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4096);
    private int _length;

    /// <summary>Whether more than the key is wanted.</summary>
    public readonly bool Features => features is not null;

    /// <summary>Adds one.</summary>
    public void Add(UnitKind kind, Marks marks, scoped ReadOnlySpan<char> text, scoped ReadOnlySpan<char> sense)
    {
        int bytes = text.Length * sizeof(char);
        if (_length + bytes + 4 > _buffer.Length)
            Grow(bytes + 4);
        _buffer[_length] = (byte)kind;
        _buffer[_length + 1] = (byte)((byte)marks & 15);
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(_length + 2), (ushort)text.Length);
        MemoryMarshal.AsBytes(text).CopyTo(_buffer.AsSpan(_length + 4));
        _length += bytes + 4;
        if (features is null)
            return;
        ulong hash = Hash(text);
        features.Add(new GuardUnit(kind, marks, hash, sense.IsEmpty ? hash : Hash(sense)));
    }

    /// <summary>The key of all units.</summary>
    public readonly void Key(Span<byte> key32)
    {
        SHA256.HashData(_buffer.AsSpan(0, _length), key32);
    }

    /// <summary>Begins with the version, so that keys of different rules never meet.</summary>
    public void Begin()
    {
        _buffer[0] = Folding.Version;
        _length = 1;
    }

    /// <summary>Gives the memory back, without what was in it.</summary>
    public void Free()
    {
        _buffer.AsSpan(0, _length).Clear();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    /// <summary>FNV-1a over UTF-16, with its bits mixed.</summary>
    internal static ulong Hash(scoped ReadOnlySpan<char> text)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in text)
            hash = (hash ^ c) * 1099511628211;
        hash ^= hash >> 32;
        hash *= 0xd6e8feb86659fd93;
        return hash ^ (hash >> 32);
    }

    private void Grow(int bytes)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent((_length + bytes) * 2);
        _buffer.AsSpan(0, _length).CopyTo(larger);
        Free();
        _buffer = larger;
    }
}

using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Perigee.Caching.Semantic;

/// <summary>A question as the guards see it: its units as hashes, and the key of all of them. The text is not in it.</summary>
internal sealed class FoldedText
{
    private const int KeyBytes = 32;
    private const int HeadBytes = 1 + sizeof(ushort) + KeyBytes;
    private const int UnitBytes = 2 + sizeof(ulong);
    private const byte HasSense = 128;

    private readonly GuardUnit[] _units;
    private readonly byte[] _key;

    private FoldedText(byte[] key, GuardUnit[] units)
    {
        _key = key;
        _units = units;
    }

    /// <summary>SHA-256 of the version and all units: equal keys are equal questions, and nothing else has to be asked.</summary>
    public ReadOnlySpan<byte> Key => _key;

    /// <summary>What is asked, in its order.</summary>
    internal ReadOnlySpan<GuardUnit> Units => _units;

    /// <summary>Folds a question.</summary>
    /// <param name="text">The question.</param>
    /// <param name="rules">What may be folded.</param>
    /// <param name="folded">The question, folded.</param>
    /// <param name="refusal">Why it stays exact.</param>
    public static bool TryFold(ReadOnlySpan<char> text, in FoldRules rules, [NotNullWhen(true)] out FoldedText? folded, out FoldRefusal refusal)
    {
        List<GuardUnit> units = new(32);
        UnitWriter writer = new(units);
        try
        {
            writer.Begin();
            refusal = Folding.Fold(text, rules, ref writer);
            folded = null;
            if (refusal != FoldRefusal.None)
                return false;
            byte[] key = new byte[KeyBytes];
            writer.Key(key);
            folded = new FoldedText(key, [.. units]);
            return true;
        }
        finally
        {
            writer.Free();
        }
    }

    /// <summary>The units in bytes, to be kept: version, count, key, units (kind, marks, hash of the text, hash of the sense where it is another), check sum.</summary>
    public byte[] ToFeatures()
    {
        int length = HeadBytes + sizeof(uint);
        foreach (ref readonly GuardUnit unit in _units.AsSpan())
            length += UnitBytes + (unit.Sense == unit.Text ? 0 : sizeof(ulong));
        byte[] bytes = new byte[length];
        bytes[0] = Folding.Version;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(1), (ushort)_units.Length);
        _key.CopyTo(bytes.AsSpan(3));
        int at = HeadBytes;
        foreach (ref readonly GuardUnit unit in _units.AsSpan())
        {
            bool sense = unit.Sense != unit.Text;
            bytes[at] = (byte)((byte)unit.Kind | (sense ? HasSense : 0));
            bytes[at + 1] = (byte)unit.Marks;
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at + 2), unit.Text);
            at += UnitBytes;
            if (!sense)
                continue;
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), unit.Sense);
            at += sizeof(ulong);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), CheckSum(bytes.AsSpan(0, at)));
        return bytes;
    }

    /// <summary>The units of bytes that were kept; null where those are damaged or of another version.</summary>
    public static FoldedText? FromFeatures(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeadBytes + sizeof(uint) || bytes[0] != Folding.Version
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^sizeof(uint)..]) != CheckSum(bytes[..^sizeof(uint)]))
            return null;
        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[1..]);
        byte[] key = bytes.Slice(3, KeyBytes).ToArray();
        ReadOnlySpan<byte> rest = bytes[HeadBytes..^sizeof(uint)];
        if (rest.Length < count * UnitBytes)
            return null;
        GuardUnit[] units = new GuardUnit[count];
        for (int i = 0; i < count; i++)
        {
            bool hasSense = rest.Length > 0 && (rest[0] & HasSense) != 0;
            int length = UnitBytes + (hasSense ? sizeof(ulong) : 0);
            if (rest.Length < length)
                return null;
            ulong text = BinaryPrimitives.ReadUInt64LittleEndian(rest[2..]);
            units[i] = new GuardUnit((UnitKind)(rest[0] & ~HasSense), (Marks)rest[1], text, hasSense ? BinaryPrimitives.ReadUInt64LittleEndian(rest[UnitBytes..]) : text);
            rest = rest[length..];
        }

        return rest.IsEmpty ? new FoldedText(key, units) : null;
    }

    private static uint CheckSum(ReadOnlySpan<byte> bytes)
    {
        ulong hash = 14695981039346656037;
        foreach (byte b in bytes)
            hash = (hash ^ b) * 1099511628211;
        return (uint)(hash ^ (hash >> 32));
    }
}

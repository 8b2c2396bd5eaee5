using System.Buffers.Binary;

namespace Perigee.Limits;

/// <summary>What the last slots of a window hold: the newest that has begun and so many before it, and slots to come where slices are counted ahead. Not thread-safe.</summary>
internal sealed class SlotRing
{
    private readonly long[] _amounts;
    private readonly int _ahead;

    /// <summary>An empty ring.</summary>
    /// <param name="slots">The newest slot and those before it that count.</param>
    /// <param name="ahead">How many it holds beyond the newest.</param>
    public SlotRing(int slots, int ahead = 0) => (_amounts, _ahead) = (new long[slots + ahead], ahead);

    /// <summary>The number of the newest slot that has begun; numbers only grow.</summary>
    public long Newest { get; private set; } = long.MinValue;

    /// <summary>What all of them hold.</summary>
    public long Sum { get; private set; }

    /// <summary>What one slot holds: 0 where it is no longer, or not yet, in the ring.</summary>
    public long this[long slot] => IndexOf(slot) is var at and >= 0 ? _amounts[at] : 0;

    /// <summary>Makes this slot the newest, if it is newer: the oldest leave.</summary>
    public void Advance(long slot)
    {
        if (slot <= Newest)
            return;
        long gone = Newest == long.MinValue || slot - Newest >= _amounts.Length ? _amounts.Length : slot - Newest;
        Array.Copy(_amounts, gone, _amounts, 0, _amounts.Length - gone);
        Array.Clear(_amounts, _amounts.Length - (int)gone, (int)gone);
        Newest = slot;
        Sum = 0;
        foreach (long amount in _amounts)
            Sum += amount;
    }

    /// <summary>Adds to a slot of the ring, or takes from it as far as it has.</summary>
    /// <returns>What was added: less than asked where the slot has left the ring or holds less.</returns>
    public long Add(long slot, long amount)
    {
        int at = IndexOf(slot);
        if (at < 0)
            return 0;
        amount = Math.Max(amount, -_amounts[at]);
        _amounts[at] += amount;
        Sum += amount;
        return amount;
    }

    /// <summary>The oldest slot that holds anything.</summary>
    public long? Oldest
    {
        get
        {
            int at = _amounts.AsSpan().IndexOfAnyExcept(0);
            return at < 0 ? null : Newest + _ahead - (_amounts.Length - 1 - at);
        }
    }

    /// <summary>The ring as bytes: the newest slot's number and the amounts, the oldest first.</summary>
    public byte[] Pack()
    {
        byte[] bytes = new byte[8 + (8 * _amounts.Length)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Newest);
        for (int at = 0; at < _amounts.Length; at++)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8 + (8 * at)), _amounts[at]);
        return bytes;
    }

    /// <summary>Reads what <see cref="Pack"/> wrote; nothing where there is nothing or it has another length.</summary>
    public static SlotRing Unpack(byte[]? bytes, int slots, int ahead = 0)
    {
        SlotRing ring = new(slots, ahead);
        if (bytes?.Length != 8 + (8 * ring._amounts.Length))
            return ring;
        ring.Newest = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        for (int at = 0; at < ring._amounts.Length; at++)
        {
            ring._amounts[at] = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8 + (8 * at)));
            ring.Sum += ring._amounts[at];
        }

        return ring;
    }

    private int IndexOf(long slot)
    {
        if (Newest == long.MinValue || slot > Newest + _ahead || Newest + _ahead - slot >= _amounts.Length)
            return -1;
        return (int)(_amounts.Length - 1 - (Newest + _ahead - slot));
    }
}

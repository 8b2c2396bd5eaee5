using System.Buffers.Binary;

namespace Perigee.Limits;

/// <summary>What the last slots of a window hold: the newest and so many before it. Not thread-safe.</summary>
internal sealed class SlotRing
{
    private readonly long[] _amounts;

    /// <summary>An empty ring of so many slots.</summary>
    public SlotRing(int slots) => _amounts = new long[slots];

    /// <summary>The number of the newest slot; numbers only grow.</summary>
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
            return at < 0 ? null : Newest - (_amounts.Length - 1 - at);
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
    public static SlotRing Unpack(byte[]? bytes, int slots)
    {
        SlotRing ring = new(slots);
        if (bytes?.Length != 8 + (8 * slots))
            return ring;
        ring.Newest = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        for (int at = 0; at < slots; at++)
        {
            ring._amounts[at] = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8 + (8 * at)));
            ring.Sum += ring._amounts[at];
        }

        return ring;
    }

    private int IndexOf(long slot)
    {
        if (slot > Newest || Newest - slot >= _amounts.Length)
            return -1;
        return (int)(_amounts.Length - 1 - (Newest - slot));
    }
}

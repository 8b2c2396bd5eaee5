using System.Buffers.Binary;
using Perigee.Storage;

namespace Perigee.Limits;

/// <summary>An instance in a counter's row.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Write">Its latest write: how it knows a write of its own whose reply was lost.</param>
/// <param name="SeenAt">When it wrote that, in UTC ticks of the storage's clock.</param>
/// <param name="Held">Permits that it holds, where the limit is one of concurrency; at home the region that it is in.</param>
internal readonly record struct Holder(uint Id, uint Write, long SeenAt, long Held);

/// <summary>A request of a strict limit that is under way.</summary>
/// <param name="Id">Names it among all: settling it twice finds nothing the second time.</param>
/// <param name="Slot">Where it is counted.</param>
/// <param name="Amount">How much.</param>
/// <param name="Expires">When it is given back if nobody settles it, in UTC ticks of the storage's clock.</param>
internal readonly record struct OpenReservation(long Id, long Slot, long Amount, long Expires);

/// <summary>
/// The durable state of one limit: one row, read by one point read and changed by one conditional write. What it says was taken includes every slice
/// that an instance may still spend. Not thread-safe.
/// </summary>
internal sealed class CounterRow
{
    /// <summary>Open reservations of a strict limit: a row takes no more.</summary>
    public const int MostOpen = 1_500;

    private const int MostHolders = 500;
    private const int HolderBytes = 24;
    private const int OpenBytes = 32;

    /// <summary>An instance that wrote within this time counts as alive where a limit is shared out.</summary>
    private static readonly long Alive = TimeSpan.FromMinutes(2).Ticks;

    /// <summary>An instance that wrote nothing for this long is forgotten.</summary>
    private static readonly long Forgotten = TimeSpan.FromMinutes(30).Ticks;

    private readonly string _partition;
    private readonly string _key;
    private readonly List<long> _regions = [];

    /// <summary>Reads a row, or begins one.</summary>
    /// <param name="partition">Its partition.</param>
    /// <param name="shape">The slots of its rings.</param>
    /// <param name="row">What was read; null where there is none.</param>
    public CounterRow(string partition, LimitShape shape, TableRow? row)
    {
        (_partition, _key, ETag) = (partition, shape.Key, row?.ETag);
        Taken = SlotRing.Unpack(row?.Bytes("taken"), shape.Slots, shape.Ahead);
        Granted = SlotRing.Unpack(row?.Bytes("granted"), shape.Slots);
        TakenAt = row?.Number("takenAt") ?? 0;
        Refiller = (uint)(row?.Number("refiller") ?? 0);
        RefillerUntil = row?.Number("refillerUntil") ?? 0;
        HomeSpent = row?.Number("homeSpent") ?? 0;
        HomeOutUntil = row?.Number("homeOutUntil") ?? 0;
        HomeSeenAt = row?.Number("homeSeenAt") ?? 0;
        HomeRegions = (int)(row?.Number("homeRegions") ?? 1);
        ReadOnlySpan<byte> regions = row?.Bytes("regions");
        for (; regions.Length >= sizeof(long); regions = regions[sizeof(long)..])
            _regions.Add(BinaryPrimitives.ReadInt64LittleEndian(regions));
        ReadOnlySpan<byte> holders = row?.Bytes("holders");
        for (; holders.Length >= HolderBytes; holders = holders[HolderBytes..])
        {
            Holders.Add(new Holder(
                BinaryPrimitives.ReadUInt32LittleEndian(holders), BinaryPrimitives.ReadUInt32LittleEndian(holders[4..]),
                BinaryPrimitives.ReadInt64LittleEndian(holders[8..]), BinaryPrimitives.ReadInt64LittleEndian(holders[16..])));
        }

        ReadOnlySpan<byte> open = row?.Bytes("open");
        for (; open.Length >= OpenBytes; open = open[OpenBytes..])
        {
            Open.Add(new OpenReservation(
                BinaryPrimitives.ReadInt64LittleEndian(open), BinaryPrimitives.ReadInt64LittleEndian(open[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(open[16..]), BinaryPrimitives.ReadInt64LittleEndian(open[24..])));
        }
    }

    /// <summary>The version that was read or written last; null where there is no row yet.</summary>
    public string? ETag { get; set; }

    /// <summary>What was taken, by slot.</summary>
    public SlotRing Taken { get; }

    /// <summary>In a region's row: what the home region granted, by slot.</summary>
    public SlotRing Granted { get; }

    /// <summary>When something was taken last, in UTC ticks.</summary>
    public long TakenAt { get; set; }

    /// <summary>In a region's row: the instance that asks the home region now.</summary>
    public uint Refiller { get; set; }

    /// <summary>Until when it may; afterwards another takes over.</summary>
    public long RefillerUntil { get; set; }

    /// <summary>In a region's row: what the home region's window held when it was seen last.</summary>
    public long HomeSpent { get; set; }

    /// <summary>In a region's row: until when the home region need not be asked, because nothing is left.</summary>
    public long HomeOutUntil { get; set; }

    /// <summary>In a region's row: when the home region answered last, in UTC ticks of its clock.</summary>
    public long HomeSeenAt { get; set; }

    /// <summary>In a region's row: regions that the home region had seen when it was asked last; never fewer than it said before in the same window.</summary>
    public int HomeRegions { get; set; }

    /// <summary>The instances.</summary>
    public List<Holder> Holders { get; } = [];

    /// <summary>Requests of a strict limit under way.</summary>
    public List<OpenReservation> Open { get; } = [];

    /// <summary>What an instance wrote last.</summary>
    public Holder HolderOf(uint id)
    {
        foreach (Holder holder in Holders)
        {
            if (holder.Id == id)
                return holder;
        }

        return default;
    }

    /// <summary>Notes an instance's write, and forgets who is long gone.</summary>
    public void Note(Holder noted)
    {
        Holders.RemoveAll(holder => holder.Id == noted.Id || noted.SeenAt - holder.SeenAt > Forgotten);
        if (Holders.Count >= MostHolders)
            Holders.Remove(Holders.MinBy(static holder => holder.SeenAt));
        Holders.Add(noted);
    }

    /// <summary>Permits of other instances that have not lapsed.</summary>
    public long HeldByOthers(uint id, long grace, long now)
    {
        long held = 0;
        foreach (Holder holder in Holders)
            held += holder.Id != id && holder.SeenAt + grace > now ? holder.Held : 0;
        return held;
    }

    /// <summary>How many instances are alive, this one included.</summary>
    public int Instances(uint id, long now)
    {
        int alive = 1;
        foreach (Holder holder in Holders)
            alive += holder.Id != id && now - holder.SeenAt < Alive ? 1 : 0;
        return alive;
    }

    /// <summary>
    /// At home: how many regions asked since the window was empty, this one included. None of them is forgotten before that: it may still count on its share.
    /// </summary>
    public int Regions(long region)
    {
        if (Taken.Sum == 0)
            _regions.Clear();
        if (!_regions.Contains(region))
            _regions.Add(region);
        return _regions.Count;
    }

    /// <summary>Gives back what is reserved and was not settled in time.</summary>
    public void Expire(long now)
    {
        for (int at = Open.Count - 1; at >= 0; at--)
        {
            if (Open[at].Expires > now)
                continue;
            Taken.Add(Open[at].Slot, -Open[at].Amount);
            Open.RemoveAt(at);
        }
    }

    /// <summary>The row to write.</summary>
    public TableRow Pack()
    {
        TableRow row = new TableRow(_partition, _key) { ETag = ETag }.Set("taken", Taken.Pack()).Set("takenAt", TakenAt);
        byte[] holders = new byte[Holders.Count * HolderBytes];
        Span<byte> rest = holders;
        foreach (Holder holder in Holders)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(rest, holder.Id);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[4..], holder.Write);
            BinaryPrimitives.WriteInt64LittleEndian(rest[8..], holder.SeenAt);
            BinaryPrimitives.WriteInt64LittleEndian(rest[16..], holder.Held);
            rest = rest[HolderBytes..];
        }

        row.Set("holders", holders);
        if (Granted.Newest != long.MinValue)
        {
            row.Set("granted", Granted.Pack()).Set("homeSpent", HomeSpent).Set("homeOutUntil", HomeOutUntil).Set("homeRegions", HomeRegions).Set("homeSeenAt", HomeSeenAt)
                .Set("refiller", (long)Refiller).Set("refillerUntil", RefillerUntil);
        }

        if (_regions.Count > 0)
        {
            byte[] regions = new byte[_regions.Count * sizeof(long)];
            for (int at = 0; at < _regions.Count; at++)
                BinaryPrimitives.WriteInt64LittleEndian(regions.AsSpan(at * sizeof(long)), _regions[at]);
            row.Set("regions", regions);
        }

        if (Open.Count == 0)
            return row;
        byte[] open = new byte[Open.Count * OpenBytes];
        rest = open;
        foreach (OpenReservation reservation in Open)
        {
            BinaryPrimitives.WriteInt64LittleEndian(rest, reservation.Id);
            BinaryPrimitives.WriteInt64LittleEndian(rest[8..], reservation.Slot);
            BinaryPrimitives.WriteInt64LittleEndian(rest[16..], reservation.Amount);
            BinaryPrimitives.WriteInt64LittleEndian(rest[24..], reservation.Expires);
            rest = rest[OpenBytes..];
        }

        return row.Set("open", open);
    }
}

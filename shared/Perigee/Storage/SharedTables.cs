namespace Perigee.Storage;

/// <summary>
/// Tables whose rows are the same in all regions: written at home, read by requests in their own region, where the publisher brings them.
/// In a gateway of one region both are the same table.
/// </summary>
/// <param name="own">This region's storage.</param>
/// <param name="regions">The other regions.</param>
/// <param name="time">The clock.</param>
internal sealed class SharedTables(IStorage own, RegionStorages regions, TimeProvider time)
{
    /// <summary>The table in which changes to shared rows are announced: partition <see cref="ChangesPartition"/>, UUIDv7.</summary>
    public const string Changes = "changes";

    /// <summary>The only partition of <see cref="Changes"/>.</summary>
    public const string ChangesPartition = "feed";

    /// <summary>The tables that are published to the regions.</summary>
    public static IReadOnlyList<string> Published { get; } = ["keys", "owners", "adminkeys", "secrets", "configuration"];

    /// <summary>Those of a gateway of one region.</summary>
    public static SharedTables OfOne(IStorage storage) => new(storage, RegionStorages.None, TimeProvider.System);

    /// <summary>The home region's storage, which may be this one's.</summary>
    public IStorage HomeStorage { get; } = regions.Home ?? own;

    /// <summary>Whether this region is the home.</summary>
    public bool IsHome { get; } = regions.Home is null;

    /// <summary>The table that this region's requests read.</summary>
    public ITable Own(string name) => own.Table(name);

    /// <summary>The table that management reads and writes: each write to it is announced to the publisher first.</summary>
    /// <param name="name">One of <see cref="Published"/>.</param>
    public ITable Home(string name)
    {
        ITable table = HomeStorage.Table(name);
        return regions.Several ? new AnnouncedTable(name, table, HomeStorage.Table(Changes), time) : table;
    }
}

namespace Perigee.Storage;

/// <summary>The storages of other regions that this process may reach. Each region is complete by itself; these carry what is the same in all.</summary>
public sealed record RegionStorages
{
    /// <summary>There is one region only.</summary>
    public static RegionStorages None { get; } = new();

    /// <summary>The home region's storage, where keys, configuration and budgets of all regions are written; null where this is the home.</summary>
    public IStorage? Home { get; init; }

    /// <summary>The regions that this one publishes to, where it is their home.</summary>
    public IReadOnlyList<RegionStorage> Others { get; init; } = [];

    /// <summary>Whether there is more than one region.</summary>
    public bool Several => Home is not null || Others.Count > 0;
}

/// <summary>Another region and its storage.</summary>
/// <param name="Region">Its name.</param>
/// <param name="Storage">Where its instances read.</param>
public sealed record RegionStorage(string Region, IStorage Storage);

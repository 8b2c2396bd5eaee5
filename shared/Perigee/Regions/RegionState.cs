using Perigee.Storage;

namespace Perigee.Regions;

/// <summary>
/// What a region knows of its publisher: table <c>published</c>, partition <c>state</c>, row <c>current</c>. The version changes with every row that
/// was brought; the time is written again every few seconds, so that its age is that of what the region knows.
/// </summary>
/// <param name="Version">Changes with every change.</param>
/// <param name="PublishedAt">When the publisher last was here.</param>
internal sealed record RegionState(string Version, DateTimeOffset PublishedAt)
{
    /// <summary>The table.</summary>
    public const string Table = "published";

    private const string Partition = "state";
    private const string Row = "current";

    /// <summary>Reads a region's; null where nothing was ever published to it.</summary>
    /// <exception cref="StorageException">The storage does not answer.</exception>
    public static async ValueTask<RegionState?> FindAsync(IStorage storage, CancellationToken cancel) =>
        await storage.Table(Table).FindAsync(Partition, Row, cancel) is { } row
            ? new RegionState(row.Text("version") ?? "", row.Moment("at") ?? default)
            : null;

    /// <summary>Writes it.</summary>
    /// <exception cref="StorageException">The storage does not answer.</exception>
    public async ValueTask WriteAsync(IStorage storage, CancellationToken cancel) => await storage.Table(Table).WriteAsync(
        new TableRow(Partition, Row).Set("version", Version).Set("at", PublishedAt), WriteWhen.Always, cancel);
}

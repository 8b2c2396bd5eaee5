using System.Globalization;
using Perigee.Storage;

namespace Perigee.Caching.Near;

/// <summary>
/// Whole namespaces as blobs, so that a new instance need not read every change of a day:
/// <c>v1/{namespace}/{until when}-{instance}/{part}-of-{parts}</c>. One whose parts are not all there is not looked at.
/// </summary>
internal sealed class NearSnapshots(IBlobs blobs, string instance, NearCounts counts)
{
    private const string Root = "v1/";
    private const string MediaType = "application/octet-stream";

    /// <summary>How many snapshots of a namespace stay: one that is being read must not vanish.</summary>
    private const int Kept = 2;

    /// <summary>Writes a snapshot and removes those that it makes needless.</summary>
    public async ValueTask WriteAsync(NearSpace space, NearIndex index, DateTimeOffset until, CancellationToken cancel)
    {
        string folder = string.Create(CultureInfo.InvariantCulture, $"{Root}{space.Hash}/{until.UtcTicks:D19}-{instance}/");
        (NearEntry Entry, sbyte[] Vector)[] entries = [.. index.ReadAll()];
        int parts = Math.Max(1, (entries.Length + NearSnapshotPart.MostEntries - 1) / NearSnapshotPart.MostEntries);
        for (int part = 0; part < parts; part++)
        {
            ArraySegment<(NearEntry, sbyte[])> some = new(entries, part * NearSnapshotPart.MostEntries,
                Math.Min(NearSnapshotPart.MostEntries, entries.Length - (part * NearSnapshotPart.MostEntries)));
            string name = string.Create(CultureInfo.InvariantCulture, $"{folder}{part:D4}-of-{parts:D4}");
            await blobs.WriteAsync(name, NearSnapshotPart.Write(space.Embedder.Version, index.Stride, some), MediaType, cancel);
        }

        counts.AddSnapshot();
        foreach ((_, List<string> names) in (await ListAsync(Root + space.Hash + "/", cancel)).SkipLast(Kept))
            await RemoveAsync(names, cancel);
    }

    /// <summary>Reads the newest snapshot into a namespace.</summary>
    /// <returns>Up to when it reaches, or null where there is none.</returns>
    public async ValueTask<DateTimeOffset?> ReadAsync(NearSpace space, CancellationToken cancel)
    {
        foreach ((long until, List<string> names) in (await ListAsync(Root + space.Hash + "/", cancel)).Reverse())
        {
            if (!IsWhole(names))
                continue;
            bool damaged = false;
            foreach (string name in names)
                damaged |= !await ReadPartAsync(space, name, cancel);

            // What was whole stays; what was not may stand in the one before, and in the changes since then.
            if (!damaged)
                return new DateTimeOffset(until, TimeSpan.Zero);
        }

        return null;
    }

    /// <summary>Removes all snapshots, of whatever namespace, that reach no further than this.</summary>
    public async ValueTask RemoveBeforeAsync(DateTimeOffset time, CancellationToken cancel)
    {
        foreach ((long until, List<string> names) in await ListAsync(Root, cancel))
        {
            if (until < time.UtcTicks)
                await RemoveAsync(names, cancel);
        }
    }

    private async ValueTask<bool> ReadPartAsync(NearSpace space, string name, CancellationToken cancel)
    {
        await using Stream? stream = await blobs.OpenAsync(name, cancel);
        if (stream is null)
            return false;
        using MemoryStream content = new();
        byte[] buffer = new byte[64 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancel)) > 0 && content.Length < NearSnapshotPart.MostBytes;)
            content.Write(buffer, 0, read);
        if (NearSnapshotPart.Read(content.GetBuffer().AsSpan(0, (int)content.Length)) is not { } part)
        {
            counts.AddDamaged();
            return false;
        }

        if (part.Version != space.Embedder.Version)
        {
            counts.AddForeign();
            return true;
        }

        foreach (NearDelta entry in part.Entries)
            space.Apply(entry);
        return true;
    }

    /// <summary>Snapshots by the time that they reach to, oldest first, with the names of their parts.</summary>
    private async ValueTask<SortedList<long, List<string>>> ListAsync(string prefix, CancellationToken cancel)
    {
        SortedDictionary<long, List<string>> found = [];
        await foreach (BlobItem blob in blobs.ListAsync(prefix, cancel))
        {
            string[] segments = blob.Name.Split('/');
            if (segments.Length != 4 || segments[2].Length < 20
                || !long.TryParse(segments[2].AsSpan(0, 19), NumberStyles.None, CultureInfo.InvariantCulture, out long until)
                || until > DateTimeOffset.MaxValue.UtcTicks)
            {
                continue;
            }

            if (!found.TryGetValue(until, out List<string>? names))
                found.Add(until, names = []);
            names.Add(blob.Name);
        }

        return new SortedList<long, List<string>>(found);
    }

    private static bool IsWhole(List<string> names) =>
        int.TryParse(names[0].AsSpan(names[0].LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int parts) && parts == names.Count;

    private async ValueTask RemoveAsync(List<string> names, CancellationToken cancel)
    {
        foreach (string name in names)
            await blobs.RemoveAsync(name, cancel);
    }
}

using Perigee.Storage;

namespace Perigee.Caching.Store;

/// <summary>
/// Drops the buckets that are over: table, blobs, and last the registry's row, so that whoever comes after a crash goes on with it. Two instances
/// never clean at the same time.
/// </summary>
internal sealed class BucketSweeper(IStorage storage, BucketRegistry registry, string instance, TimeProvider time)
{
    /// <summary>The container of bodies that fit no row.</summary>
    public const string Container = "cache";

    /// <summary>Cleans up what there is to be cleaned.</summary>
    /// <param name="alsoClean">More to be done by the one who cleans: old rows of other kinds.</param>
    /// <param name="cancel">Stops; the next one goes on.</param>
    /// <returns>The buckets dropped; null where another instance is at it.</returns>
    public async ValueTask<int?> SweepAsync(Func<CancellationToken, ValueTask>? alsoClean, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        List<string> over = [.. (await registry.ListAsync(cancel)).Where(bucket => bucket.Until <= now).Select(static bucket => bucket.Name)];
        if (over.Count == 0)
            return 0;
        SweepLease lease = new(storage.Table(BucketRegistry.StateTable), instance, time);
        if (!await lease.TakeAsync(cancel))
            return null;
        int dropped = 0;
        foreach (string name in over)
        {
            if (!await KeepAsync(lease, cancel))
                return dropped;
            await storage.DropTableAsync(name, cancel);
            if (!await RemoveBlobsAsync(name, lease, cancel))
                return dropped;
            await registry.ForgetAsync(name, cancel);
            dropped++;
        }

        if (alsoClean is not null && await KeepAsync(lease, cancel))
            await alsoClean(cancel);
        await lease.ReleaseAsync(cancel);
        return dropped;
    }

    private async ValueTask<bool> RemoveBlobsAsync(string bucket, SweepLease lease, CancellationToken cancel)
    {
        IBlobs blobs = storage.Blobs(Container);
        await foreach (BlobItem blob in blobs.ListAsync(bucket + "/", cancel))
        {
            if (!await KeepAsync(lease, cancel))
                return false;
            await blobs.RemoveAsync(blob.Name, cancel);
        }

        return true;
    }

    /// <summary>Half of the lease is left for what is done next, else it is renewed.</summary>
    private static async ValueTask<bool> KeepAsync(SweepLease lease, CancellationToken cancel) => !lease.IsOld || await lease.TakeAsync(cancel);
}

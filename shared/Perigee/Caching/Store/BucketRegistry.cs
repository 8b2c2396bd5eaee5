using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Perigee.Storage;

namespace Perigee.Caching.Store;

/// <summary>
/// Which buckets there are, so that whoever comes after their end can clean up: a row each, written by every instance before its own first write
/// to the bucket. So no table or blob is ever without one, whatever crashes.
/// </summary>
internal sealed partial class BucketRegistry(ITable state)
{
    /// <summary>The table of the cache's own state: buckets, leases, stamps, counts.</summary>
    public const string StateTable = "cachestate";

    private const string Partition = "buckets";

    /// <summary>After its end a bucket is left alone for a while: clocks differ, and a write may be under way.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<Bucket, bool> _known = new();

    /// <summary>Says that there is, or is about to be, something in the bucket.</summary>
    public async ValueTask RegisterAsync(Bucket bucket, CancellationToken cancel)
    {
        if (_known.ContainsKey(bucket))
            return;
        await state.WriteAsync(new TableRow(Partition, bucket.Name).Set("until", bucket.End + Grace), WriteWhen.Always, cancel);
        foreach (Bucket old in _known.Keys)
        {
            if (old.End + Grace < bucket.End - TimeSpan.FromHours(2 * bucket.Hours))
                _known.TryRemove(old, out _);
        }

        _known[bucket] = true;
    }

    /// <summary>All that are registered, with the moment from when they may be dropped.</summary>
    public async ValueTask<List<(string Name, DateTimeOffset Until)>> ListAsync(CancellationToken cancel)
    {
        List<(string, DateTimeOffset)> buckets = [];
        await foreach (TableRow row in state.ReadAsync(Partition, null, null, cancel))
        {
            // A table's name, and nothing that a damaged row may make of it.
            if (row.Moment("until") is { } until && BucketName().IsMatch(row.Row))
                buckets.Add((row.Row, until));
        }

        return buckets;
    }

    /// <summary>Forgets a bucket of which nothing is left.</summary>
    public async ValueTask ForgetAsync(string name, CancellationToken cancel) => await state.RemoveAsync(Partition, name, null, cancel);

    [GeneratedRegex("^cache[0-9]{1,3}h[0-9]{1,9}\\z")]
    private static partial Regex BucketName();
}

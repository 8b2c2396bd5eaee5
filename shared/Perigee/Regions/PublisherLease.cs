using Perigee.Storage;

namespace Perigee.Regions;

/// <summary>
/// Lets one instance of the home region publish, so that not each of them does the same work. It saves work and nothing else: two who publish at once
/// do no harm (see <see cref="RegionCopy"/>). Table <c>published</c>, partition <c>lease</c>, row <c>publisher</c>.
/// </summary>
internal sealed class PublisherLease(IStorage storage, string instance, TimeProvider time)
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(8);

    private readonly ITable _table = storage.Table(RegionState.Table);
    private DateTimeOffset _until;

    /// <summary>Whether this instance publishes now: takes the lease or prolongs it.</summary>
    /// <exception cref="StorageException">The storage does not answer.</exception>
    public async ValueTask<bool> HoldAsync(CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (_until - now > Length / 2)
            return true;
        TableRow? found = await _table.FindAsync("lease", "publisher", cancel);
        if (found is not null && found.Text("instance") != instance && found.Moment("until") > now)
        {
            _until = default;
            return false;
        }

        TableRow row = new TableRow("lease", "publisher") { ETag = found?.ETag }.Set("instance", instance).Set("until", now + Length);
        bool held = (await _table.WriteAsync(row, found is null ? WriteWhen.Absent : WriteWhen.Unchanged, cancel)).Written;
        _until = held ? now + Length : default;
        return held;
    }

    /// <summary>Lets the next one begin at once.</summary>
    public async ValueTask ReleaseAsync(CancellationToken cancel)
    {
        if (_until == default)
            return;
        _until = default;
        if (await _table.FindAsync("lease", "publisher", cancel) is { } found && found.Text("instance") == instance)
            await _table.RemoveAsync("lease", "publisher", found.ETag, cancel);
    }
}

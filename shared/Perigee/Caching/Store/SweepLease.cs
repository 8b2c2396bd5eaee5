using Perigee.Storage;

namespace Perigee.Caching.Store;

/// <summary>The right to clean up: one row that one instance holds for a while. One that dies loses it by the clock.</summary>
internal sealed class SweepLease(ITable state, string holder, TimeProvider time)
{
    private const string Partition = "lease";
    private const string Name = "sweep";
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(2);

    /// <summary>Another's lease counts for longer than it says: clocks differ.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    private string? _etag;

    /// <summary>Until when it is held, as far as this instance knows.</summary>
    public DateTimeOffset Until { get; private set; }

    /// <summary>Takes it, or renews it where it is held. False: somebody else has it.</summary>
    public async ValueTask<bool> TakeAsync(CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (_etag is null)
        {
            TableRow? held = await state.FindAsync(Partition, Name, cancel);
            if (held?.Moment("until") is { } until && until + Skew > now)
                return false;
            _etag = held?.ETag;
        }

        TableRow row = new TableRow(Partition, Name) { ETag = _etag }.Set("holder", holder).Set("until", now + Length);
        WriteResult written = await state.WriteAsync(row, _etag is null ? WriteWhen.Absent : WriteWhen.Unchanged, cancel);
        (_etag, Until) = written.Written ? (written.ETag, now + Length) : (null, default);
        return written.Written;
    }

    /// <summary>Whether it must be renewed before anything longer is begun.</summary>
    public bool IsOld => time.GetUtcNow() > Until - (Length / 2);

    /// <summary>Gives it back.</summary>
    public async ValueTask ReleaseAsync(CancellationToken cancel)
    {
        if (_etag is { } etag)
            await state.RemoveAsync(Partition, Name, etag, cancel);
        _etag = null;
    }
}

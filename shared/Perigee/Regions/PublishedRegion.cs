using Microsoft.Extensions.Logging;
using Perigee.Storage;

namespace Perigee.Regions;

/// <summary>One region as the publisher sees it. The home is one, too: nothing is brought there, but its instances are told of changes.</summary>
/// <param name="name">The region.</param>
/// <param name="storage">Its storage.</param>
/// <param name="copy">Brings rows there; null for the home itself.</param>
/// <param name="time">The clock.</param>
/// <param name="log">The process log.</param>
internal sealed partial class PublishedRegion(string name, IStorage storage, RegionCopy? copy, TimeProvider time, ILogger log)
{
    /// <summary>All shared tables are compared this often: a change that was not announced is found then.</summary>
    public static readonly TimeSpan FullEvery = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    // A write that was announced can land as late as its storage call takes with all its tries.
    private static readonly TimeSpan[] Looks = [.. new[] { 0.0, 1, 2, 5, 10, 20, 40 }.Select(TimeSpan.FromSeconds)];

    private readonly Dictionary<string, int> _looked = new(StringComparer.Ordinal);
    private string _version = "";
    private long? _fullAt;
    private bool _missed;
    private long? _toldAt;
    private string? _error;
    private int _busy;

    /// <summary>The region.</summary>
    public string Name => name;

    /// <summary>When it last was as the home; null where this process does not know.</summary>
    public DateTimeOffset? PublishedAt { get; private set; }

    /// <summary>Why it cannot be published to, or null.</summary>
    public string? Error => Volatile.Read(ref _error);

    /// <summary>Rows that it has and its home does not know: from before it joined.</summary>
    public int Strange { get; private set; }

    /// <summary>Whether all looks at a change were taken.</summary>
    public bool IsDone(string change) => _looked.TryGetValue(change, out int looked) && looked == Looks.Length;

    /// <summary>A change is not announced any more. Where it was not brought in time, everything is compared as soon as the region answers.</summary>
    public void Drop(string change)
    {
        lock (_looked)
        {
            if (!IsDone(change) && copy is not null)
                Volatile.Write(ref _missed, true);
            _looked.Remove(change);
        }
    }

    /// <summary>Brings what is due. Returns at once where the last call is still under way.</summary>
    public async Task PublishAsync(IReadOnlyList<AnnouncedChange> changes, CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref _busy, 1) != 0)
            return;
        try
        {
            long began = time.GetTimestamp();
            bool full = copy is not null && (Volatile.Read(ref _missed) || _fullAt is not { } at || time.GetElapsedTime(at, began) >= FullEvery);
            if (full)
                Volatile.Write(ref _missed, false);
            (Dictionary<string, int> due, HashSet<SharedRow> rows) = Due(changes);
            int changed = 0;
            if (full)
                (changed, Strange) = await copy!.CopyAllAsync(cancel);
            else if (copy is not null)
                changed = await copy.CopyAsync(rows, cancel);
            await TellAsync(copy is null ? due.Count > 0 : changed > 0, cancel);
            if (full)
                _fullAt = began;
            lock (_looked)
            {
                foreach ((string id, int looked) in due)
                    _looked[id] = looked;
            }

            if (Interlocked.Exchange(ref _error, null) is not null)
                LogBack(log, name);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The process stops: whoever publishes next compares everything.
        }
        catch (Exception fault)
        {
            _fullAt = null;
            if (Interlocked.Exchange(ref _error, fault.Message) is null)
                LogDown(log, fault, name);
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    // A change is looked at anew some time after it was announced, and anew after that: the row may be written late.
    private (Dictionary<string, int> Due, HashSet<SharedRow> Rows) Due(IReadOnlyList<AnnouncedChange> changes)
    {
        Dictionary<string, int> due = new(StringComparer.Ordinal);
        HashSet<SharedRow> rows = [];
        lock (_looked)
        {
            foreach (AnnouncedChange change in changes)
            {
                TimeSpan age = time.GetElapsedTime(change.SeenAt);
                int looked = _looked.GetValueOrDefault(change.Id), now = looked;
                while (now < Looks.Length && age >= Looks[now])
                    now++;
                if (now == looked)
                    continue;
                due[change.Id] = now;
                rows.Add(change.Row);
            }
        }

        return (due, rows);
    }

    private async ValueTask TellAsync(bool changed, CancellationToken cancel)
    {
        if (!changed && _version.Length > 0 && _toldAt is { } told && time.GetElapsedTime(told) < Heartbeat)
        {
            PublishedAt = time.GetUtcNow();
            return;
        }

        DateTimeOffset now = time.GetUtcNow();
        if (changed || _version.Length == 0)
            _version = Guid.CreateVersion7(now).ToString("N");
        await new RegionState(_version, now).WriteAsync(storage, cancel);
        _toldAt = time.GetTimestamp();
        PublishedAt = now;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Keys and configuration cannot be published to region {Region}: trying on.")]
    private static partial void LogDown(ILogger log, Exception fault, string region);

    [LoggerMessage(Level = LogLevel.Information, Message = "Region {Region} is published to again.")]
    private static partial void LogBack(ILogger log, string region);
}

/// <summary>A change that was announced.</summary>
/// <param name="Id">The announcement's row.</param>
/// <param name="Row">What is changed.</param>
/// <param name="SeenAt">When this process first saw it (TimeProvider ticks).</param>
internal sealed record AnnouncedChange(string Id, SharedRow Row, long SeenAt);

using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Perigee.Storage;

namespace Perigee.Caching.Near;

/// <summary>Writes changes behind the answers: at once where there are few, in batches where there are many.</summary>
internal sealed partial class NearWriter
{
    private const int MostWaiting = 8192;
    private const int MostBatchBytes = 1024 * 1024;
    private const int MostTries = 5;
    private static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LongPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(400);

    /// <summary>
    /// The longest that a write may take. Rows are named for the time before it, and readers look back only so far
    /// (<see cref="NearSync.Overlap"/>): what would come later could be missed.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly IStorage _storage;
    private readonly NearPlaces _places;
    private readonly string _instance;
    private readonly NearCounts _counts;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Channel<(NearSpace Space, NearDelta Change)> _waiting;
    private long _counter;
    private int _unwritten;

    public NearWriter(IStorage storage, NearPlaces places, string instance, NearCounts counts, TimeProvider time, ILogger log)
    {
        (_storage, _places, _instance, _counts, _time, _log) = (storage, places, instance, counts, time, log);
        _waiting = Channel.CreateBounded<(NearSpace, NearDelta)>(
            new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest },
            _ => Drop());
    }

    /// <summary>Changes that wait to be written, or are being.</summary>
    public int Unwritten => Volatile.Read(ref _unwritten);

    /// <summary>Queues a change.</summary>
    public void Add(NearSpace space, in NearDelta change)
    {
        Interlocked.Increment(ref _unwritten);
        if (!change.Fits || !_waiting.Writer.TryWrite((space, change)))
            Drop();
    }

    private void Drop()
    {
        Interlocked.Decrement(ref _unwritten);
        _counts.AddDropped(1);
    }

    /// <summary>No more comes in.</summary>
    public void Complete() => _waiting.Writer.TryComplete();

    /// <summary>Writes until no more comes in and all is written.</summary>
    public async Task RunAsync(CancellationToken hurry)
    {
        while (await _waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            List<(NearSpace Space, NearDelta Change)> taken = [];
            int bytes = 0;
            while (taken.Count < TableLimits.BatchRows && bytes < MostBatchBytes && _waiting.Reader.TryRead(out (NearSpace Space, NearDelta Change) next))
            {
                taken.Add(next);
                bytes += next.Change.Bytes;
            }

            foreach (IGrouping<NearSpace, (NearSpace Space, NearDelta Change)> group in taken.GroupBy(static item => item.Space))
                await WriteAsync(group.Key, [.. group.Select(static item => item.Change)], hurry);
            Interlocked.Add(ref _unwritten, -taken.Count);
            if (taken.Count > 1)
                await PauseAsync(taken.Count < 50 ? ShortPause : LongPause, hurry);
        }
    }

    /// <summary>Tries for some seconds. A repetition has new names, because its rows must not stand where readers no longer look; readers do not mind.</summary>
    private async Task WriteAsync(NearSpace space, NearDelta[] changes, CancellationToken hurry)
    {
        TimeSpan pause = FirstBackOff;
        for (int attempt = 1; ; attempt++, pause *= 2)
        {
            DateTimeOffset now = _time.GetUtcNow();
            (string table, string partition) = _places.At(space.Hash, now);
            TableWrite[] rows = [.. changes.Select(change => new TableWrite(
                change.ToRow(partition, NearDelta.RowName(now, _instance, ++_counter), space.Embedder.Version), WriteWhen.Always))];
            try
            {
                using CancellationTokenSource patience = new(Patience, _time);
                if (rows.Length == 1)
                    await _storage.Table(table).WriteAsync(rows[0].Row, WriteWhen.Always, patience.Token);
                else
                    await _storage.Table(table).WriteTogetherAsync(rows, patience.Token);
                _counts.AddWritten(rows.Length);
                return;
            }
            catch (Exception e)
            {
                _counts.AddFailure();
                if (attempt == MostTries || e is TableLimitException || hurry.IsCancellationRequested)
                {
                    _counts.AddDropped(rows.Length);
                    LogDropped(_log, rows.Length, e.Message);
                    return;
                }
            }

            await PauseAsync(pause, hurry);
        }
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken hurry) =>
        await Task.Delay(pause, _time, hurry).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} questions are not shared with other instances: {Why}")]
    private static partial void LogDropped(ILogger log, int count, string why);
}

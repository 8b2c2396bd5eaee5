using System.Threading.Channels;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Storage;

namespace Perigee.Caching;

/// <summary>
/// The two tiers of the exact cache: this process's memory, bounded in bytes, then one row of the table <c>cache</c> that all instances
/// share. Rows are written behind the answer. Whatever fails is a miss.
/// </summary>
internal sealed partial class AnswerCache : BackgroundService
{
    private const int MostWaiting = 4096;
    private const int MostBatchBytes = 1024 * 1024;
    private static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LongPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan WritePatience = TimeSpan.FromSeconds(10);

    private readonly ITable _table;
    private readonly MemoryCache _memory;
    private readonly TimeProvider _time;
    private readonly ILogger<AnswerCache> _log;
    private readonly Channel<(CacheKey Key, CachedAnswer Answer)> _waiting;
    private long _missedWrites;

    public AnswerCache(IStorage storage, IGatewayOptions options, TimeProvider time, ILogger<AnswerCache> log)
    {
        _table = storage.Table("cache");
        _time = time;
        _log = log;
        _memory = new MemoryCache(new MemoryCacheOptions { SizeLimit = options.Current.Cache.MemoryBytes, Clock = new Clock(time) });
        _waiting = Channel.CreateBounded<(CacheKey, CachedAnswer)>(
            new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest },
            _ => Interlocked.Increment(ref _missedWrites));
    }

    /// <summary>Answers that could not be shared with other instances.</summary>
    public long MissedWrites => Interlocked.Read(ref _missedWrites);

    /// <summary>The answer in memory, or null.</summary>
    public CachedAnswer? FindInMemory(in CacheKey key) =>
        _memory.TryGetValue(key.Text, out CachedAnswer? answer) && answer!.Expires > _time.GetUtcNow() ? answer : null;

    /// <summary>The answer in the table, or null; also when the table takes longer than the budget or fails.</summary>
    public async ValueTask<CachedAnswer?> FindInTableAsync(CacheKey key, TimeSpan budget, CancellationToken cancel)
    {
        using CancellationTokenSource limit = new(budget, _time);
        using CancellationTokenRegistration gone = cancel.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), limit);
        try
        {
            // The adapter is not trusted to honour the token at once: what it finds later nobody waits for.
            TableRow? row = await _table.FindAsync(key.Partition, key.Row, limit.Token).AsTask().WaitAsync(limit.Token);
            if (row is null || CachedAnswer.FromRow(row) is not { } answer || answer.Expires <= _time.GetUtcNow())
                return null;
            Remember(key, answer);
            return answer;
        }
        catch (Exception e) when (e is StorageException or OperationCanceledException)
        {
            LogMiss(_log, e.Message);
            return null;
        }
    }

    /// <summary>Keeps an answer: in memory at once, in the table soon.</summary>
    public void Keep(CacheKey key, CachedAnswer answer)
    {
        Remember(key, answer);
        _waiting.Writer.TryWrite((key, answer));
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // No more comes in; what waits is written as far as the host's patience goes.
        _waiting.Writer.TryComplete();
        if (ExecuteTask is { } running)
            await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _memory.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            List<TableWrite> rows = Gather();
            if (rows.Count > 0)
                await WriteAsync(rows);

            // A lone answer is shared at once. Under load the next ones wait to go together, up to 500 rows a second: Table Storage takes
            // 2,000 of one partition from all instances together. What comes faster for long drops out of the queue, counted; it stays in
            // this instance's memory, and another instance asks anew.
            if (rows.Count > 1 && !stoppingToken.IsCancellationRequested)
                await Task.Delay(rows.Count < 50 ? ShortPause : LongPause, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Takes what waits, of one partition and each row once, up to what a batch may hold.</summary>
    private List<TableWrite> Gather()
    {
        List<TableWrite> rows = [];
        int bytes = 0;
        while (rows.Count < TableLimits.BatchRows && bytes < MostBatchBytes && _waiting.Reader.TryPeek(out (CacheKey Key, CachedAnswer Answer) next))
        {
            if (rows.Count > 0 && (rows[0].Row.Partition != next.Key.Partition || rows.Exists(row => row.Row.Row == next.Key.Row)))
                break;
            _waiting.Reader.TryRead(out _);
            if (next.Answer.ToRow(next.Key.Partition, next.Key.Row) is not { } made)
            {
                Interlocked.Increment(ref _missedWrites);
                continue;
            }

            rows.Add(new TableWrite(made, WriteWhen.Always));
            bytes += next.Answer.Body.Length;
        }

        return rows;
    }

    private async Task WriteAsync(List<TableWrite> rows)
    {
        try
        {
            using CancellationTokenSource patience = new(WritePatience, _time);
            if (rows.Count == 1)
                await _table.WriteAsync(rows[0].Row, WriteWhen.Always, patience.Token);
            else
                await _table.WriteTogetherAsync(rows, patience.Token);
        }
        catch (Exception e)
        {
            Interlocked.Add(ref _missedWrites, rows.Count);
            LogWrite(_log, e.Message);
        }
    }

    private void Remember(CacheKey key, CachedAnswer answer) =>
        _memory.Set(key.Text, answer, new MemoryCacheEntryOptions { AbsoluteExpiration = answer.Expires, Size = answer.Body.Length + 512 });

    [LoggerMessage(Level = LogLevel.Debug, Message = "A cache look-up became a miss: {Why}")]
    private static partial void LogMiss(ILogger log, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An answer could not be shared with other instances: {Why}")]
    private static partial void LogWrite(ILogger log, string why);

    private sealed class Clock(TimeProvider time) : Microsoft.Extensions.Internal.ISystemClock
    {
        public DateTimeOffset UtcNow => time.GetUtcNow();
    }
}

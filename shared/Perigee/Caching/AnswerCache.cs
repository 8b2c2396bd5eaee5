using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Caching.Store;
using Perigee.Storage;

namespace Perigee.Caching;

/// <summary>
/// The two tiers of the cache: this process's memory, bounded in bytes, then one row of a table that all instances share. Rows are written behind
/// the answer. Whatever fails is a miss.
/// </summary>
internal sealed partial class AnswerCache : BackgroundService
{
    private const int MostWaiting = 4096;

    /// <summary>Bytes of answers that wait to be shared: what is more drops out, the oldest first.</summary>
    private const long MostWaitingBytes = 64 * 1024 * 1024;

    private const int MostBatchBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LongPause = TimeSpan.FromMilliseconds(200);

    private readonly AnswerTable _table;
    private readonly ITextRedactor? _texts;
    private readonly IGatewayOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<AnswerCache> _log;
    private readonly Channel<Waiting> _waiting;
    private long _waitingBytes;
    private long _missedWrites;

    public AnswerCache(
        IStorage storage, IGatewayOptions options, TimeProvider time, ILogger<AnswerCache> log, CacheCounts? counts = null, GatewayHost? host = null,
        ITextRedactor? texts = null)
    {
        (_options, _time, _log, _texts) = (options, time, log, texts);
        Instance = host?.Instance ?? Guid.CreateVersion7().ToString("N")[^8..];
        Counts = counts ?? new CacheCounts(time);
        ITable state = storage.Table(BucketRegistry.StateTable);
        Buckets = new BucketRegistry(state);
        Sweeper = new BucketSweeper(storage, Buckets, Instance, time);
        Stamps = new Stamps(state, Instance, time);
        Breaker = new StorageBreaker(time, log);
        Memory = new ByteCache<string, CachedAnswer>(options.Current.Cache.MemoryBytes, time, StringComparer.Ordinal);
        _table = new AnswerTable(storage, options, Buckets, Breaker, time);
        _waiting = Channel.CreateBounded<Waiting>(
            new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest }, Drop);
    }

    /// <summary>Answers that could not be shared with other instances.</summary>
    public long MissedWrites => Interlocked.Read(ref _missedWrites);

    /// <summary>Answers that are yet to be shared.</summary>
    public int WaitingWrites => _waiting.Reader.Count;

    /// <summary>The tier in memory.</summary>
    public ByteCache<string, CachedAnswer> Memory { get; }

    /// <summary>The invalidations in force.</summary>
    public Stamps Stamps { get; }

    /// <summary>The breaker before the storage.</summary>
    public StorageBreaker Breaker { get; }

    /// <summary>The shared tier's tables.</summary>
    public BucketRegistry Buckets { get; }

    /// <summary>Who drops them.</summary>
    public BucketSweeper Sweeper { get; }

    /// <summary>What the cache did.</summary>
    public CacheCounts Counts { get; }

    /// <summary>Whether it is used, for the upkeep.</summary>
    public Traffic Traffic { get; } = new();

    /// <summary>This process, in rows that it writes.</summary>
    public string Instance { get; }

    /// <summary>The public id of an entry, by which it can be removed: the first 32 hex digits of the SHA-256 of its key.</summary>
    public static string IdOf(in CacheKey key)
    {
        string text = key.Text;
        int most = Encoding.UTF8.GetMaxByteCount(text.Length);
        Span<byte> bytes = most <= 1024 ? stackalloc byte[most] : new byte[most];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(text, bytes)], hash);
        return Convert.ToHexStringLower(hash[..16]);
    }

    /// <summary>The answer in memory, or null.</summary>
    public CachedAnswer? FindInMemory(in CacheKey key)
    {
        Traffic.Note();
        if (Memory.Find(key.Text) is not { } answer)
            return null;
        if (!Stamps.IsStale(answer))
            return answer;
        Memory.Remove(key.Text);
        return null;
    }

    /// <summary>The answer in the table, or null; also when the table takes longer than the budget or fails, and at once while it is taken to be down.</summary>
    public async ValueTask<CachedAnswer?> FindInTableAsync(CacheKey key, TimeSpan budget, CancellationToken cancel)
    {
        Traffic.Note();
        StorageOutcome<CachedAnswer?> outcome = await _table.FindAsync(key, budget, cancel);
        if (outcome.Fault is { } fault)
        {
            if (outcome.TimedOut)
                Counts.Add(CacheScope.None, CacheEvent.TableTimeout);
            if (!outcome.Refused)
                LogMiss(_log, fault.Message);
            return null;
        }

        if (outcome.Value is not { } answer)
            return null;
        answer.Id = IdOf(key);
        if (IsStale(answer))
            return null;
        Remember(key, answer);
        return answer;
    }

    /// <summary>Whether the answer was invalidated. What the two look-ups give is not.</summary>
    public bool IsStale(CachedAnswer answer) => Stamps.IsStale(answer);

    /// <summary>Keeps an answer: in memory at once, in the table soon. A life longer than the most that is allowed is cut.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="replaces">Whether it was asked for although there may be another, which must not come back when this one's life is over.</param>
    public void Keep(CacheKey key, CachedAnswer answer, bool replaces = false)
    {
        DateTimeOffset most = _time.GetUtcNow() + Bucket.MostLife(_options.Current.Cache.MostTtl);
        if (answer.Expires > most)
            answer = answer with { Expires = most };
        Counts.Add(answer.Scope, CacheEvent.Stored);
        Counts.Add(answer.Scope, CacheEvent.StoredBytes, answer.Body.Length);

        // What stands beside the answer in its row: who chose these words may have put anything into them.
        answer = answer with
        {
            Scope = answer.Scope.Hidden(),
            Target = Clean(answer.Target),
            Model = answer.Model is { } model ? Clean(model) : null,
            Dropped = Clean(answer.Dropped),
            ContentType = Clean(answer.ContentType),
            Id = IdOf(key),
        };
        Traffic.Note();
        Remember(key, answer);
        Interlocked.Add(ref _waitingBytes, answer.Body.Length);
        Waiting waiting = new(key, answer, replaces);
        if (!_waiting.Writer.TryWrite(waiting))
            Drop(waiting);
        while (Interlocked.Read(ref _waitingBytes) > MostWaitingBytes && _waiting.Reader.TryRead(out Waiting oldest))
            Drop(oldest);
    }

    /// <summary>Makes entries dead: in this instance at once, in the others within about two seconds.</summary>
    /// <exception cref="StorageException">The others could not be told.</exception>
    public async ValueTask InvalidateAsync(CacheInvalidation what, CancellationToken cancel)
    {
        Traffic.Note();
        await Stamps.AddAsync(what.Hidden(), Bucket.MostLife(_options.Current.Cache.MostTtl), cancel);
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
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            List<Waiting> answers = Gather();
            if (answers.Count > 0)
                await WriteAsync(answers);

            // A lone answer is shared at once. Under load the next ones wait to go together, up to 500 rows a second: Table Storage takes
            // 2,000 of one partition from all instances together. What comes faster for long drops out of the queue, counted; it stays in
            // this instance's memory, and another instance asks anew.
            if (answers.Count > 1 && !stoppingToken.IsCancellationRequested)
                await Task.Delay(answers.Count < 50 ? ShortPause : LongPause, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private List<Waiting> Gather()
    {
        List<Waiting> answers = [];
        long bytes = 0;
        while (answers.Count < TableLimits.BatchRows && bytes < MostBatchBytes && _waiting.Reader.TryRead(out Waiting next))
        {
            answers.Add(next);
            bytes += next.Answer.Body.Length;
            Interlocked.Add(ref _waitingBytes, -next.Answer.Body.Length);
        }

        return answers;
    }

    private async Task WriteAsync(List<Waiting> answers)
    {
        (int missed, string? why) = (answers.Count, (string?)null);
        try
        {
            (missed, why) = await _table.WriteAsync(answers);
        }
        catch (Exception fault)
        {
            why = fault.Message;
        }

        if (missed == 0)
            return;
        Interlocked.Add(ref _missedWrites, missed);
        Counts.Add(CacheScope.None, CacheEvent.MissedWrite, missed);

        // An open breaker has said so itself.
        if (Breaker.State == "closed")
            LogWrite(_log, missed, why ?? "");
    }

    private void Drop(Waiting waiting)
    {
        Interlocked.Add(ref _waitingBytes, -waiting.Answer.Body.Length);
        Interlocked.Increment(ref _missedWrites);
        Counts.Add(CacheScope.None, CacheEvent.MissedWrite);
    }

    private string Clean(string text) => _texts?.Redact(text) ?? text;

    private void Remember(in CacheKey key, CachedAnswer answer) =>
        Memory.Put(key.Text, answer, answer.Body.Length + 512 + (2 * key.Text.Length), answer.Expires);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A cache look-up became a miss: {Why}")]
    private static partial void LogMiss(ILogger log, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Answers} answer(s) could not be shared with other instances: {Why}")]
    private static partial void LogWrite(ILogger log, int answers, string why);
}

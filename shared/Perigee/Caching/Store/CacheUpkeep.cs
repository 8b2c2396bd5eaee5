using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Perigee.Caching.Store;

/// <summary>
/// What has to be done beside the requests, and on none's path: reading what others have invalidated, writing the counts, taking what is dead out
/// of memory, dropping the tables that are over. An instance that is idle and holds nothing does nothing.
/// </summary>
internal sealed partial class CacheUpkeep(AnswerCache cache, CountStore counts, IGatewayOptions options, TimeProvider time, ILogger<CacheUpkeep> log, Random? dice = null)
    : BackgroundService
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(2);

    /// <summary>What is in memory may be asked for at any moment, so an idle instance listens as well, if less often.</summary>
    private static readonly TimeSpan IdleStep = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Busy = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Embedded storage removes a table's rows one by one; the next sweep goes on.</summary>
    private static readonly TimeSpan SweepPatience = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private readonly Random _dice = dice ?? new Random();
    private DateTimeOffset _warned = DateTimeOffset.MinValue;
    private DateTimeOffset _nextMinute;
    private DateTimeOffset _nextSweep;
    private DateTimeOffset _used;
    private long _seen;
    private Task _sweeping = Task.CompletedTask;

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryAsync(WriteCountsAsync, Patience, cancellationToken);
    }

    /// <summary>One round of what is due.</summary>
    public async Task RoundAsync(CancellationToken stopping)
    {
        DateTimeOffset now = time.GetUtcNow();
        cache.Counts.Days(); // A new day begins with the round that sees it.
        await TryAsync(cancel => cache.Stamps.ReadAsync(cancel), Patience, stopping);
        bool minute = now >= _nextMinute;
        if (minute || cache.Stamps.Version != _seen)
        {
            _seen = cache.Stamps.Version;
            cache.Memory.RemoveDead(cache.IsStale);
        }

        if (minute)
        {
            _nextMinute = now + Minute;
            if (cache.Memory.MostBytes != options.Current.Cache.MemoryBytes)
                cache.Memory.MostBytes = options.Current.Cache.MemoryBytes;
            await TryAsync(WriteCountsAsync, Patience, stopping);
        }

        if (now >= _nextSweep && _sweeping.IsCompleted)
        {
            // Jittered, so that instances that were started together do not come together for ever.
            _nextSweep = now + SweepEvery + (SweepEvery * _dice.NextDouble());
            _sweeping = TryAsync(SweepAsync, SweepPatience, stopping);
        }
    }

    /// <summary>The sweep under way.</summary>
    public Task Sweeping => _sweeping;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                await RoundAsync(stoppingToken);
                if (cache.Traffic.Take())
                    _used = time.GetUtcNow();
                bool busy = time.GetUtcNow() - _used < Busy;
                if (!busy && cache.Memory.Count == 0 && !cache.Counts.Changed)
                    await cache.Traffic.WaitAsync(stoppingToken);
                else
                    await WaitAsync(busy ? Step : IdleStep, wakes: !busy, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The process ends.
        }
    }

    private async Task WaitAsync(TimeSpan step, bool wakes, CancellationToken stopping)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task pause = Task.Delay(step, time, over.Token);
        await (wakes ? Task.WhenAny(pause, cache.Traffic.WaitAsync(over.Token).AsTask()) : pause);
        await over.CancelAsync();
        stopping.ThrowIfCancellationRequested();
    }

    private async ValueTask WriteCountsAsync(CancellationToken cancel)
    {
        if (!cache.Counts.Changed)
            return;
        IReadOnlyList<CountDay> days = cache.Counts.Take();
        try
        {
            foreach (CountDay day in days)
                await counts.WriteAsync(day, cancel);
        }
        catch
        {
            cache.Counts.Failed(days);
            throw;
        }
    }

    private async ValueTask SweepAsync(CancellationToken cancel)
    {
        int? dropped = await cache.Sweeper.SweepAsync(
            async stop =>
            {
                await cache.Stamps.CleanAsync(stop);
                await counts.CleanAsync(DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime), stop);
            },
            cancel);
        if (dropped > 0)
            LogSwept(log, dropped.Value);
    }

    /// <summary>The adapter is not trusted to honour the token at once; what becomes of it then is nobody's fault.</summary>
    private async Task TryAsync(Func<CancellationToken, ValueTask> work, TimeSpan most, CancellationToken stopping)
    {
        using CancellationTokenSource patience = new(most, time);
        using CancellationTokenRegistration stop = stopping.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), patience);
        try
        {
            Task running = work(patience.Token).AsTask();
            _ = running.ContinueWith(
                static late => _ = late.Exception, CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            await running.WaitAsync(patience.Token);
        }
        catch (Exception fault)
        {
            if (stopping.IsCancellationRequested || time.GetUtcNow() - _warned < Quiet)
                return;
            _warned = time.GetUtcNow();
            LogDown(log, fault.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cache's upkeep could not reach the storage: {Why}")]
    private static partial void LogDown(ILogger log, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped {Buckets} table(s) of expired answers")]
    private static partial void LogSwept(ILogger log, int buckets);
}

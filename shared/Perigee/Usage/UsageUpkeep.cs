using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Perigee.Usage;

/// <summary>Writes what was counted every few seconds and once more at the end, and removes what is too old every hour. Nothing waits for it.</summary>
internal sealed partial class UsageUpkeep(
    UsageRollups rollups, UsageStore store, UsageSweeper sweeper, IGatewayOptions options, TimeProvider time, ILogger<UsageUpkeep> log, Random? dice = null)
    : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LastChance = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromHours(1);
    private static readonly TimeSpan SweepPatience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(5);

    private DateTimeOffset _warned = DateTimeOffset.MinValue;
    private long _told;
    private Task _sweeping = Task.CompletedTask;

    /// <summary>One round: writes, and lets go of what is over.</summary>
    /// <returns>Whether all is written.</returns>
    public async Task<bool> RoundAsync(TimeSpan patience, CancellationToken stopping)
    {
        bool written = await TryAsync(async cancel => await store.FlushAsync(cancel), patience, stopping);
        rollups.Tidy(time.GetUtcNow());
        if (rollups.LostMinutes is var lost && lost > _told)
        {
            LogLost(log, lost - _told);
            _told = lost;
        }

        return written;
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        for (int attempt = 0; attempt < 2 && !await RoundAsync(LastChance / 2, cancellationToken); attempt++)
        {
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        DateTimeOffset sweep = time.GetUtcNow() + (SweepEvery * (dice ?? new Random()).NextDouble());
        try
        {
            while (true)
            {
                await Task.Delay(options.Current.Usage.FlushAfter, time, stoppingToken);
                await RoundAsync(Patience, stoppingToken);
                if (time.GetUtcNow() < sweep || !_sweeping.IsCompleted)
                    continue;
                sweep = time.GetUtcNow() + SweepEvery;
                _sweeping = TryAsync(async cancel => await sweeper.SweepAsync(options.Current.Usage, cancel), SweepPatience, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end: what is left is written by StopAsync.
        }
    }

    private async Task<bool> TryAsync(Func<CancellationToken, ValueTask> work, TimeSpan patience, CancellationToken stopping)
    {
        using CancellationTokenSource limit = new(patience, time);
        using CancellationTokenRegistration stop = stopping.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), limit);
        try
        {
            // A storage that does not even hear of cancellation must not hold the loop.
            Task running = work(limit.Token).AsTask();
            _ = running.ContinueWith(
                static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            await running.WaitAsync(limit.Token);
            return true;
        }
        catch (Exception fault)
        {
            if (!stopping.IsCancellationRequested && time.GetUtcNow() - _warned >= Quiet)
            {
                _warned = time.GetUtcNow();
                LogDown(log, fault.Message, rollups.Waiting);
            }

            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The storage takes no usage ({Why}; {Waiting} rows wait): trying on.")]
    private static partial void LogDown(ILogger log, string why, int waiting);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Minutes} minutes of usage were given up, as the storage was down for too long; hours and days keep their numbers.")]
    private static partial void LogLost(ILogger log, long minutes);
}

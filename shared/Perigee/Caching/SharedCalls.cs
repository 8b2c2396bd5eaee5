using Microsoft.Extensions.Logging;
using Perigee.Caching.Store;
using Perigee.Storage;

namespace Perigee.Caching;

/// <summary>
/// One call for all instances: who asks writes a row that none may have written before; the others wait for the answer to lie in the table.
/// The row is a lease: its holder may die. It stands in the table of the answers, so it goes with it. Whatever fails means asking oneself.
/// </summary>
internal sealed partial class SharedCalls(IStorage storage, AnswerCache cache, TimeProvider time, ILogger<SharedCalls> log)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Takes the lease, or waits until its holder has answered or given up.</summary>
    /// <returns>The lease, or the answer that came meanwhile.</returns>
    public async ValueTask<SharedCall> TakeAsync(CacheKey key, CacheOptions policy, CancellationToken cancel)
    {
        Bucket bucket = Bucket.At(policy.MostTtl, time.GetUtcNow());
        ITable table = storage.Table(bucket.Name);
        long began = time.GetTimestamp();
        TimeSpan pause = FirstPause;
        try
        {
            while (true)
            {
                StorageOutcome<SharedCall?> taken = await cache.Breaker.AskAsync(
                    (state, stop) => TryTakeAsync(state.Table, state.Bucket, state.Key, state.Lease, stop),
                    (Table: table, Bucket: bucket, Key: key, Lease: policy.CallLease), policy.LookupBudget, cancel);
                if (taken.Fault is { } fault)
                {
                    LogAlone(log, fault.Message);
                    return SharedCall.None;
                }

                if (taken.Value is { } mine)
                    return mine;
                if (time.GetElapsedTime(began) >= policy.CallLease)
                    return SharedCall.None;
                await Task.Delay(pause, time, cancel);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                if (await cache.FindInTableAsync(key, policy.LookupBudget, cancel) is { } answer)
                    return new SharedCall(null, key, "", time) { Answer = answer };
            }
        }
        catch (OperationCanceledException)
        {
            return SharedCall.None;
        }
    }

    private async Task<SharedCall?> TryTakeAsync(ITable table, Bucket bucket, CacheKey key, TimeSpan lease, CancellationToken cancel)
    {
        // No table without somebody who drops it.
        await cache.Buckets.RegisterAsync(bucket, cancel);
        DateTimeOffset now = time.GetUtcNow();
        string name = SharedCall.RowOf(key);
        TableRow row = new TableRow(key.Partition, name).Set("until", now + lease).Set("holder", cache.Instance);
        WriteResult written = await table.WriteAsync(row, WriteWhen.Absent, cancel);
        if (!written.Written)
        {
            TableRow? held = await table.FindAsync(key.Partition, name, cancel);
            if (held is null || held.Moment("until") > now)
                return null;

            // Its holder died: whoever changes the row first holds it.
            row.ETag = held.ETag;
            written = await table.WriteAsync(row, WriteWhen.Unchanged, cancel);
        }

        return written.Written ? new SharedCall(table, key, written.ETag ?? "", time) : null;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "An instance asks alone: {Why}")]
    private static partial void LogAlone(ILogger log, string why);
}

/// <summary>What came of asking for the lease of a call.</summary>
internal sealed class SharedCall(ITable? table, CacheKey key, string etag, TimeProvider time)
{
    /// <summary>Long enough for the answer to be written: who waits finds that, not a lease that is free.</summary>
    private static readonly TimeSpan Written = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Neither a lease nor an answer: one asks oneself.</summary>
    public static SharedCall None { get; } = new(null, default, "", TimeProvider.System);

    /// <summary>What another instance's call brought, or null.</summary>
    public CachedAnswer? Answer { get; init; }

    /// <summary>The lease's row stands beside the answer's.</summary>
    public static string RowOf(in CacheKey key) => "call." + key.Row;

    /// <summary>The call is over.</summary>
    /// <param name="kept">Whether its answer is being written; else the next one may ask at once.</param>
    public void Release(bool kept)
    {
        if (table is not null)
            _ = ReleaseAsync(kept);
    }

    private async Task ReleaseAsync(bool kept)
    {
        try
        {
            if (kept)
                await Task.Delay(Written, time);
            using CancellationTokenSource patience = new(Patience, time);
            await table!.RemoveAsync(key.Partition, RowOf(key), etag.Length == 0 ? null : etag, patience.Token);
        }
        catch (Exception e) when (e is StorageException or OperationCanceledException)
        {
            // It runs out by itself.
        }
    }
}

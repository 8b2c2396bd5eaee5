using System.Security.Cryptography;
using Perigee.Storage;

namespace Perigee.Caching.Store;

/// <summary>
/// The tier that all instances share: one row of the current bucket's table, and a blob where the body fits no row. What one instance has written
/// the next look-up of any other finds.
/// </summary>
internal sealed class AnswerTable(IStorage storage, IGatewayOptions options, BucketRegistry registry, StorageBreaker breaker, TimeProvider time)
{
    private const int MostBatchBytes = 3 * 1024 * 1024;

    /// <summary>Writes to different partitions at a time.</summary>
    private const int Together = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private volatile Current? _current;

    private TimeSpan MostTtl => options.Current.Cache.MostTtl;

    /// <summary>The answer, or null where there is none or it cannot be had within the budget.</summary>
    public ValueTask<StorageOutcome<CachedAnswer?>> FindAsync(CacheKey key, TimeSpan budget, CancellationToken cancel) =>
        breaker.AskAsync(ReadAsync, key, budget, cancel);

    /// <summary>Writes answers. The body of each must not change.</summary>
    /// <returns>How many could not be written, and why the last of them could not.</returns>
    public async Task<(int Missed, string? Why)> WriteAsync(IReadOnlyList<Waiting> answers)
    {
        Batch batch = new(answers.Count);
        for (int i = 0; i < answers.Count; i++)
            await PrepareAsync(batch, i, answers[i]);
        await Parallel.ForEachAsync(
            batch.Split(MostBatchBytes), new ParallelOptions { MaxDegreeOfParallelism = Together }, async (part, _) => await WriteAsync(batch, part));
        return (batch.Missed, batch.Why);
    }

    private async Task PrepareAsync(Batch batch, int index, Waiting waiting)
    {
        (CacheKey key, CachedAnswer answer, bool replaces) = waiting;
        DateTimeOffset now = time.GetUtcNow();
        if (answer.Expires <= now)
            return;
        try
        {
            PackedBody packed = PackedBody.Pack(answer.Body);
            Bucket bucket = Bucket.At(MostTtl, now);
            await PrepareAsync(batch, index, bucket, key, answer, packed);

            // What it replaces may live on in the next bucket, if it was to live longer than this.
            if (answer.Expires > bucket.End || replaces)
                await PrepareAsync(batch, index, bucket.Next, key, answer, packed);
        }
        catch (Exception fault)
        {
            batch.Miss(index, fault.Message);
        }
    }

    private async Task PrepareAsync(Batch batch, int index, Bucket bucket, CacheKey key, CachedAnswer answer, PackedBody packed)
    {
        string? blob = packed.Stored.Length <= RowBody.MaxBytes ? null : $"{bucket.Name}/{Convert.ToHexStringLower(SHA256.HashData(packed.Stored.Span))}";
        TableRow row = AnswerRow.Write(key, answer, packed, blob);

        // A row that Table Storage would refuse must not take the others of its batch with it.
        int size = TableLimits.Check(row);
        StorageOutcome<bool> outcome = await breaker.AskAsync(
            async (state, cancel) =>
            {
                await registry.RegisterAsync(state.Bucket, cancel);
                return state.Blob is null || await storage.Blobs(BucketSweeper.Container).WriteAsync(state.Blob, state.Stored, "application/octet-stream", cancel);
            },
            (Bucket: bucket, Blob: blob, packed.Stored), Patience, CancellationToken.None);
        if (outcome.Fault is { } fault)
            batch.Miss(index, fault.Message);
        else
            batch.Add(bucket, row, size, index);
    }

    private async Task WriteAsync(Batch batch, Batch.Part part)
    {
        StorageOutcome<bool> outcome = await breaker.AskAsync(
            async (state, cancel) =>
            {
                ITable table = TableOf(state.Bucket);
                if (state.Rows.Count == 1)
                    await table.WriteAsync(state.Rows[0].Row, WriteWhen.Always, cancel);
                else
                    await table.WriteTogetherAsync(state.Rows, cancel);
                return true;
            },
            part, Patience, CancellationToken.None);
        if (outcome.Fault is not { } fault)
            return;
        foreach (int index in part.Indexes)
            batch.Miss(index, fault.Message);
    }

    private async Task<CachedAnswer?> ReadAsync(CacheKey key, CancellationToken cancel)
    {
        TableRow? row = await TableOf(Bucket.At(MostTtl, time.GetUtcNow())).FindAsync(key.Partition, key.Row, cancel);
        if (row is null || row.Moment("expires") is not { } expires || expires <= time.GetUtcNow())
            return null;
        ReadOnlyMemory<byte>? body = null;
        if (AnswerRow.BlobOf(row) is { } blob)
        {
            body = await ReadAsync(blob.Name, blob.Length, cancel);
            if (body is null)
                return null;
        }

        return AnswerRow.Read(row, body);
    }

    /// <summary>The blob's bytes, or null where it has more or fewer than the row says.</summary>
    private async Task<ReadOnlyMemory<byte>?> ReadAsync(string name, int length, CancellationToken cancel)
    {
        if (!IsOurs(name))
            return null;
        await using Stream? blob = await storage.Blobs(BucketSweeper.Container).OpenAsync(name, cancel);
        if (blob is null)
            return null;
        byte[] bytes = new byte[length];
        try
        {
            bool whole = await blob.ReadAtLeastAsync(bytes, length, throwOnEndOfStream: false, cancel) == length;
            return whole && await blob.ReadAsync(new byte[1], cancel) == 0 ? bytes : null;
        }
        catch (IOException fault)
        {
            throw new StorageException(fault.Message, fault);
        }
    }

    /// <summary>A damaged row must not make a name that the adapter refuses with an exception of its own.</summary>
    private static bool IsOurs(string name) =>
        name.Length < 200 && name.StartsWith("cache", StringComparison.Ordinal) && name.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash
        && slash + 1 < name.Length && !name.AsSpan(0, slash).ContainsAnyExceptInRange('0', 'z') && !name.AsSpan(slash + 1).ContainsAnyExceptInRange('0', 'f');

    private ITable TableOf(Bucket bucket)
    {
        if (_current is { } current && current.Bucket == bucket)
            return current.Table;
        ITable table = storage.Table(bucket.Name);
        if (bucket == Bucket.At(MostTtl, time.GetUtcNow()))
            _current = new Current(bucket, table);
        return table;
    }

    private sealed record Current(Bucket Bucket, ITable Table);
}

/// <summary>An answer that waits to be shared.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Answer">The answer.</param>
/// <param name="Replaces">Whether another may be there that must not be found any more.</param>
internal readonly record struct Waiting(CacheKey Key, CachedAnswer Answer, bool Replaces);

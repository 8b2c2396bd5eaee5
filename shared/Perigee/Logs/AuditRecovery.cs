using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Storage;

namespace Perigee.Logs;

/// <summary>
/// Ships the records of the audit that are in the table and in no blob: those of processes that were killed, or that the storage did not hear at
/// their end. One instance of the region looks every few minutes, from where the last look ended; that two look at once, or that one ships what
/// was only late, makes a record that is there twice, which readers can tell.
/// </summary>
internal sealed partial class AuditRecovery(
    SharedTables tables, RegionStorages regions, IStorage storage, GatewayHost host, IGatewayOptions options, AuditShipper shipper, TimeProvider time, ILogger<AuditRecovery> log)
    : BackgroundService
{
    /// <summary>The partition of table <c>audit</c> with a row for each region: up to when everything is known to be in blobs.</summary>
    public const string Partition = "shipped";

    private const int MostAtOnce = 1000;

    private static readonly TimeSpan Every = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan AfterStart = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    // Where nobody has looked yet.
    private static readonly TimeSpan FirstLook = TimeSpan.FromDays(1);

    // Clocks of instances differ, and a blob says when it was made.
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(2);

    private readonly ITable _table = tables.HomeStorage.Table(LogSchema.Audit);
    private readonly IBlobs _blobs = storage.Blobs("logs");
    private readonly HashSet<string> _queued = new(StringComparer.Ordinal);
    private bool _told;

    /// <summary>One look.</summary>
    /// <returns>How many records were handed to the shipper.</returns>
    /// <exception cref="StorageException">The storage does not answer.</exception>
    public async Task<int> LookAsync(CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        IReadOnlyList<string> gone = _told ? [] : shipper.Gone;
        TableRow? last = await _table.FindAsync(Partition, host.Region, cancel);

        // What was killed on this machine is known to be: it is not waited for.
        if (gone.Count == 0 && last?.Moment("lookedAt") is { } looked && now - looked < Every - TimeSpan.FromSeconds(1) && looked <= now + Skew)
            return 0;
        DateTimeOffset from = last?.Moment("until") ?? now - FirstLook;
        TableRow mark = new(Partition, host.Region) { ETag = last?.ETag };
        mark.Set("until", from).Set("lookedAt", now);
        WriteResult turn = await _table.WriteAsync(mark, last is null ? WriteWhen.Absent : WriteWhen.Unchanged, cancel);
        if (!turn.Written && gone.Count == 0)
            return 0;

        // What is younger may still be on its way into a blob.
        TimeSpan grace = options.Current.Logs.FlushAfter * 2;
        (List<AuditRow> rows, DateTimeOffset end) = await RowsAsync(from, now, now - (grace < Skew ? Skew : grace), gone, cancel);
        Dictionary<string, AuditRow> missing = rows.ToDictionary(static row => row.Entry.Id, StringComparer.Ordinal);
        if (missing.Count > 0)
            await FindAsync(missing, rows[0].Entry.At, now, cancel);
        _queued.IntersectWith(missing.Keys);
        int shipped = 0;
        foreach (AuditRow row in rows.Where(row => missing.ContainsKey(row.Entry.Id)))
        {
            // What this process made waits in its own queue, and until it is there the next look begins with it.
            if (DateTimeOffset.FromUnixTimeMilliseconds(row.Millisecond) is var at && at < end)
                end = at;
            if (row.IsBy(host.Instance) || _queued.Contains(row.Entry.Id))
                continue;
            await shipper.TakeRoomAsync(cancel);
            shipper.Keep(row.Entry);
            _queued.Add(row.Entry.Id);
            shipped++;
        }

        if (shipped > 0)
            LogShipped(log, shipped);
        _told = true;
        if (turn.Written && end > from)
        {
            mark.ETag = turn.ETag;
            await _table.WriteAsync(mark.Set("until", end), WriteWhen.Unchanged, cancel);
        }

        return shipped;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A start has better things to do, unless it is known that there is something to ship.
        if (shipper.Gone.Count == 0)
            await Task.Delay(AfterStart, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!stoppingToken.IsCancellationRequested)
        {
            using CancellationTokenSource patience = new(Patience, time);
            using CancellationTokenRegistration stop = stoppingToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), patience);
            try
            {
                await LookAsync(patience.Token);
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotLooked(log, fault.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(Every, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // The rows of this region that should be in blobs, the oldest first, and up to when those are all.
    private async Task<(List<AuditRow> Rows, DateTimeOffset End)> RowsAsync(
        DateTimeOffset from, DateTimeOffset now, DateTimeOffset end, IReadOnlyList<string> gone, CancellationToken cancel)
    {
        List<AuditRow> rows = [];
        string first = from.ToUnixTimeMilliseconds().ToString("x12", CultureInfo.InvariantCulture);
        for (DateTimeOffset day = from.UtcDateTime.Date; day <= now; day = day.AddDays(1))
        {
            await foreach (TableRow row in _table.ReadAsync(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), first, null, cancel))
            {
                if (AuditRow.Read(row) is not { } read || (regions.Several && !read.IsOf(host.Region)))
                    continue;
                DateTimeOffset made = DateTimeOffset.FromUnixTimeMilliseconds(read.Millisecond);
                if (made >= end && !gone.Any(read.IsBy))
                    continue;
                if (rows.Count == MostAtOnce)
                    return (rows, made < end ? made : end);
                rows.Add(read);
            }
        }

        return (rows, end);
    }

    // Takes out what is in a blob that was made since. A batch lies in the folder of its first record, which an outage may have held up.
    private async Task FindAsync(Dictionary<string, AuditRow> missing, DateTimeOffset since, DateTimeOffset now, CancellationToken cancel)
    {
        for (DateTimeOffset day = since.UtcDateTime.Date.AddDays(-1); day <= now; day = day.AddDays(1))
        {
            await foreach (BlobItem blob in _blobs.ListAsync(string.Create(CultureInfo.InvariantCulture, $"v1/{LogSchema.Audit}/dt={day:yyyy-MM-dd}/"), cancel))
            {
                if (LogOrigin.MadeAt(blob.Name) is { } made && made < since - Skew)
                    continue;
                try
                {
                    await TakeOutAsync(blob.Name, missing, cancel);
                }
                catch (Exception damaged) when (damaged is InvalidDataException or JsonException or EndOfStreamException)
                {
                    // What is not behind the damage is shipped once more.
                }

                if (missing.Count == 0)
                    return;
            }
        }
    }

    private async Task TakeOutAsync(string name, Dictionary<string, AuditRow> missing, CancellationToken cancel)
    {
        await using Stream? packed = await _blobs.OpenAsync(name, cancel);
        if (packed is null)
            return;
        await using GZipStream unpacked = new(packed, CompressionMode.Decompress);
        using StreamReader lines = new(unpacked);
        while (await lines.ReadLineAsync(cancel) is { } text)
        {
            using JsonDocument line = JsonDocument.Parse(text);
            if (line.RootElement.TryGetProperty("id"u8, out JsonElement id) && id.GetString() is { } found)
                missing.Remove(found);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Records} records of the audit were in no blob, as a process ended before it had written them: they are shipped now.")]
    private static partial void LogShipped(ILogger log, int records);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether all records of the audit are in blobs could not be looked up ({Why}): it is tried again.")]
    private static partial void LogNotLooked(ILogger log, string why);
}

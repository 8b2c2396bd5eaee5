using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Perigee.Logs.Tail;
using Perigee.Storage;

namespace Perigee.Logs.Query;

/// <summary>
/// Reads the records that were written of late: hour by hour, the latest first, and of each hour every blob, because a blob's name says when it
/// was written and not what is in it. Its work is bounded, and it says how far it came. What this instance has taken and not yet written is among
/// them; what other instances have not written is not: nobody else knows of it.
/// </summary>
internal sealed class LogSearch(IStorage storage, UnwrittenRecords unwritten, LogTail tail, TimeProvider time)
{
    /// <summary>The longest that one search takes.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The most blobs that one search reads.</summary>
    public const int MostBlobs = 5000;

    /// <summary>A record is written when its exchange is over and its blob is due: so much later than it began, if the storage is well.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(90);

    /// <summary>The most records that wait and are looked at: while the storage is down there may be many more.</summary>
    private const int MostWaiting = 5000;

    private const int Beside = 8;
    private const int LongestLine = 1024 * 1024;

    private readonly IBlobs _blobs = storage.Blobs("logs");

    /// <summary>Finds one record by its id, or null. The id says when it began: only the hours behind that are read.</summary>
    public async ValueTask<FoundRecord?> FindAsync(string id, IReadOnlySet<string>? keys, CancellationToken cancel)
    {
        DateTimeOffset began = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(id.AsSpan(0, 12), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        LogAsk ask = new(began.AddMinutes(-1), began.AddMinutes(1), 1, null) { Filter = new LogFilter { Keys = keys }, Id = id };

        // It is there from the moment when its exchange is over, whether the storage answers or not.
        if (unwritten.Find(id) is { } waiting)
            return Read(waiting, ask) is { } line ? new FoundRecord(new LogCursor(HourOf(waiting.Ended), id), line, Waits: true) : null;
        LogFindings found = await SearchAsync(ask, cancel);
        return found.Records.Count > 0 ? found.Records[0] : null;
    }

    /// <summary>Finds records.</summary>
    public async ValueTask<LogFindings> SearchAsync(LogAsk ask, CancellationToken cancel)
    {
        using CancellationTokenSource patience = new(Patience, time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        LogFindings findings = new();
        DateTimeOffset last = Least(ask.To + Slack, time.GetUtcNow().AddMinutes(1)), first = HourOf(ask.From);
        DateTimeOffset hour = ask.After is { } after ? Least(after.Hour, HourOf(last)) : HourOf(last);
        int blobs = 0;

        // Before the blobs: what is written in the meantime is then seen twice, and counts once; the other way round it would be seen nowhere.
        ILookup<DateTimeOffset, FoundRecord> waiting = Waiting(ask).ToLookup(static record => record.Place.Hour);
        try
        {
            for (; hour >= first && findings.Records.Count <= ask.Limit; hour = hour.AddHours(-1))
            {
                List<string> names = [];
                await foreach (BlobItem blob in _blobs.ListAsync(string.Create(CultureInfo.InvariantCulture, $"v1/requests/dt={hour:yyyy-MM-dd}/hour={hour:HH}/"), both.Token))
                    names.Add(blob.Name);
                if ((blobs += names.Count) > MostBlobs && findings.Hours > 0)
                    break;
                HourFindings ofHour = new(ask, hour, waiting.Where(other => other.Key != hour).SelectMany(static other => other).Select(static record => record.Place.Id));
                foreach (FoundRecord record in waiting[hour])
                    ofHour.Add(record.Place.Id, record.Line, waits: true);
                await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = Beside, CancellationToken = both.Token },
                    async (name, stop) => await ReadAsync(name, ask, ofHour, stop));
                findings.Add(ofHour.Newest());
                findings.Hours++;
            }
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            // What was found until then is worth having; how far it goes is told.
        }

        findings.LookedBackTo = hour < first ? ask.From : hour.AddHours(1);
        findings.Complete = hour < first;
        return findings;
    }

    private IEnumerable<FoundRecord> Waiting(LogAsk ask)
    {
        IReadOnlyList<ExchangeRecord> records = ask.Id is { } id ? unwritten.Find(id) is { } one ? [one] : [] : unwritten.Within(ask.From, ask.To, MostWaiting);
        foreach (ExchangeRecord record in records)
        {
            LogCursor place = new(HourOf(record.Ended), record.Id);
            bool shown = ask.After is { } after && (place.Hour > after.Hour || (place.Hour == after.Hour && string.CompareOrdinal(place.Id, after.Id) >= 0));
            if (!shown && record.Time >= ask.From && record.Time < ask.To && Read(record, ask) is { } line)
                yield return new FoundRecord(place, line, Waits: true);
        }
    }

    /// <summary>The line of a record that waits, or null where it is not asked for.</summary>
    private ReadOnlyMemory<byte>? Read(ExchangeRecord record, LogAsk ask)
    {
        ReadOnlyMemory<byte> line = tail.LineOf(record);
        using JsonDocument written = JsonDocument.Parse(line);
        return ask.Filter.Takes(written.RootElement) ? line : default(ReadOnlyMemory<byte>?);
    }

    private async Task ReadAsync(string name, LogAsk ask, HourFindings found, CancellationToken cancel)
    {
        await using Stream? packed = await _blobs.OpenAsync(name, cancel);
        if (packed is null)
            return;
        await using GZipStream plain = new(packed, CompressionMode.Decompress);
        PipeReader reader = PipeReader.Create(plain, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            while (true)
            {
                ReadResult result = await reader.ReadAsync(cancel);
                ReadOnlySequence<byte> buffer = result.Buffer;
                while (buffer.PositionOf((byte)'\n') is { } end)
                {
                    Take(buffer.Slice(0, end), ask, found);
                    buffer = buffer.Slice(buffer.GetPosition(1, end));
                }

                if (result.IsCompleted || buffer.Length > LongestLine)
                    return;
                reader.AdvanceTo(buffer.Start, buffer.End);
            }
        }
        catch (InvalidDataException)
        {
            // A blob that is no gzip is not ours; what is in the others is.
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private static void Take(in ReadOnlySequence<byte> line, LogAsk ask, HourFindings found)
    {
        byte[]? copy = null;
        ReadOnlySpan<byte> bytes = line.IsSingleSegment ? line.FirstSpan : copy = line.ToArray();

        // Most lines are not it, and need not be parsed to know that.
        if (ask.Id is { } id && bytes.IndexOf(Encoding.ASCII.GetBytes(id)) < 0)
            return;
        copy ??= bytes.ToArray();
        try
        {
            using JsonDocument record = JsonDocument.Parse(copy);
            JsonElement root = record.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("kind", out JsonElement kind) && kind.GetString() == "exchange"
                && root.TryGetProperty("id", out JsonElement known) && known.GetString() is { } own && (ask.Id is null || own == ask.Id)
                && root.TryGetProperty("time", out JsonElement began) && began.TryGetDateTimeOffset(out DateTimeOffset at) && at >= ask.From && at < ask.To
                && ask.Filter.Takes(root))
            {
                found.Add(own, copy);
            }
        }
        catch (Exception odd) when (odd is JsonException or InvalidOperationException)
        {
            // A line that cannot be read is passed over: 'perigee logs verify' is there to count them.
        }
    }

    private static DateTimeOffset HourOf(DateTimeOffset moment) => new(moment.UtcDateTime.Date.AddHours(moment.UtcDateTime.Hour), TimeSpan.Zero);

    private static DateTimeOffset Least(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}

/// <summary>What is searched for.</summary>
/// <param name="From">Records that began at this time or later.</param>
/// <param name="To">Records that began before this time.</param>
/// <param name="Limit">The most that are wanted.</param>
/// <param name="After">Where the page before it ended, or null.</param>
internal sealed record LogAsk(DateTimeOffset From, DateTimeOffset To, int Limit, LogCursor? After)
{
    /// <summary>Which of them.</summary>
    public LogFilter Filter { get; init; } = new();

    /// <summary>The one that is wanted, or null for any.</summary>
    public string? Id { get; init; }
}

using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Perigee.Storage;

namespace Perigee.Logs.Verifying;

/// <summary>Reads the blobs of some hours and says what is missing, double, dropped, broken. It believes nothing but the bytes.</summary>
/// <param name="storage">This region's storage, where its blobs are.</param>
/// <param name="home">Where the audit's table is; null for the same storage.</param>
/// <param name="region">Of which region the table's records must be in these blobs; null for all.</param>
internal sealed class LogVerifier(IStorage storage, IStorage? home = null, string? region = null)
{
    private readonly IBlobs _blobs = storage.Blobs("logs");

    /// <summary>Looks at one stream.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="from">The first hour.</param>
    /// <param name="to">The last hour.</param>
    /// <param name="read">Told after each blob.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<StreamReport> VerifyAsync(string stream, DateTimeOffset from, DateTimeOffset to, Func<ValueTask>? read, CancellationToken cancel)
    {
        StreamReport report = new(stream);
        HashSet<string> objects = new(StringComparer.Ordinal);
        for (DateTimeOffset day = from.UtcDateTime.Date; day <= to; day = day.AddDays(1))
        {
            await foreach (BlobItem blob in _blobs.ListAsync(string.Create(CultureInfo.InvariantCulture, $"v1/{stream}/dt={day:yyyy-MM-dd}/"), cancel))
            {
                if (!IsWithin(blob.Name, day, from, to))
                    continue;
                if (blob.Name.Contains("/objects/", StringComparison.Ordinal))
                {
                    objects.Add(blob.Name);
                    continue;
                }

                await ReadAsync(blob, report, cancel);
                if (read is not null)
                    await read();
            }
        }

        foreach (string name in report.Objects)
        {
            if (!objects.Contains(name) && await _blobs.OpenAsync(name, cancel) is var found)
            {
                if (found is null)
                    report.Corrupt.Add((name, "a line names it, and it is not there"));
                else
                    await found.DisposeAsync();
            }
        }

        report.Settle();
        if (stream == LogSchema.Audit)
            await CompareAsync(report, from, to, cancel);
        return report;
    }

    private static bool IsWithin(string name, DateTimeOffset day, DateTimeOffset from, DateTimeOffset to)
    {
        int at = name.IndexOf("/hour=", StringComparison.Ordinal);
        if (at < 0 || !int.TryParse(name.AsSpan(at + 6, 2), NumberStyles.None, CultureInfo.InvariantCulture, out int hour))
            return false;
        DateTimeOffset begin = day.AddHours(hour);
        return begin.AddHours(1) > from && begin <= to;
    }

    private async Task ReadAsync(BlobItem blob, StreamReport report, CancellationToken cancel)
    {
        bool footer = false;
        int number = 0;
        try
        {
            await using Stream? packed = await _blobs.OpenAsync(blob.Name, cancel);
            if (packed is null)
                return;
            await using GZipStream unpacked = new(packed, CompressionMode.Decompress);
            using StreamReader lines = new(unpacked);
            while (await lines.ReadLineAsync(cancel) is { } text)
            {
                number++;
                using JsonDocument line = JsonDocument.Parse(text);
                footer = report.Take(line.RootElement);
            }
        }
        catch (Exception fault) when (fault is InvalidDataException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException or EndOfStreamException)
        {
            report.Corrupt.Add((blob.Name, $"line {number + (fault is InvalidDataException ? 1 : 0)} cannot be read: {fault.GetType().Name}"));
            return;
        }

        if (!footer)
            report.Corrupt.Add((blob.Name, "it is cut: its footer is missing"));
    }

    // The table has each record before it is made: what is there and in no blob was not shipped.
    private async Task CompareAsync(StreamReport report, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel)
    {
        ITable table = (home ?? storage).Table(LogSchema.Audit);
        string first = from.ToUnixTimeMilliseconds().ToString("x12", CultureInfo.InvariantCulture), end = to.AddMilliseconds(1).ToUnixTimeMilliseconds().ToString("x12", CultureInfo.InvariantCulture);
        for (DateTimeOffset day = from.UtcDateTime.Date; day <= to; day = day.AddDays(1))
        {
            await foreach (TableRow row in table.ReadAsync(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), first, end, cancel))
            {
                if (!report.Chains.Ids.Contains(row.Row) && (region is null || AuditRow.Read(row) is not { } read || read.IsOf(region)))
                    report.NotShipped.Add(row.Row);
            }
        }
    }
}

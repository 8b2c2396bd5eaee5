using System.Buffers;
using System.Globalization;
using Perigee.Storage;

namespace Perigee.Usage;

/// <summary>
/// An hour as the log's blobs have it. The time of a record decides, not the folder that its blob lies in: a batch stays in the folder of its first record, and a long exchange or an outage
/// brings records hours later. A record that is there twice counts once, by its id.
/// </summary>
/// <param name="hour">The hour's beginning.</param>
internal sealed class LoggedHour(DateTimeOffset hour)
{
    // Ids of 16 bytes and cells of about a kilobyte: some 200 MB at most.
    private const int MostRecords = 4_000_000;
    private const int MostCells = 100_000;

    private readonly HashSet<UInt128> _ids = [];
    private readonly Dictionary<UsageGroup, UsageGroup> _groups = [];
    private readonly Dictionary<string, (long Last, DateTimeOffset At)> _processes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _killed = new(StringComparer.Ordinal);

    /// <summary>Minutes of the hour by number and group.</summary>
    public Dictionary<(int Minute, UsageGroup Group), UsageCell> Cells { get; } = [];

    /// <summary>Blobs that were read.</summary>
    public int Blobs { get; private set; }

    /// <summary>Records of the hour.</summary>
    public int Records => _ids.Count;

    /// <summary>Records of the hour that were there already.</summary>
    public long Duplicates { get; private set; }

    /// <summary>Records that instances say they dropped, whenever they were: at least some may be of this hour.</summary>
    public long Dropped { get; private set; }

    /// <summary>
    /// Records that processes took with them when they were killed after a last blob that was made before the hour's end: at least some may be of this hour. A process of which there is
    /// no blob in these folders is not counted: how many of its records were lost, and when, they do not say.
    /// </summary>
    public long Lost => _killed.Sum(one => _processes.TryGetValue(one.Key, out (long Last, DateTimeOffset At) process) && process.At < hour.AddHours(1) ? Math.Max(0, one.Value - process.Last) : 0);

    /// <summary>Lines and blobs that could not be read.</summary>
    public long Damaged { get; private set; }

    /// <summary>Whether there is more than is counted at once: what was read is not all.</summary>
    public bool IsTooMuch { get; private set; }

    /// <summary>Reads the blobs of the folders that may hold the hour's records.</summary>
    /// <param name="blobs">The container of logs.</param>
    /// <param name="ahead">How many folders behind the hour's own are looked at.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="StorageException">The storage does not answer.</exception>
    public async ValueTask ReadAsync(IBlobs blobs, int ahead, CancellationToken cancel)
    {
        // The one before, as clocks of instances differ.
        for (int offset = -1; offset <= ahead; offset++)
        {
            DateTimeOffset folder = hour.AddHours(offset);
            string prefix = string.Create(CultureInfo.InvariantCulture, $"v1/requests/dt={folder.UtcDateTime:yyyy-MM-dd}/hour={folder.UtcDateTime:HH}/");
            await foreach (BlobItem blob in blobs.ListAsync(prefix, cancel))
            {
                if (IsTooMuch)
                    return;
                if (!blob.Name.EndsWith(".ndjson.gz", StringComparison.Ordinal) || await blobs.OpenAsync(blob.Name, cancel) is not { } content)
                    continue;
                Blobs++;
                try
                {
                    await LogLines.ReadAsync(content, Take, cancel);
                }
                catch (InvalidDataException)
                {
                    Damaged++;
                }
            }
        }
    }

    private void Take(ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsEmpty || IsTooMuch)
            return;
        ReadOnlySpan<byte> line = bytes.IsSingleSegment ? bytes.FirstSpan : bytes.ToArray();
        if (LoggedExchange.Read(line) is not { } read)
        {
            Damaged++;
            return;
        }

        if (read.Kind == "drops")
            Dropped += read.Dropped;
        if (read.Kind is "drops" or "footer")
        {
            (long last, DateTimeOffset at) = _processes.GetValueOrDefault(read.Process);
            _processes[read.Process] = (Math.Max(last, read.Last), at > read.Time ? at : read.Time);
        }

        if (read.Kind == "lost")
            _killed[read.Process] = Math.Max(_killed.GetValueOrDefault(read.Process), read.Taken);
        if (read.Kind != "exchange" || read.Time < hour || read.Time >= hour.AddHours(1))
            return;
        if (!UInt128.TryParse(read.Id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 id))
        {
            Damaged++;
            return;
        }

        if (!_ids.Add(id))
        {
            Duplicates++;
            return;
        }

        // One object a group, whatever the number of its records.
        UsageGroup group = read.Group;
        if (!_groups.TryAdd(group, group))
            group = _groups[group];
        (int, UsageGroup) place = (read.Time.UtcDateTime.Minute, group);
        if (!Cells.TryGetValue(place, out UsageCell? cell))
            Cells[place] = cell = new UsageCell();
        cell.Add(read.Sample);
        IsTooMuch = _ids.Count >= MostRecords || Cells.Count >= MostCells;
    }
}

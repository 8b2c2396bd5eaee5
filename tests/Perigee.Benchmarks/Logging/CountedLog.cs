using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Perigee.Benchmarks.Logging;

/// <summary>What the blobs of stream <c>requests</c> hold, read by nothing of the gateway's.</summary>
internal sealed class CountedLog
{
    private readonly HashSet<long> _numbers = [];
    private readonly HashSet<long> _droppedNumbers = [];

    /// <summary>The process.</summary>
    public string Instance { get; private set; } = "";

    /// <summary>The ids of the records.</summary>
    public HashSet<UInt128> Ids { get; } = [];

    /// <summary>Blobs of the process.</summary>
    public int Blobs { get; private set; }

    /// <summary>Their bytes, packed.</summary>
    public long Bytes { get; private set; }

    /// <summary>Lines with a record.</summary>
    public int Records { get; private set; }

    /// <summary>How many drops are told.</summary>
    public long Dropped { get; private set; }

    /// <summary>Lines with a record whose number, or whose id, was there already.</summary>
    public int Duplicates { get; private set; }

    /// <summary>Records that were ever taken, as far as footers tell.</summary>
    public long Taken { get; private set; }

    /// <summary>Whether the process said that it wrote everything.</summary>
    public bool Final { get; private set; }

    /// <summary>The highest number that is in a blob or told to be dropped.</summary>
    public long Last => Math.Max(_numbers.DefaultIfEmpty().Max(), _droppedNumbers.DefaultIfEmpty().Max());

    /// <summary>Numbers up to <see cref="Last"/> that are neither.</summary>
    public int Gaps
    {
        get
        {
            int gaps = 0;
            for (long number = Last; number > 0; number--)
                gaps += _numbers.Contains(number) || _droppedNumbers.Contains(number) ? 0 : 1;
            return gaps;
        }
    }

    /// <summary>Reads them.</summary>
    /// <param name="connection">The connection string of the emulator.</param>
    public static async Task<CountedLog> ReadAsync(string connection)
    {
        CountedLog log = new();
        BlobContainerClient container = new(connection, "logs");
        await foreach (BlobItem item in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, "v1/requests/", CancellationToken.None))
        {
            byte[] packed = (await container.GetBlobClient(item.Name).DownloadContentAsync()).Value.Content.ToArray();
            log.Blobs++;
            log.Bytes += packed.Length;
            using StreamReader lines = new(new GZipStream(new MemoryStream(packed), CompressionMode.Decompress));
            while (await lines.ReadLineAsync() is { } line)
            {
                using JsonDocument document = JsonDocument.Parse(line);
                log.Take(document.RootElement);
            }
        }

        return log;
    }

    private void Take(JsonElement line)
    {
        string instance = line.GetProperty("instance"u8).GetString()!;
        if (Instance.Length > 0 && instance != Instance)
            throw new InvalidDataException("More than one process wrote.");
        Instance = instance;
        switch (line.GetProperty("kind"u8).GetString())
        {
            case "exchange":
                Records++;

                // Both, in any case.
                bool newNumber = _numbers.Add(line.GetProperty("seq"u8).GetInt64());
                if (!Ids.Add(UInt128.Parse(line.GetProperty("id"u8).GetString()!, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)) || !newNumber)
                    Duplicates++;
                break;
            case "drops":
                Dropped += line.GetProperty("dropped"u8).GetInt64();
                foreach (JsonElement range in line.GetProperty("ranges"u8).EnumerateArray())
                {
                    for (long number = range[0].GetInt64(); number <= range[1].GetInt64(); number++)
                        _droppedNumbers.Add(number);
                }

                break;
            case "footer":
                Taken = Math.Max(Taken, line.GetProperty("taken"u8).GetInt64());
                Final |= line.GetProperty("final"u8).GetBoolean();
                break;
        }
    }
}

using System.Text.Json;

namespace Perigee.Logs.Verifying;

/// <summary>What the blobs say of one stream of one process: which numbers are there, which are told to be dropped, which are missing.</summary>
internal sealed class InstanceCount(string stream, string instance)
{
    private const int MostShown = 100;

    private readonly NumberSet _seen = new();
    private readonly NumberSet _dropped = new();
    private readonly NumberSet _blobs = new();
    private readonly NumberSet _doubled = new();
    private long _duplicates;
    private long _droppedBeyond;
    private long _taken;
    private long? _takenAtKill;
    private bool _final;
    private DateTimeOffset _last;

    /// <summary>Nothing is missing or double.</summary>
    public bool IsWhole => MissingCount == 0 && _duplicates == 0 && MissingBlobs.Count == 0 && (LostAtEnd ?? 0) == 0;

    /// <summary>Records that no blob has, and none told to be dropped.</summary>
    public NumberSet Missing => NumberSet.Missing(Begin, _seen.Last, _seen, _dropped);

    /// <summary>How many those are. Drops that were told by their number only are not among them.</summary>
    public long MissingCount => Math.Max(0, Missing.Count - _droppedBeyond);

    /// <summary>Records with a number that was there already.</summary>
    public long Duplicates => _duplicates;

    /// <summary>How many were told to be dropped.</summary>
    public long Dropped => _dropped.Count + _droppedBeyond;

    /// <summary>Records that are there, each once.</summary>
    public long Records => _seen.Count;

    /// <summary>Records of it that others shipped in its place.</summary>
    public long ShippedByOthers { get; set; }

    /// <summary>How many the process had taken after the last that is there, when it was killed, and nobody shipped in its place; null where that is not known.</summary>
    public long? LostAtEnd => _final ? 0 : _takenAtKill is { } taken ? Math.Max(0, taken - Math.Max(_seen.Last, _dropped.Last) - ShippedByOthers) : null;

    private NumberSet MissingBlobs => NumberSet.Missing(_blobs.First, _blobs.Last, _blobs, new NumberSet());

    // What lies in blobs before the time that is looked at is not missing.
    private long Begin => _blobs.First <= 1 ? 1 : _seen.First;

    /// <summary>A record.</summary>
    public void Record(long sequence)
    {
        if (_seen.Add(sequence))
            return;
        _duplicates++;
        if (_doubled.Ranges.Count < MostShown)
            _doubled.Add(sequence);
    }

    /// <summary>A line that tells drops.</summary>
    public void Drops(JsonElement line)
    {
        long ranged = 0;
        if (line.TryGetProperty("ranges"u8, out JsonElement ranges))
        {
            foreach (JsonElement range in ranges.EnumerateArray())
            {
                _dropped.Add(range[0].GetInt64(), range[1].GetInt64());
                ranged += range[1].GetInt64() - range[0].GetInt64() + 1;
            }
        }

        _droppedBeyond += line.GetProperty("dropped"u8).GetInt64() - ranged;
    }

    /// <summary>A blob's footer.</summary>
    public void Footer(JsonElement line)
    {
        _blobs.Add(line.GetProperty("blob"u8).GetInt64());
        _taken = Math.Max(_taken, line.GetProperty("taken"u8).GetInt64());
        _final |= line.GetProperty("final"u8).GetBoolean();
        DateTimeOffset at = line.GetProperty("time"u8).GetDateTimeOffset();
        _last = at > _last ? at : _last;
    }

    /// <summary>What another process found out of this one: how many it had taken when it was killed.</summary>
    public void Killed(long taken) => _takenAtKill = Math.Max(_takenAtKill ?? 0, taken);

    /// <summary>Writes what is found.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("stream"u8, stream);
        json.WriteString("instance"u8, instance);
        json.WriteNumber("blobs"u8, _blobs.Count);
        json.WriteNumber("records"u8, _seen.Count);
        json.WriteNumber("first"u8, _seen.First);
        json.WriteNumber("last"u8, _seen.Last);
        json.WriteNumber("dropped"u8, Dropped);
        WriteRanges(json, "droppedRanges", _dropped);
        json.WriteNumber("missing"u8, MissingCount);
        WriteRanges(json, "missingRanges", Missing);
        json.WriteNumber("duplicates"u8, _duplicates);
        WriteRanges(json, "duplicateRanges", _doubled);
        WriteRanges(json, "missingBlobs", MissingBlobs);

        // Without a last word it may still run, or be gone with its machine: what it had taken at its last footer is the least that is known.
        json.WriteString("ended"u8, _final ? "clean" : _takenAtKill is not null ? "killed" : "unknown");
        if (ShippedByOthers > 0)
            json.WriteNumber("shippedByOthers"u8, ShippedByOthers);
        if (LostAtEnd is { } lost)
            json.WriteNumber("lostAtEnd"u8, lost);
        else
            json.WriteNumber("waitingAtLastBlob"u8, Math.Max(0, _taken - Math.Max(_seen.Last, _dropped.Last)));
        if (_last != default)
            json.WriteString("lastBlobAt"u8, _last.UtcDateTime);
        json.WriteEndObject();
    }

    private static void WriteRanges(Utf8JsonWriter json, string name, NumberSet numbers)
    {
        if (numbers.Ranges.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach ((long from, long to) in numbers.Ranges.Take(MostShown))
        {
            json.WriteStartArray();
            json.WriteNumberValue(from);
            json.WriteNumberValue(to);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }
}

using System.Globalization;
using System.Text.Json;
using Perigee.Logs.Bodies;

namespace Perigee.Logs;

/// <summary>Where lines and blobs come from: region and process. Names blobs so that DuckDB, Spark and Synapse read the layout as partitions.</summary>
internal sealed class LogOrigin(string region, string instance)
{
    private readonly string _region = Plain(region);
    private readonly string _instance = Plain(instance);

    /// <summary>The process, as lines name it.</summary>
    public string Instance => instance;

    /// <summary>Begins a line.</summary>
    public void Begin(Utf8JsonWriter json, ReadOnlySpan<byte> kind, DateTimeOffset time)
    {
        json.WriteStartObject();
        json.WriteNumber("v"u8, LogSchema.Version);
        json.WriteString("kind"u8, kind);
        json.WriteString("time"u8, time.UtcDateTime);
        json.WriteString("region"u8, region);
        json.WriteString("instance"u8, instance);
    }

    /// <summary>A blob's name: no two are ever equal, and the sequence shows whether one of this process is missing.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="first">When the first event in it was: decides day and hour.</param>
    /// <param name="now">When it is made.</param>
    /// <param name="sequence">The place among the blobs of this stream and process, from 1.</param>
    public string BlobName(string stream, DateTimeOffset first, DateTimeOffset now, long sequence) => string.Create(CultureInfo.InvariantCulture,
        $"{Folder(stream, first)}{_instance}-{now.ToUnixTimeMilliseconds()}-{sequence:D6}-{Guid.CreateVersion7(now):N}.ndjson.gz");

    /// <summary>When a blob was made, out of its name; null where the name is none of <see cref="BlobName"/>'s.</summary>
    public static DateTimeOffset? MadeAt(string name)
    {
        // Region and process may have hyphens of their own: counted from the end.
        string[] parts = name[(name.LastIndexOf('/') + 1)..].Split('-');
        return parts.Length >= 4 && long.TryParse(parts[^3], NumberStyles.None, CultureInfo.InvariantCulture, out long milliseconds) && milliseconds < 253_402_300_800_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
    }

    /// <summary>The name of the blob that a large body lies in: known before anything is written.</summary>
    /// <param name="id">The exchange's id.</param>
    /// <param name="time">When it began.</param>
    /// <param name="part">Which of its bodies.</param>
    public string ObjectName(string id, DateTimeOffset time, BodyPart part) =>
        $"{Folder(LogSchema.Bodies, time)}objects/{Plain(id)}-{(part == BodyPart.Question ? "question" : "answer")}.json.gz";

    private string Folder(string stream, DateTimeOffset time) =>
        string.Create(CultureInfo.InvariantCulture, $"v1/{stream}/dt={time.UtcDateTime:yyyy-MM-dd}/hour={time.UtcDateTime:HH}/region={_region}/");

    private static string Plain(string text)
    {
        string plain = new([.. text.ToLowerInvariant().Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) ? c : '-')]);
        return plain.Length == 0 ? "none" : plain;
    }
}

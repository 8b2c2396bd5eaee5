using System.Globalization;

namespace Perigee.Logs;

/// <summary>Names blobs so that DuckDB, Spark and Synapse read the layout as partitions, and so that no two are ever equal.</summary>
internal sealed class LogBlobNames(string region, string instance)
{
    private readonly string _region = Plain(region);
    private readonly string _instance = Plain(instance);
    private int _sequence;

    /// <summary>The next blob's name: its sequence shows whether one of this process is missing.</summary>
    public string Next(DateTimeOffset now)
    {
        DateTimeOffset utc = now.ToUniversalTime();
        return string.Create(CultureInfo.InvariantCulture,
            $"v1/requests/dt={utc:yyyy-MM-dd}/hour={utc:HH}/region={_region}/{_instance}-{utc.ToUnixTimeMilliseconds()}-{++_sequence:D6}-{Guid.CreateVersion7(utc):N}.ndjson.gz");
    }

    private static string Plain(string text)
    {
        string plain = new([.. text.ToLowerInvariant().Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) ? c : '-')]);
        return plain.Length == 0 ? "none" : plain;
    }
}

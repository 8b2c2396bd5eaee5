using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Perigee.Storage;

namespace Perigee.Logs;

/// <summary>A row of table <c>audit</c>, as far as it matters to the logs.</summary>
/// <param name="Entry">The record and its hash.</param>
/// <param name="Process">Region and process that made it: <c>region-instance</c>.</param>
internal sealed record AuditRow(AuditEntry Entry, string Process)
{
    // What a process appends to its name for each chain that it begins: a hyphen and eight hex digits.
    private const int ChainDigits = 9;

    /// <summary>When its id was made, in milliseconds of Unix time: rows are in this order.</summary>
    public long Millisecond { get; } = long.Parse(Entry.Id.AsSpan(0, 12), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>Region and process of a chain.</summary>
    public static string ProcessOf(string chain) => chain.Length > ChainDigits ? chain[..^ChainDigits] : chain;

    /// <summary>Whether a process of that region made it.</summary>
    public bool IsOf(string region) => Process.StartsWith(region + "-", StringComparison.Ordinal);

    /// <summary>Whether that process made it.</summary>
    public bool IsBy(string instance) => Process.EndsWith("-" + instance, StringComparison.Ordinal);

    /// <summary>Reads a row.</summary>
    /// <returns>Null where it is none that the audit wrote.</returns>
    public static AuditRow? Read(TableRow row)
    {
        if (RowBody.Read(row) is not { IsEmpty: false } body || !Guid.TryParseExact(row.Row, "N", out _))
            return null;
        try
        {
            using JsonDocument record = JsonDocument.Parse(body);
            DateTimeOffset at = record.RootElement.GetProperty("at"u8).GetDateTimeOffset();
            string chain = record.RootElement.GetProperty("chain"u8).GetString() ?? "";
            return new AuditRow(new AuditEntry(row.Row, at, body, Convert.ToHexStringLower(SHA256.HashData(body.Span))), ProcessOf(chain));
        }
        catch (Exception damaged) when (damaged is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}

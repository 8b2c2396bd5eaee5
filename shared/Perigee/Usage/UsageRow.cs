using System.Globalization;
using Perigee.Storage;

namespace Perigee.Usage;

/// <summary>
/// A row of rollups: some groups of one span of time as one writer counted them. Nobody else writes it, and it is always written whole: a retry changes nothing.
/// Its key is <c>span|writer|slot</c> in the partition of the day.
/// </summary>
internal static class UsageRow
{
    private const char Divider = '|';
    private const string Length = "length";

    /// <summary>The table.</summary>
    public const string Table = "usage";

    /// <summary>The key of a row.</summary>
    public static string KeyOf(UsagePeriod period, DateTimeOffset start, string writer, int slot) =>
        string.Create(CultureInfo.InvariantCulture, $"{UsagePeriods.NameOf(period, start.UtcDateTime.TimeOfDay)}{Divider}{writer}{Divider}{slot:x3}");

    /// <summary>The row as the table takes it.</summary>
    public static TableRow Make(UsagePeriod period, DateTimeOffset start, string writer, int slot, ReadOnlySpan<byte> body)
    {
        TableRow row = new(UsagePeriods.PartitionOf(start), KeyOf(period, start, writer, slot));
        row.Set(Length, body.Length);
        RowBody.Write(row, UsageForm.Pack(body));
        return row;
    }

    /// <summary>The span and the writer of a row's key; false where it is not one of ours.</summary>
    public static bool TryParse(UsagePeriod period, string key, out TimeSpan offset, out string writer)
    {
        string[] parts = key.Split(Divider);
        (offset, writer) = (default, parts.Length == 3 ? parts[1] : "");
        if (parts.Length != 3 || UsagePeriods.OffsetOf(period, parts[0]) is not { } found)
            return false;
        offset = found;
        return true;
    }

    /// <summary>Reads the groups of a row.</summary>
    /// <returns>False where the row is damaged.</returns>
    public static bool TryRead(TableRow row, Action<UsageGroup, UsageCell> take) =>
        RowBody.Read(row) is { } body && row.Number(Length) is { } length && UsageForm.TryRead(body.Span, length, take);
}

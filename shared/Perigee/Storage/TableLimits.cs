using System.Buffers;
using System.Text;

namespace Perigee.Storage;

/// <summary>
/// The limits of Azure Table Storage, enforced by both adapters before a write, because the emulator lets larger rows pass.
/// Source: Azure documentation, "Scalability and performance targets for Table storage" and "Understanding the Table service data model".
/// </summary>
public static class TableLimits
{
    /// <summary>Bytes of a whole row.</summary>
    public const int RowBytes = 1024 * 1024;

    /// <summary>Own values of a row, the system's three not counted.</summary>
    public const int Values = 252;

    /// <summary>Bytes of one value; a string counts two bytes a UTF-16 unit.</summary>
    public const int ValueBytes = 64 * 1024;

    /// <summary>Rows of a batch.</summary>
    public const int BatchRows = 100;

    /// <summary>Bytes of a batch.</summary>
    public const int BatchBytes = 4 * 1024 * 1024;

    /// <summary>UTF-16 units of a key.</summary>
    public const int KeyLength = 1024;

    private const int NameLength = 255;
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    private static readonly DateTimeOffset Earliest = new(1601, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Checks one row.</summary>
    /// <returns>Its size in bytes by the documented formula.</returns>
    /// <exception cref="TableLimitException">Names the limit and the value that breaks it.</exception>
    public static int Check(TableRow row)
    {
        CheckKey(nameof(TableRow.Partition), row.Partition);
        CheckKey(nameof(TableRow.Row), row.Row);
        if (row.Values.Count > Values)
            throw new TableLimitException($"A row has {row.Values.Count} values; {Values} are allowed.");

        // 4 bytes + keys in UTF-16, then per value 8 bytes + name in UTF-16 + the data's own size.
        long size = 4 + ((row.Partition.Length + row.Row.Length) * 2L);
        foreach ((string name, object value) in row.Values)
        {
            CheckName(name);
            int bytes = SizeOf(name, value);
            if (bytes > ValueBytes)
                throw new TableLimitException($"Value '{name}' has {bytes} bytes; {ValueBytes} are allowed.");
            size += 8 + (name.Length * 2L) + bytes + 4;
        }

        if (size > RowBytes)
            throw new TableLimitException($"A row has {size} bytes; {RowBytes} are allowed.");
        return (int)size;
    }

    /// <summary>Checks a batch: one partition, at most 100 rows, each once, under 4 MiB.</summary>
    /// <exception cref="TableLimitException">Names the limit that is broken.</exception>
    public static void CheckBatch(IReadOnlyList<TableWrite> writes)
    {
        if (writes.Count is 0 or > BatchRows)
            throw new TableLimitException($"A batch has {writes.Count} rows; 1 to {BatchRows} are allowed.");
        long size = 0;
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (TableWrite write in writes)
        {
            size += Check(write.Row);
            if (!string.Equals(write.Row.Partition, writes[0].Row.Partition, StringComparison.Ordinal))
                throw new TableLimitException("A batch must stay in one partition.");
            if (!seen.Add(write.Row.Row))
                throw new TableLimitException("A batch names a row twice.");
        }

        if (size > BatchBytes)
            throw new TableLimitException($"A batch has {size} bytes; {BatchBytes} are allowed.");
    }

    /// <summary>Whether the text is Unicode: half of a surrogate pair cannot be sent, and would come back as another character.</summary>
    internal static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        int surrogate = text.IndexOfAnyInRange('\uD800', '\uDFFF');
        while (surrogate >= 0)
        {
            if (Rune.DecodeFromUtf16(text[surrogate..], out _, out int used) != OperationStatus.Done)
                return false;
            text = text[(surrogate + used)..];
            surrogate = text.IndexOfAnyInRange('\uD800', '\uDFFF');
        }

        return true;
    }

    private static void CheckName(string name)
    {
        if (name.Length is 0 or > NameLength || name is "PartitionKey" or "RowKey" or "Timestamp"
            || !(char.IsAsciiLetter(name[0]) || name[0] == '_') || name.AsSpan().ContainsAnyExcept(NameCharacters))
            throw new TableLimitException($"'{name}' cannot name a value: up to {NameLength} ASCII letters, digits and '_', no digit first, no name of the system's.");
    }

    private static void CheckKey(string which, string key)
    {
        if (key.Length > KeyLength)
            throw new TableLimitException($"{which} has {key.Length} characters; {KeyLength} are allowed.");
        foreach (char c in key)
        {
            if (c is '/' or '\\' or '#' or '?' || char.IsControl(c))
                throw new TableLimitException($"{which} holds U+{(int)c:X4}, which Table Storage refuses in a key.");
        }

        if (!IsWellFormed(key))
            throw new TableLimitException($"{which} holds half of a surrogate pair.");
    }

    private static int SizeOf(string name, object value) => value switch
    {
        string text => IsWellFormed(text) ? text.Length * 2 : throw new TableLimitException($"Value '{name}' holds half of a surrogate pair."),
        byte[] bytes => bytes.Length,
        bool => 1,
        int => 4,
        double number when !double.IsFinite(number) => throw new TableLimitException($"Value '{name}' is not a finite number."),
        DateTimeOffset moment when moment < Earliest || moment.Offset != TimeSpan.Zero =>
            throw new TableLimitException($"Value '{name}' is a moment before 1601 or not in UTC."),
        long or double or DateTimeOffset => 8,
        Guid => 16,
        _ => throw new TableLimitException($"Value '{name}' is a {value.GetType().Name}, which Table Storage does not know."),
    };
}

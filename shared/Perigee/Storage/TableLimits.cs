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

    private static void CheckKey(string which, string key)
    {
        if (key.Length > KeyLength)
            throw new TableLimitException($"{which} has {key.Length} characters; {KeyLength} are allowed.");
        foreach (char c in key)
        {
            if (c is '/' or '\\' or '#' or '?' || char.IsControl(c))
                throw new TableLimitException($"{which} holds U+{(int)c:X4}, which Table Storage refuses in a key.");
        }
    }

    private static int SizeOf(string name, object value) => value switch
    {
        string text => text.Length * 2,
        byte[] bytes => bytes.Length,
        bool => 1,
        int => 4,
        long or double or DateTimeOffset => 8,
        Guid => 16,
        _ => throw new TableLimitException($"Value '{name}' is a {value.GetType().Name}, which Table Storage does not know."),
    };
}

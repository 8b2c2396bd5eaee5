using System.Globalization;

namespace Perigee.Storage;

/// <summary>
/// Bytes of up to 720 KiB inside one row, cut into values because Table Storage takes 64 KiB a value: one write, one point read.
/// Larger bodies belong in a blob.
/// </summary>
public static class RowBody
{
    /// <summary>The most bytes that one row takes. As base64 they still are under 1 MiB, which is how the emulator counts a row.</summary>
    public const int MaxBytes = 12 * ChunkBytes;

    private const int ChunkBytes = 60 * 1024;
    private const string LengthName = "bodyLength";

    /// <summary>Puts the bytes into the row, in place of a body that it may have. They are copied.</summary>
    /// <exception cref="TableLimitException">There are more than <see cref="MaxBytes"/>.</exception>
    public static void Write(TableRow row, ReadOnlySpan<byte> body)
    {
        if (body.Length > MaxBytes)
            throw new TableLimitException($"A body has {body.Length} bytes; {MaxBytes} fit into a row.");
        Clear(row);
        row.Set(LengthName, body.Length);
        for (int chunk = 0; !body.IsEmpty; chunk++)
        {
            int taken = Math.Min(ChunkBytes, body.Length);
            row.Set(Name(chunk), body[..taken].ToArray());
            body = body[taken..];
        }
    }

    /// <summary>The bytes, or null where the row has no body or not all of it. They may be the row's own array.</summary>
    public static ReadOnlyMemory<byte>? Read(TableRow row)
    {
        if (row.Number(LengthName) is not long length || length is < 0 or > MaxBytes)
            return null;
        if (length == 0)
            return ReadOnlyMemory<byte>.Empty;
        if (length <= ChunkBytes)
            return row.Bytes(Name(0)) is { } only && only.Length == length ? only : null;

        byte[] whole = new byte[length];
        int filled = 0;
        for (int chunk = 0; filled < whole.Length; chunk++)
        {
            int expected = Math.Min(ChunkBytes, whole.Length - filled);
            if (row.Bytes(Name(chunk)) is not { } bytes || bytes.Length != expected)
                return null;
            bytes.CopyTo(whole, filled);
            filled += expected;
        }

        return whole;
    }

    private static void Clear(TableRow row)
    {
        for (int chunk = 0; row.Values.Remove(Name(chunk)); chunk++)
        {
        }
    }

    private static string Name(int chunk) => string.Create(CultureInfo.InvariantCulture, $"body{chunk}");
}

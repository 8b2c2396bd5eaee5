using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Perigee.Caching.Near;

/// <summary>
/// A part of a snapshot: magic, version of the embedder, bytes of a vector, number of entries; each entry's times, scope, vector, id, features
/// and text; SHA-256 of all that. Numbers are little-endian.
/// </summary>
internal static class NearSnapshotPart
{
    /// <summary>Entries of a part at most: a few MiB.</summary>
    public const int MostEntries = 4096;

    /// <summary>The longest part that is read.</summary>
    public const long MostBytes = 256 * 1024 * 1024;

    private static ReadOnlySpan<byte> Magic => "PNR1"u8;

    /// <summary>Writes a part.</summary>
    public static ReadOnlyMemory<byte> Write(string version, int stride, IReadOnlyList<(NearEntry Entry, sbyte[] Vector)> entries)
    {
        ArrayBufferWriter<byte> output = new(entries.Count * (stride + 400) + 256);
        output.Write(Magic);
        Text(output, version);
        Number(output, stride);
        Number(output, entries.Count);
        foreach ((NearEntry entry, sbyte[] vector) in entries)
        {
            Long(output, entry.At);
            Long(output, entry.Expires.UtcTicks);
            entry.Scope.CopyTo(output.GetSpan(ScopeHash.Size));
            output.Advance(ScopeHash.Size);
            output.Write(MemoryMarshal.AsBytes<sbyte>(vector));
            Text(output, entry.Id);
            Number(output, entry.Features.Length);
            output.Write(entry.Features.Span);
            if (entry.Text is null)
                Number(output, -1);
            else
                Text(output, entry.Text);
        }

        byte[] hash = SHA256.HashData(output.WrittenSpan);
        output.Write(hash);
        return output.WrittenMemory;
    }

    /// <summary>Reads a part.</summary>
    /// <returns>The version of the embedder and the changes; null where it is not whole.</returns>
    public static (string Version, List<NearDelta> Entries)? Read(ReadOnlySpan<byte> part)
    {
        if (part.Length < Magic.Length + SHA256.HashSizeInBytes || !part.StartsWith(Magic))
            return null;
        ReadOnlySpan<byte> content = part[..^SHA256.HashSizeInBytes];
        if (!SHA256.HashData(content).AsSpan().SequenceEqual(part[^SHA256.HashSizeInBytes..]))
            return null;
        try
        {
            Reader reader = new(content[Magic.Length..]);
            string version = reader.Text() ?? "";
            int stride = reader.Number();
            int count = reader.Number();
            if (count is < 0 or > MostEntries)
                return null;
            List<NearDelta> entries = new(count);
            for (int i = 0; i < count; i++)
            {
                long at = reader.Long();
                DateTimeOffset expires = new(reader.Long(), TimeSpan.Zero);
                ScopeHash scope = ScopeHash.Of(reader.Take(ScopeHash.Size));
                sbyte[] vector = MemoryMarshal.Cast<byte, sbyte>(reader.Take(stride)).ToArray();
                string id = reader.Text() ?? "";
                byte[] features = reader.Take(reader.Number()).ToArray();
                entries.Add(new NearDelta(new NearEntry(id, scope, features, expires, reader.Text()) { At = at }, vector));
            }

            return (version, entries);
        }
        catch (ArgumentOutOfRangeException)
        {
            // Whole, and yet not what this version writes.
            return null;
        }
    }

    private static void Number(ArrayBufferWriter<byte> output, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(sizeof(int)), value);
        output.Advance(sizeof(int));
    }

    private static void Long(ArrayBufferWriter<byte> output, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(sizeof(long)), value);
        output.Advance(sizeof(long));
    }

    private static void Text(ArrayBufferWriter<byte> output, string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        Number(output, length);
        output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(Math.Max(1, length))));
    }

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> past the end.</summary>
    private ref struct Reader(ReadOnlySpan<byte> content)
    {
        private ReadOnlySpan<byte> _left = content;

        public ReadOnlySpan<byte> Take(int length)
        {
            ReadOnlySpan<byte> taken = _left[..length];
            _left = _left[length..];
            return taken;
        }

        public int Number() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

        public long Long() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

        public string? Text() => Number() is >= 0 and var length ? Encoding.UTF8.GetString(Take(length)) : null;
    }
}

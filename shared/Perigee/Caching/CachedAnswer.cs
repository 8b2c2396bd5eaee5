using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using Perigee.Storage;
using Perigee.Wire;

namespace Perigee.Caching;

/// <summary>An answer that is kept: the bytes as the client got them, and what is needed to replay and count it.</summary>
/// <param name="Body">The wire bytes.</param>
/// <param name="ContentType">Their media type.</param>
/// <param name="Model">The model that answered, by its own name.</param>
/// <param name="Usage">The tokens that the answer cost when it was made.</param>
/// <param name="Finish">Why it ended.</param>
/// <param name="StoredAt">When it was made.</param>
/// <param name="Expires">From when it is no longer replayed.</param>
internal sealed record CachedAnswer(
    ReadOnlyMemory<byte> Body, string ContentType, string? Model, TokenUsage? Usage, FinishReason Finish, DateTimeOffset StoredAt, DateTimeOffset Expires)
{
    /// <summary>The largest answer that is kept.</summary>
    public const int MostBytes = 4 * 1024 * 1024;

    /// <summary>Below this, a row costs the same with or without; the compressor does not.</summary>
    private const int WorthCompressing = 4096;

    /// <summary>The row under which instances share it, or null where it is too large for one.</summary>
    public TableRow? ToRow(string partition, string row)
    {
        bool compressed = Body.Length >= WorthCompressing;
        byte[]? output = compressed ? ArrayPool<byte>.Shared.Rent(BrotliEncoder.GetMaxCompressedLength(Body.Length)) : null;
        try
        {
            ReadOnlySpan<byte> stored = Body.Span;
            if (compressed)
            {
                // Quality 1 takes a fifth of the time of 4 for nearly the same size on streams, which repeat themselves.
                if (!BrotliEncoder.TryCompress(Body.Span, output, out int written, quality: 1, window: 18))
                    return null;
                stored = output.AsSpan(0, written);
            }

            if (stored.Length > RowBody.MaxBytes)
                return null;
            TableRow result = new(partition, row);
            Describe(result, compressed);
            RowBody.Write(result, stored);
            return result;
        }
        finally
        {
            if (output is not null)
                ArrayPool<byte>.Shared.Return(output);
        }
    }

    private void Describe(TableRow row, bool compressed)
    {
        row.Set("type", ContentType).Set("model", Model).Set("finish", (int)Finish).Set("stored", StoredAt).Set("expires", Expires)
            .Set("codec", compressed ? "br" : "raw").Set("length", Body.Length).Set("sha256", SHA256.HashData(Body.Span));
        if (Usage is { } usage)
        {
            byte[] counts = new byte[40];
            ReadOnlySpan<long> classes = [usage.InputFresh, usage.InputCacheRead, usage.InputCacheWrite, usage.OutputText, usage.OutputReasoning];
            for (int i = 0; i < classes.Length; i++)
                BinaryPrimitives.WriteInt64LittleEndian(counts.AsSpan(i * 8), classes[i]);
            row.Set("usage", counts);
        }
    }

    /// <summary>Reads the row back. Null where it is not whole: a damaged entry is a miss.</summary>
    public static CachedAnswer? FromRow(TableRow row)
    {
        if (row.Number("length") is not (>= 0 and <= MostBytes) || row.Moment("stored") is not { } stored || row.Moment("expires") is not { } expires
            || row.Bytes("sha256") is not { } hash || RowBody.Read(row) is not { } body)
        {
            return null;
        }

        byte[]? bytes = row.Text("codec") == "br" ? Inflate(body.Span, (int)row.Number("length")!) : body.ToArray();
        if (bytes is null || bytes.Length != row.Number("length") || !SHA256.HashData(bytes).AsSpan().SequenceEqual(hash))
            return null;
        TokenUsage? usage = null;
        if (row.Bytes("usage") is { Length: 40 } counts)
        {
            usage = new TokenUsage(At(counts, 0), At(counts, 1), At(counts, 2), At(counts, 3), At(counts, 4));
        }

        return new CachedAnswer(bytes, row.Text("type") ?? "application/json", row.Text("model"), usage, (FinishReason)(row.Number("finish") ?? 0), stored, expires);
    }

    private static long At(byte[] counts, int index) => BinaryPrimitives.ReadInt64LittleEndian(counts.AsSpan(index * 8));

    /// <summary>Never inflates past the recorded length, whatever the bytes say.</summary>
    private static byte[]? Inflate(ReadOnlySpan<byte> stored, int length)
    {
        byte[] output = new byte[length];
        return BrotliDecoder.TryDecompress(stored, output, out int written) && written == length ? output : null;
    }
}

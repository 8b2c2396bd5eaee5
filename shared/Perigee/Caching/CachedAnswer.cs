using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using Perigee.Storage;
using Perigee.Wire;

namespace Perigee.Caching;

/// <summary>An answer that is kept: the bytes as the client got them, and what is needed to replay and count it. One serves all dialects and shapes.</summary>
/// <param name="Body">The wire bytes.</param>
/// <param name="Form">What they are.</param>
internal sealed record CachedAnswer(ReadOnlyMemory<byte> Body, AnswerForm Form)
{
    /// <summary>Their media type.</summary>
    public required string ContentType { get; init; }

    /// <summary>The model that answered, by its own name.</summary>
    public string? Model { get; init; }

    /// <summary>The tokens that the answer cost when it was made.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>Why it ended.</summary>
    public FinishReason Finish { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset StoredAt { get; init; }

    /// <summary>From when it is no longer replayed.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>The id of the exchange that made it.</summary>
    public string Source { get; init; } = "";

    /// <summary>Whose answer it is, as <c>provider/model</c>.</summary>
    public string Target { get; init; } = "";

    /// <summary>The canonical question's own hash. Under a key that several wordings share it tells which of them this answered.</summary>
    public string Question { get; init; } = "";

    /// <summary>From the first byte to the last when it was made.</summary>
    public TimeSpan Took { get; init; }

    /// <summary>What it cost, in pico-dollars; null where the price is unknown.</summary>
    public long? PicoDollars { get; init; }

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
        string form = $"{Form.Dialect},{(Form.Stream ? "s" : "")}{(Form.AsArray ? "a" : "")}{(Form.Usage ? "u" : "")}";
        row.Set("form", form).Set("source", Source).Set("target", Target).Set("question", Question)
            .Set("took", (long)Took.TotalMilliseconds).Set("picoDollars", PicoDollars);
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

        return new CachedAnswer(bytes, FormOf(row.Text("form") ?? ""))
        {
            ContentType = row.Text("type") ?? "application/json",
            Model = row.Text("model"),
            Usage = usage,
            Finish = (FinishReason)(row.Number("finish") ?? 0),
            StoredAt = stored,
            Expires = expires,
            Source = row.Text("source") ?? "",
            Target = row.Text("target") ?? "",
            Question = row.Text("question") ?? "",
            Took = TimeSpan.FromMilliseconds(row.Number("took") ?? 0),
            PicoDollars = row.Number("picoDollars"),
        };
    }

    private static AnswerForm FormOf(string text)
    {
        int comma = text.IndexOf(',', StringComparison.Ordinal);
        ReadOnlySpan<char> shape = comma < 0 ? "" : text.AsSpan(comma + 1);
        return new AnswerForm(comma < 0 ? text : text[..comma], shape.Contains('s'), shape.Contains('a'), shape.Contains('u'));
    }

    private static long At(byte[] counts, int index) => BinaryPrimitives.ReadInt64LittleEndian(counts.AsSpan(index * 8));

    /// <summary>Never inflates past the recorded length, whatever the bytes say.</summary>
    private static byte[]? Inflate(ReadOnlySpan<byte> stored, int length)
    {
        byte[] output = new byte[length];
        return BrotliDecoder.TryDecompress(stored, output, out int written) && written == length ? output : null;
    }
}

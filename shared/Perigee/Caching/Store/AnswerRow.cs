using System.Buffers.Binary;
using Perigee.Storage;
using Perigee.Wire;

namespace Perigee.Caching.Store;

/// <summary>
/// An answer as a row that instances share. A body that does not fit lies in a blob to which the row points. What is read is believed only where
/// it is whole: anything else is a miss.
/// </summary>
internal static class AnswerRow
{
    private const int Classes = 12;

    /// <summary>The row.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="packed">Its body as it is stored.</param>
    /// <param name="blob">The blob that holds the body, or null where the row does.</param>
    public static TableRow Write(in CacheKey key, CachedAnswer answer, in PackedBody packed, string? blob)
    {
        TableRow row = new(key.Partition, key.Row);
        string form = $"{answer.Form.Dialect},{(answer.Form.Stream ? "s" : "")}{(answer.Form.AsArray ? "a" : "")}{(answer.Form.Usage ? "u" : "")}";
        row.Set("form", form).Set("type", answer.ContentType).Set("model", answer.Model).Set("finish", (int)answer.Finish)
            .Set("stored", answer.StoredAt.ToUniversalTime()).Set("expires", answer.Expires.ToUniversalTime())
            .Set("began", answer.Began.ToUniversalTime()).Set("dropped", answer.Dropped.Length == 0 ? null : answer.Dropped)
            .Set("source", answer.Source).Set("target", answer.Target).Set("question", answer.Question)
            .Set("took", (long)answer.Took.TotalMilliseconds).Set("picoDollars", answer.PicoDollars)
            .Set("tenant", answer.Scope.Tenant).Set("namespace", answer.Scope.Namespace)
            .Set("asked", answer.Scope.Model).Set("route", answer.Scope.Route)
            .Set("codec", packed.Compressed ? "br" : "raw").Set("length", answer.Body.Length).Set("sha256", packed.Hash);
        if (answer.Usage is { } usage)
            row.Set("usage", Bytes(usage));
        if (blob is null)
            RowBody.Write(row, packed.Stored.Span);
        else
            row.Set("blob", blob).Set("blobLength", packed.Stored.Length);
        return row;
    }

    /// <summary>The blob that holds the body and how many bytes it must have; null where the row holds the body itself, or says nonsense.</summary>
    public static (string Name, int Length)? BlobOf(TableRow row) =>
        row.Text("blob") is { } name && row.Number("blobLength") is >= 0 and <= CachedAnswer.MostBytes ? (name, (int)row.Number("blobLength")!) : null;

    /// <summary>Reads the row back. Null where it is not whole.</summary>
    /// <param name="row">The row.</param>
    /// <param name="blob">The bytes of the blob that it points to.</param>
    public static CachedAnswer? Read(TableRow row, ReadOnlyMemory<byte>? blob)
    {
        if (row.Number("length") is not (>= 0 and <= CachedAnswer.MostBytes) || row.Moment("stored") is not { } stored
            || row.Moment("expires") is not { } expires || row.Bytes("sha256") is not { } hash || (blob ?? RowBody.Read(row)) is not { } body)
        {
            return null;
        }

        bool? compressed = row.Text("codec") switch { "br" => true, "raw" => false, _ => null };
        FinishReason finish = (FinishReason)(row.Number("finish") ?? 0);
        string type = row.Text("type") ?? "application/json";
        if (compressed is not { } packed || !Enum.IsDefined(finish) || !IsPrintable(type)
            || PackedBody.Unpack(body, packed, (int)row.Number("length")!, hash) is not { } bytes)
        {
            return null;
        }

        return new CachedAnswer(bytes, FormOf(row.Text("form") ?? ""))
        {
            ContentType = type,
            Model = row.Text("model"),
            Usage = row.Bytes("usage") is { Length: Classes * 8 } counts ? Usage(counts) : null,
            Finish = finish,
            StoredAt = stored,
            Expires = expires,
            Began = row.Moment("began") ?? default,
            Dropped = Printable(row.Text("dropped")),
            Source = Printable(row.Text("source")),
            Target = Printable(row.Text("target")),
            Question = row.Text("question") ?? "",
            Took = TimeSpan.FromMilliseconds(Math.Clamp(row.Number("took") ?? 0, 0, 86_400_000)),
            PicoDollars = row.Number("picoDollars"),
            Scope = new CacheScope(row.Text("tenant") ?? "", row.Text("namespace") ?? "", row.Text("asked") ?? "", row.Text("route") ?? ""),
        };
    }

    private static AnswerForm FormOf(string text)
    {
        int comma = text.IndexOf(',', StringComparison.Ordinal);
        ReadOnlySpan<char> shape = comma < 0 ? "" : text.AsSpan(comma + 1);
        return new AnswerForm(comma < 0 ? text : text[..comma], shape.Contains('s'), shape.Contains('a'), shape.Contains('u'));
    }

    /// <summary>These words become headers, which take no others.</summary>
    private static bool IsPrintable(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange(' ', '~');

    private static string Printable(string? text) => text is not null && IsPrintable(text) ? text : "";

    private static byte[] Bytes(in TokenUsage usage)
    {
        byte[] counts = new byte[Classes * 8];
        ReadOnlySpan<long> classes =
        [
            usage.InputFresh, usage.InputCacheRead, usage.InputCacheWrite, usage.OutputText, usage.OutputReasoning, usage.InputCacheWriteHour,
            usage.InputAudio, usage.InputImage, usage.InputTools, usage.OutputAudio, usage.OutputImage, usage.WebSearches,
        ];
        for (int i = 0; i < classes.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(counts.AsSpan(i * 8), classes[i]);
        return counts;
    }

    private static TokenUsage Usage(byte[] counts)
    {
        return new TokenUsage(At(0), At(1), At(2), At(3), At(4))
        {
            InputCacheWriteHour = At(5),
            InputAudio = At(6),
            InputImage = At(7),
            InputTools = At(8),
            OutputAudio = At(9),
            OutputImage = At(10),
            WebSearches = At(11),
        };

        long At(int index) => BinaryPrimitives.ReadInt64LittleEndian(counts.AsSpan(index * 8));
    }
}

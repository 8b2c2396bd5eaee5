using System.Buffers;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Perigee.Logs.Shipping;

namespace Perigee.Logs.Bodies;

/// <summary>Writes bodies as lines, redacted; large ones as blobs of their own that their line names.</summary>
internal sealed class BodyLines(LogOrigin origin, Redactor redactor) : ILogLines<BodyItem>
{
    /// <summary>Bodies above this many bytes lie in blobs of their own.</summary>
    public const int MostInline = 64 * 1024;

    private readonly ArrayBufferWriter<byte> _clean = new(4096);

    /// <inheritdoc/>
    public DateTimeOffset TimeOf(BodyItem item) => item.Time;

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json, BodyItem item, long sequence, List<LogObject> objects)
    {
        CapturedBody body = item.Body;
        KeptBody kept = body.Kept;
        _clean.ResetWrittenCount();
        using (StreamRedactor stream = new(redactor, _clean))
        {
            // What is streamed is found in the joined text first: an event holds a few letters of it.
            stream.Write(item.Part == BodyPart.Answer && StreamedText.Join(body.Bytes, redactor, kept.IsCut) is { } joined ? joined : body.Bytes);
            stream.End(kept.IsCut);
        }

        origin.Begin(json, "body"u8, item.Time);
        json.WriteNumber("seq"u8, sequence);
        json.WriteString("id"u8, item.Id);
        json.WriteString("part"u8, item.Part == BodyPart.Question ? "question"u8 : "answer"u8);
        if (body.ContentType.Length > 0)
            json.WriteString("type"u8, redactor.Redact(body.ContentType));
        json.WriteNumber("bytes"u8, kept.Length);
        json.WriteBoolean("cut"u8, kept.IsCut);
        if (kept.Kept > MostInline)
        {
            string name = origin.ObjectName(item.Id, item.Time, item.Part);
            byte[] packed = Pack(_clean.WrittenSpan);
            objects.Add(new(name, packed));
            json.WriteString("blob"u8, name);
            json.WriteNumber("blobBytes"u8, packed.Length);
        }
        else
        {
            // Whatever is no UTF-8 is shown as such.
            json.WriteString("text"u8, Encoding.UTF8.GetString(_clean.WrittenSpan));
        }

        json.WriteEndObject();
    }

    /// <inheritdoc/>
    public void Done(BodyItem item) => item.Body.Dispose();

    private static byte[] Pack(ReadOnlySpan<byte> text)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(text);
        return packed.ToArray();
    }
}

using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;

namespace Perigee.Usage;

/// <summary>The lines of a gzipped NDJSON blob, one after the other: a blob is never in memory as a whole.</summary>
internal static class LogLines
{
    private const int LongestLine = 16 * 1024 * 1024;

    /// <summary>Reads a blob to its end.</summary>
    /// <param name="content">The blob as it lies there; it is disposed of.</param>
    /// <param name="take">Is given each line without its end; valid during the call only.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="InvalidDataException">The blob is damaged: what was read until then was given.</exception>
    public static async ValueTask ReadAsync(Stream content, Action<ReadOnlySequence<byte>> take, CancellationToken cancel)
    {
        await using GZipStream unpacked = new(content, CompressionMode.Decompress);
        PipeReader reader = PipeReader.Create(unpacked, new StreamPipeReaderOptions(bufferSize: 64 * 1024, minimumReadSize: 16 * 1024));
        while (true)
        {
            ReadResult result = await reader.ReadAsync(cancel);
            ReadOnlySequence<byte> buffer = result.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                take(buffer.Slice(0, end));
                buffer = buffer.Slice(buffer.GetPosition(1, end));
            }

            if (result.IsCompleted)
            {
                if (!buffer.IsEmpty)
                    take(buffer);
                break;
            }

            if (buffer.Length > LongestLine)
                throw new InvalidDataException("A line of the blob is longer than any record.");
            reader.AdvanceTo(buffer.Start, buffer.End);
        }

        await reader.CompleteAsync();
    }
}

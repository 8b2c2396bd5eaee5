using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Perigee.Front;

/// <summary>A request body in one pooled buffer. Whoever reads it disposes it when the exchange is over.</summary>
internal sealed class BodyBuffer : IDisposable
{
    private byte[] _buffer;
    private int _length;

    private BodyBuffer(int size) => _buffer = ArrayPool<byte>.Shared.Rent(size);

    /// <summary>The body; valid until disposal.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>Reads the whole body, up to the limit.</summary>
    public static async ValueTask<(BodyBuffer? Body, GatewayError? Error)> ReadAsync(HttpRequest request, long limit)
    {
        if (request.ContentLength > limit)
            return (null, TooLarge(limit, "limits.bodyBytes"));

        // A stated length is not believed before the bytes are there: a thousand idle requests must not reserve a thousand limits.
        BodyBuffer body = new((int)Math.Clamp(request.ContentLength ?? 4096, 256, 256 * 1024));
        try
        {
            PipeReader reader = request.BodyReader;
            while (true)
            {
                ReadResult read = await reader.ReadAsync(request.HttpContext.RequestAborted);
                if (body._length + read.Buffer.Length > limit)
                {
                    reader.AdvanceTo(read.Buffer.End);
                    body.Dispose();
                    return (null, TooLarge(limit, "limits.bodyBytes"));
                }

                body.Append(read.Buffer);
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return (body, null);
            }
        }
        catch (BadHttpRequestException e)
        {
            body.Dispose();
            return (null, e.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? TooLarge(limit, "limits.bodyBytes")
                : new GatewayError(ErrorKind.BadRequest, "The body could not be read: it ended before its stated length, or its chunks are malformed."));
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>The refusal of a body above a limit.</summary>
    public static GatewayError TooLarge(long limit, string setting) => new(ErrorKind.BodyTooLarge,
        $"The body is larger than the {limit} bytes that this gateway takes: send less, or have its owner raise '{setting}'.");

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        _length = 0;
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Append(in ReadOnlySequence<byte> bytes)
    {
        int needed = _length + (int)bytes.Length;
        if (needed > _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _buffer.Length * 2));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        bytes.CopyTo(_buffer.AsSpan(_length));
        _length = needed;
    }
}

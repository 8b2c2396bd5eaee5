using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Perigee.Wire;

/// <summary>
/// A form or file on its way to the provider. It is streamed; only what stands before the model's name has to wait, in memory up to
/// 1 MiB and on disk beyond (the official SDKs may put a file before the model). What has gone on is kept, up to 4 MiB, so that another
/// provider can be asked where the first fails.
/// </summary>
/// <param name="body">The request's body.</param>
/// <param name="contentType">Its media type with the boundary.</param>
/// <param name="length">Its length in bytes where the client states it.</param>
/// <param name="limit">The most bytes that are taken.</param>
internal sealed class FormUpload(PipeReader body, string contentType, long? length, long limit) : IAsyncDisposable
{
    private const int MemoryBytes = 1024 * 1024;

    private const int MostKeptBytes = 4 * 1024 * 1024;

    private MemoryStream? _kept = new();
    private CancellationTokenSource? _stop;
    private Task _copying = Task.CompletedTask;
    private bool _begun;
    private FileBufferingWriteStream? _waiting;
    private FormScanner? _scanner;
    private long _taken;

    /// <summary>The media type as the client wrote it.</summary>
    public string ContentType => contentType;

    /// <summary>The model that the form names, or null.</summary>
    public string? Model => _scanner?.Value;

    /// <summary>More bytes came than are taken.</summary>
    public bool TooLarge { get; private set; }

    /// <summary>What is wrong with the form itself, whomever it goes to; or null. Reading ended there.</summary>
    public GatewayError? Fault { get; private set; }

    /// <summary>Whether the whole body can still be written: nothing has gone on yet, or all of it was kept.</summary>
    public bool CanRepeat => !_begun || _kept is not null;

    /// <summary>Reads until the form has named its model, or ends. Not called for uploads that name none.</summary>
    /// <param name="boundary">The form's boundary.</param>
    /// <param name="cancel">The client is gone.</param>
    /// <exception cref="BadHttpRequestException">See <see cref="Fault"/>.</exception>
    public async ValueTask FindModelAsync(string boundary, CancellationToken cancel)
    {
        _scanner = new FormScanner(boundary, "model");
        _waiting = new FileBufferingWriteStream(MemoryBytes);
        while (!_scanner.Done && Model is null && !TooLarge)
        {
            ReadResult read = await ReadAsync(cancel);
            try
            {
                foreach (ReadOnlyMemory<byte> part in read.Buffer)
                {
                    Take(part.Span);
                    await _waiting.WriteAsync(part, cancel);
                }
            }
            finally
            {
                body.AdvanceTo(read.Buffer.End);
            }

            if (read.IsCompleted)
                break;
        }
    }

    /// <summary>The length of what <see cref="CopyToAsync"/> will write, where it is known.</summary>
    public long? LengthWith(string? model) => length is not { } known ? null
        : model is null || Model is null ? known
        : known - _scanner!.ValueLength + Encoding.UTF8.GetByteCount(model);

    /// <summary>Called whenever bytes have gone on: an upload may take longer than a provider may be silent.</summary>
    public Action? Progress { get; set; }

    /// <summary>Writes the whole body, with another model's name where one is given. Again only where <see cref="CanRepeat"/> says so.</summary>
    public async Task CopyToAsync(Stream target, string? model, CancellationToken cancel)
    {
        // A provider that answered early may still be sent to: the body has one reader at a time.
        if (_stop is { } running)
            await running.CancelAsync();
        await _copying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop?.Dispose();
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await (_copying = RunAsync(target, model, _stop.Token));
    }

    private async Task RunAsync(Stream target, string? model, CancellationToken cancel)
    {
        bool again = _begun;
        _begun = true;
        Stream to = model is null || Model is null ? target : new Replacing(target, _scanner!.ValueStart, _scanner.ValueLength, Encoding.UTF8.GetBytes(model));
        if (again)
        {
            if (_kept is not { } kept)
                throw new IOException("The upload is too large to be sent again.");
            await to.WriteAsync(kept.GetBuffer().AsMemory(0, (int)kept.Length), cancel);
            if (_waiting is { } left)
            {
                _waiting = null;
                await left.DisposeAsync();
            }
        }
        else if (_waiting is { } waiting)
        {
            _waiting = null;
            await using (waiting)
                await waiting.DrainBufferAsync(to, cancel);
        }

        while (true)
        {
            ReadResult read = await ReadAsync(cancel);
            try
            {
                foreach (ReadOnlyMemory<byte> part in read.Buffer)
                    Take(part.Span);

                foreach (ReadOnlyMemory<byte> part in read.Buffer)
                {
                    if (TooLarge)
                        throw new IOException("The upload is larger than the gateway takes.");
                    await target.WriteAsync(part, cancel);
                }
            }
            finally
            {
                body.AdvanceTo(read.Buffer.End);
            }

            Progress?.Invoke();
            if (read.IsCompleted)
                return;

            // What the client sends slowly goes on slowly: the provider may be working on the first parts.
            await target.FlushAsync(cancel);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        FileBufferingWriteStream? waiting = _waiting;
        _waiting = null;
        _stop?.Dispose();
        return waiting?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_kept is { } kept && kept.Length + bytes.Length <= MostKeptBytes)
            kept.Write(bytes);
        else
            _kept = null;
    }

    private async ValueTask<ReadResult> ReadAsync(CancellationToken cancel)
    {
        try
        {
            return await body.ReadAsync(cancel);
        }
        catch (BadHttpRequestException)
        {
            Fault ??= new GatewayError(ErrorKind.BadRequest, "The form could not be read: it ended before its stated length, or its chunks are malformed.");
            throw;
        }
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        _taken += bytes.Length;
        TooLarge |= _taken > limit;
        Keep(bytes);
        _scanner?.Feed(bytes);
        if (_scanner is not { Twice: true })
            return;

        // Only the first was looked at, whether the caller may use it: a provider may well take the second.
        Fault ??= new GatewayError(ErrorKind.BadRequest, "The field 'model' stands twice in the form.", "model");
        throw new BadHttpRequestException("The field 'model' stands twice.");
    }

    /// <summary>Passes bytes on, with the range of the model's name exchanged.</summary>
    private sealed class Replacing(Stream target, long start, int length, byte[] text) : Stream
    {
        private long _position;
        private bool _written;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            long from = _position;
            _position += buffer.Length;
            int before = (int)Math.Clamp(start - from, 0, buffer.Length);
            if (before > 0)
                await target.WriteAsync(buffer[..before], cancellationToken);
            if (!_written && _position >= start + length)
            {
                _written = true;
                await target.WriteAsync(text, cancellationToken);
            }

            int after = (int)Math.Clamp(start + length - from, 0, buffer.Length);
            if (after < buffer.Length)
                await target.WriteAsync(buffer[after..], cancellationToken);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task FlushAsync(CancellationToken cancellationToken) => target.FlushAsync(cancellationToken);

        public override void Flush() => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}

using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Perigee.Telemetry.Content;

/// <summary>
/// Keeps the beginning of what a client is sent, wherever it comes from: provider, cache or another's call. Stands in front of the response's
/// own body where content is captured, and nowhere else.
/// </summary>
internal sealed class AnswerTap : IHttpResponseBodyFeature
{
    /// <summary>The most bytes that are kept: several times what an attribute takes.</summary>
    private const int Most = 256 * 1024;

    private readonly IHttpResponseBodyFeature _inner;
    private readonly TapWriter _writer;

    private AnswerTap(IHttpResponseBodyFeature inner)
    {
        _inner = inner;
        _writer = new TapWriter(inner.Writer);
    }

    /// <summary>The bytes so far.</summary>
    public ReadOnlyMemory<byte> Bytes => _writer.Kept.WrittenMemory;

    /// <summary>Whether more came than is kept.</summary>
    public bool Cut => _writer.Cut;

    /// <inheritdoc/>
    public Stream Stream => field ??= _writer.AsStream(leaveOpen: true);

    /// <inheritdoc/>
    public PipeWriter Writer => _writer;

    /// <summary>Whether an answer is a stream of events.</summary>
    public static bool IsEvents(HttpResponse response) => response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Puts one in front of a response's body.</summary>
    public static AnswerTap? On(HttpContext http)
    {
        if (http.Features.Get<IHttpResponseBodyFeature>() is not { } body)
            return null;
        AnswerTap tap = new(body);
        http.Features.Set<IHttpResponseBodyFeature>(tap);
        return tap;
    }

    /// <inheritdoc/>
    public Task CompleteAsync() => _inner.CompleteAsync();

    /// <inheritdoc/>
    public void DisableBuffering() => _inner.DisableBuffering();

    /// <inheritdoc/>
    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        _inner.SendFileAsync(path, offset, count, cancellationToken);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken = default) => _inner.StartAsync(cancellationToken);

    private sealed class TapWriter(PipeWriter inner) : PipeWriter
    {
        private Memory<byte> _lent;

        public ArrayBufferWriter<byte> Kept { get; } = new();

        public bool Cut { get; private set; }

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes)
        {
            int room = Math.Min(bytes, Most - Kept.WrittenCount);
            Kept.Write(_lent.Span[..room]);
            Cut |= room < bytes;
            inner.Advance(bytes);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => _lent = inner.GetMemory(sizeHint);

        // The bytes must be found again when they are counted: a span cannot be kept.
        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);
    }
}

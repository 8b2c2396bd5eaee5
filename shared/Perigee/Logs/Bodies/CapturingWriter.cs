using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Perigee.Logs.Bodies;

/// <summary>Hands everything on to the response and copies the first of it. Only where a body is kept: others write as ever.</summary>
internal sealed class CapturingWriter(PipeWriter inner, CapturedBody body) : PipeWriter
{
    private Memory<byte> _given;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    /// <inheritdoc/>
    public override long UnflushedBytes => inner.UnflushedBytes;

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        body.Add(_given.Span[..bytes]);
        _given = _given[bytes..];
        inner.Advance(bytes);
    }

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => _given = inner.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        body.Add(source.Span);
        return inner.WriteAsync(source, cancellationToken);
    }

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    /// <inheritdoc/>
    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
}

/// <summary>The response's body with a <see cref="CapturingWriter"/> in front.</summary>
internal sealed class CapturingBody(IHttpResponseBodyFeature inner, CapturedBody body) : IHttpResponseBodyFeature
{
    private Stream? _stream;

    /// <inheritdoc/>
    public PipeWriter Writer { get; } = new CapturingWriter(inner.Writer, body);

    /// <inheritdoc/>
    public Stream Stream => _stream ??= Writer.AsStream(leaveOpen: true);

    /// <inheritdoc/>
    public void DisableBuffering() => inner.DisableBuffering();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
    {
        await using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        file.Position = offset;
        await file.CopyToAsync(Writer, cancellationToken);
    }

    /// <inheritdoc/>
    public Task CompleteAsync() => inner.CompleteAsync();
}

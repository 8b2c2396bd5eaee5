using System.Buffers;
using System.IO.Pipelines;
using Perigee.Providers;
using Perigee.Wire;

namespace Perigee.Forwarding;

/// <summary>
/// Passes a Server-Sent Events stream on, event by event, in its own bytes. The reader only looks. What comes before the first content is
/// held back for a moment, so that an upstream which opens and then fails still gets its real status; from the first content on there is
/// no way back. The client's side is flushed whenever the upstream would be waited for.
/// </summary>
internal sealed class StreamRelay : IDisposable
{
    /// <summary>No event of a provider was seen to be near this size (whole images in base64 come closest).</summary>
    private const int MostEventBytes = 32 * 1024 * 1024;

    private const int MostHeldBytes = 16 * 1024;

    private static readonly TimeSpan HoldBack = TimeSpan.FromMilliseconds(100);

    private readonly Exchange _exchange;
    private readonly Provider _provider;
    private readonly IAnswerReader _reader;
    private readonly PipeWriter _client;
    private readonly bool _hideUsage;
    private readonly Action _commit;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
    private int _start;
    private int _parsed;
    private int _end;
    private int _scanned;
    private bool _failedInAnswer;
    private bool _unterminated;

    /// <param name="exchange">The exchange.</param>
    /// <param name="provider">Whose stream it is.</param>
    /// <param name="reader">Looks at the events.</param>
    /// <param name="hideUsage">Whether chunks with usage alone are kept from the client.</param>
    /// <param name="commit">Sets status and headers: called once, right before the first byte.</param>
    public StreamRelay(Exchange exchange, Provider provider, IAnswerReader reader, bool hideUsage, Action commit)
    {
        _exchange = exchange;
        _provider = provider;
        _reader = reader;
        _client = exchange.Http.Response.BodyWriter;
        _hideUsage = hideUsage;
        _commit = commit;
    }

    /// <summary>Whether the answer has begun for the client.</summary>
    public bool Committed { get; private set; }

    /// <summary>Whether content (not only an opening) has been seen.</summary>
    public bool Content { get; private set; }

    /// <summary>Whether the stream is one JSON array (Gemini without <c>alt=sse</c>), not events.</summary>
    public bool AsArray { get; init; }

    /// <summary>Called when content is first seen.</summary>
    public Action? OnContent { get; init; }

    /// <summary>Called before bytes go to the client, where something has to be done first; or null.</summary>
    public Func<ValueTask>? BeforeFlush { get; init; }

    /// <summary>Relays to the end.</summary>
    /// <param name="upstream">The provider's stream.</param>
    /// <param name="patience">Runs out when the provider is silent too long, or the client is gone.</param>
    /// <returns>Null where the answer ended complete, else why not. What was held back then is not sent.</returns>
    public async ValueTask<GatewayError?> RunAsync(Stream upstream, Patience patience)
    {
        while (true)
        {
            MakeRoom();
            if (_end - _parsed > MostEventBytes)
                return new GatewayError(ErrorKind.ProviderFailed, "The provider sent an event larger than this gateway passes on.");
            patience.Restart();

            // Kept for a moment on purpose: whether it is pending says when to flush. It is awaited once, below.
#pragma warning disable CA2012
            ValueTask<int> read = upstream.ReadAsync(_buffer.AsMemory(_end), patience.Token);
#pragma warning restore CA2012
            if (!read.IsCompleted)
            {
                if (Committed)
                {
                    if (_client.UnflushedBytes > 0 && !await FlushAsync())
                        return Gone();
                }
                else if (_parsed > _start)
                {
                    Task<int> pending = read.AsTask();
                    read = new ValueTask<int>(pending);
                    await Task.WhenAny(pending, Task.Delay(HoldBack, patience.Time, patience.Token));
                    if (!pending.IsCompleted)
                    {
                        Commit();
                        Pass(_parsed);
                        if (!await FlushAsync())
                            return Gone();
                    }
                }
            }

            int count = await read;
            _end += count;
            GatewayError? error = Take(atEnd: count == 0);
            if (error is not null && !Committed)
                return error;
            if (count == 0)
                return await EndAsync(error);

            // A fast upstream must not fill the memory of a slow client.
            if (_client.UnflushedBytes > 64 * 1024 && !await FlushAsync())
                return Gone();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Reads all complete events and passes on what may go.</summary>
    private GatewayError? Take(bool atEnd)
    {
        while (_parsed < _end && SseFrame.TryRead(_buffer.AsSpan(_parsed, _end - _parsed), atEnd, ref _scanned, out SseFrame frame))
        {
            if (!frame.Whole && !SseFrame.IsWholeData(frame.Data))
            {
                // Half an event: what follows would be read as its end.
                _end = _parsed;
                break;
            }

            _unterminated = !frame.Whole;
            switch (_reader.ReadEvent(frame.Name, frame.Data))
            {
                case EventNature.Content:
                    Begun();
                    break;
                case EventNature.End:
                    Commit();
                    break;
                case EventNature.UsageOnly when _hideUsage:
                    Hide(frame.Length);
                    continue;
                case EventNature.Error:
                    _failedInAnswer = true;
                    if (!Committed)
                        return UpstreamFailure.InAnswer(_provider, _exchange);
                    break;
                default:
                    break;
            }

            _parsed += frame.Length;
        }

        if (_parsed - _start > MostHeldBytes)
            Commit();
        if (Committed)
            Pass(_parsed);
        return null;
    }

    private void Begun()
    {
        if (!Content)
        {
            Content = true;
            OnContent?.Invoke();
        }

        Commit();
    }

    private void Commit()
    {
        if (Committed)
            return;
        Committed = true;
        _commit();
    }

    private void Hide(int length)
    {
        if (!Committed)
        {
            // Nothing before it was content: a stream of usage alone. What is held goes first.
            Commit();
        }

        Pass(_parsed);
        _parsed += length;
        _start = _parsed;
    }

    /// <summary>Hands the bytes up to a position to the client's side, unflushed.</summary>
    private void Pass(int to)
    {
        if (to == _start)
            return;
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(_start, to - _start);
        _client.Write(bytes);
        _exchange.Copy?.Add(bytes);
        _exchange.BytesOut += bytes.Length;
        _start = to;
    }

    private async ValueTask<GatewayError?> EndAsync(GatewayError? error)
    {
        error ??= _failedInAnswer ? UpstreamFailure.InAnswer(_provider, _exchange) : _reader.Ended ? null : UpstreamFailure.Cut(_provider);
        if (error is null && !Committed)
        {
            // Complete, and not one event of content in it.
            Commit();
            Pass(_parsed);
        }

        if (error is not null && Committed && _unterminated)
        {
            // The last event lacks its blank line: the error event must not become a part of it.
            _client.Write("\n\n"u8);
        }

        if (Committed && _client.UnflushedBytes > 0 && !await FlushAsync())
            return Gone();
        if (error is not null && _failedInAnswer && Committed)
        {
            // The client has the provider's own error event already.
            _exchange.Fail(error);
            return null;
        }

        return error;
    }

    private async ValueTask<bool> FlushAsync()
    {
        if (BeforeFlush is { } before)
            await before();
        FlushResult flushed = await _client.FlushAsync(_exchange.Http.RequestAborted);
        return !flushed.IsCompleted && !flushed.IsCanceled;
    }

    private static GatewayError Gone() => new(ErrorKind.ClientGone, "The client went away before the answer was complete.");

    private void MakeRoom()
    {
        if (_end < _buffer.Length)
            return;
        int kept = _end - _start;
        if (_start > 0)
        {
            _buffer.AsSpan(_start, kept).CopyTo(_buffer);
        }
        else
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        _parsed -= _start;
        _end = kept;
        _start = 0;
    }
}

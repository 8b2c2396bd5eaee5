using System.Buffers;
using System.IO.Pipelines;
using Perigee.Providers;
using Perigee.Wire;
using Perigee.Wire.Gemini;

namespace Perigee.Forwarding;

/// <summary>
/// Passes a Server-Sent Events stream on, event by event, in its own bytes. The reader only looks. Opening reads up to the first content and
/// shows nothing, so that an upstream which begins and then fails can still be left for another; giving passes it on, from where there is
/// no way back. The client's side is flushed whenever the upstream would be waited for.
/// </summary>
internal sealed class StreamRelay : IOpenAnswer
{
    /// <summary>No event of a provider was seen to be near this size (whole images in base64 come closest).</summary>
    private const int MostEventBytes = 32 * 1024 * 1024;

    private const int MostHeldBytes = 16 * 1024;

    /// <summary>An event larger than this says something.</summary>
    private const int MostEmptyBytes = 4096;

    private readonly Exchange _exchange;
    private readonly Provider _provider;
    private readonly IAnswerReader _reader;
    private readonly AnswerFacts _facts;
    private readonly bool _hideUsage;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
    private int _start;
    private int _parsed;
    private int _end;
    private int _scanned;
    private JsonArrayScan _scan;
    private PipeWriter _client = null!;
    private Action? _commit;
    private Task<int>? _pending;
    private bool _giving;
    private bool _over;
    private bool _failedInAnswer;
    private bool _unterminated;
    private int _leastEvent = int.MaxValue;

    /// <param name="exchange">The exchange.</param>
    /// <param name="provider">Whose stream it is.</param>
    /// <param name="reader">Looks at the events.</param>
    /// <param name="facts">What the reader tells.</param>
    /// <param name="hideUsage">Whether chunks with usage alone are kept from the client.</param>
    public StreamRelay(Exchange exchange, Provider provider, IAnswerReader reader, AnswerFacts facts, bool hideUsage)
    {
        _exchange = exchange;
        _provider = provider;
        _reader = reader;
        _facts = facts;
        _hideUsage = hideUsage;
    }

    /// <summary>The provider's stream.</summary>
    public required Stream Upstream { get; init; }

    /// <summary>Runs out when the provider is silent too long, or nobody waits any more.</summary>
    public required Patience Patience { get; init; }

    /// <summary>How long the opening is held back for content to follow.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether the answer has begun for the client.</summary>
    public bool Committed { get; private set; }

    /// <inheritdoc/>
    public bool Content { get; private set; }

    /// <inheritdoc/>
    public bool Ended => _over;

    /// <inheritdoc/>
    public long CountedTokens => ContentEvents == 0 ? 0 : ContentEvents + Math.Max(0, (ContentBytes - ((long)ContentEvents * _leastEvent)) / 4);

    /// <summary>Events with content so far.</summary>
    private int ContentEvents { get; set; }

    /// <summary>Their bytes, wrapping included.</summary>
    private long ContentBytes { get; set; }

    /// <summary>Whether the stream is one JSON array (Gemini without <c>alt=sse</c>), not events.</summary>
    public bool AsArray { get; init; }

    /// <summary>Called when content is first seen.</summary>
    public Action? OnContent { get; init; }

    /// <summary>Remembers what the provider keeps by id; or null.</summary>
    public AnswerIds? Ids { get; init; }

    /// <summary>Called before bytes go to the client, where something has to be done first; or null.</summary>
    public Func<ValueTask>? BeforeFlush { get; init; }

    /// <inheritdoc/>
    public async ValueTask<GatewayError?> OpenAsync()
    {
        long held = 0;
        while (!Content && _parsed - _start <= MostHeldBytes)
        {
            MakeRoom();
            if (TooLarge() is { } large)
                return large;
            Patience.Restart();

            // Kept for a moment on purpose: it is awaited once, below or by who gives the answer.
#pragma warning disable CA2012
            ValueTask<int> read = Upstream.ReadAsync(_buffer.AsMemory(_end), Patience.Token);
#pragma warning restore CA2012
            if (!read.IsCompleted && _parsed > _start)
            {
                held = held == 0 ? Patience.Time.GetTimestamp() : held;
                Task<int> pending = read.AsTask();
                TimeSpan left = Hold - Patience.Time.GetElapsedTime(held);
                if (left > TimeSpan.Zero)
                    await ((Task)pending.WaitAsync(left, Patience.Time)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!pending.IsCompleted)
                {
                    _pending = pending;
                    return null;
                }

                read = new ValueTask<int>(pending);
            }

            int count = await read;
            _end += count;
            if (Take(atEnd: count == 0) is { } error)
                return error;
            if (count == 0)
            {
                _over = true;
                if (Content)
                    return null;
                _reader.Close();
                return _reader.Ended ? null : UpstreamFailure.Cut(_provider);
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public async ValueTask<GatewayError?> GiveAsync(Action commit)
    {
        _client = _exchange.Output;
        _commit = commit;
        _giving = true;
        Commit();
        Pass(_parsed);
        GatewayError? error = Take(_over);
        if (_over)
            return await EndAsync(error);
        while (true)
        {
            ValueTask<int> read;
            if (_pending is { } pending)
            {
                _pending = null;
                read = new ValueTask<int>(pending);
            }
            else
            {
                MakeRoom();
                if (TooLarge() is { } large)
                    return large;
                Patience.Restart();
#pragma warning disable CA2012
                read = Upstream.ReadAsync(_buffer.AsMemory(_end), Patience.Token);
#pragma warning restore CA2012
            }

            if (!read.IsCompleted && _client.UnflushedBytes > 0 && !await FlushAsync())
            {
                // Whoever reads into the buffer has to be done before the buffer goes back.
                await Patience.AbandonAsync(read);
                return Gone();
            }

            int count = await read;
            _end += count;
            error = Take(atEnd: count == 0);
            if (count == 0)
                return await EndAsync(error);

            // A fast upstream must not fill the memory of a slow client.
            if (_client.UnflushedBytes > 64 * 1024 && !await FlushAsync())
                return Gone();
        }
    }

    private GatewayError? TooLarge() => _end - _parsed <= MostEventBytes ? null
        : new GatewayError(ErrorKind.ProviderFailed, "The provider sent an event larger than this gateway passes on.");

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        if (_pending is { IsCompleted: false } pending)
        {
            // Somebody still reads into it: the pool must not hand it to anybody else.
            _ = pending.ContinueWith(static task => task.Exception, TaskScheduler.Default);
            return;
        }

        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Reads all complete events and passes on what may go.</summary>
    private GatewayError? Take(bool atEnd)
    {
        while (_parsed < _end && TryFrame(atEnd, out Frame frame))
        {
            if (!frame.Usable)
            {
                // Half an event, or an end that is none: what follows would be read as its end.
                _end = _parsed;
                break;
            }

            _unterminated = !frame.Whole && !AsArray;
            Ids?.Look(frame.Data);
            int errors = _facts.Errors;
            EventNature nature = frame.Data.IsEmpty ? EventNature.Silent : _reader.ReadEvent(frame.Name, frame.Data);
            switch (nature)
            {
                case EventNature.Content when Content || Says(frame):
                    Begun(frame.Data.Length);
                    break;
                case EventNature.UsageOnly when _hideUsage:
                    Hide(frame.Length);
                    continue;
                case EventNature.Error:
                    if (!_giving)
                        return UpstreamFailure.InAnswer(_provider, _exchange, _facts);
                    _failedInAnswer = true;
                    break;
                default:
                    break;
            }

            bool tells = nature == EventNature.Error || _facts.Errors > errors || IsNoAnswer(frame.Data);
            if (tells && ErrorFrame.Clean(_buffer.AsSpan(_parsed, frame.Length), frame.Data, answers: nature == EventNature.Content, _provider.Key, _exchange.Errors) is { } clean)
                Replace(frame.Length, clean);
            else
                _parsed += frame.Length;

            // What follows the first content is read when it is given: whether it came in the same packet must make no difference.
            if (Content && !_giving)
                break;
        }

        if (_giving)
            Pass(_parsed);
        return null;
    }

    private bool TryFrame(bool atEnd, out Frame frame)
    {
        frame = default;
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(_parsed, _end - _parsed);
        if (!AsArray)
        {
            if (!SseFrame.TryRead(bytes, atEnd, ref _scanned, out SseFrame events))
                return false;
            frame = new Frame { Length = events.Length, Name = events.Name, Data = events.Data, Whole = events.Whole, Usable = events.Whole || SseFrame.IsWholeData(events.Data) };
            return true;
        }

        if (!JsonArrayFrame.TryRead(bytes, atEnd, ref _scan, out JsonArrayFrame element))
            return false;

        // The closing bracket of an answer that is not complete stays here: the error becomes the last element.
        if (element.Closed)
            _reader.Close();
        frame = new Frame { Length = element.Length, Data = element.Data, Whole = element.Whole, Usable = element.Whole && (!element.Closed || _failedInAnswer || _reader.Ended) };
        return true;
    }

    /// <summary>
    /// An end without anything before it is news to a client, but no content: an empty answer can still be left for another target's. Asked of
    /// the first events only.
    /// </summary>
    private bool Says(in Frame frame)
    {
        if (_giving || _exchange.Operation.Asks != Asks.Conversation || frame.Data.Length > MostEmptyBytes)
            return true;
        ContentWatch watch = new();
        _exchange.Dialect.Reader(watch).ReadEvent(frame.Name, frame.Data);
        return watch.Any;
    }

    // In a conversation what is no JSON is no answer either: a comment, or a proxy's word.
    private bool IsNoAnswer(ReadOnlySpan<byte> data) => _exchange.Operation.Asks == Asks.Conversation
        && data.TrimStart(" \t\r\n"u8) is not [(byte)'{' or (byte)'[', ..];

    private void Begun(int bytes)
    {
        ContentEvents++;
        ContentBytes += bytes;
        _leastEvent = Math.Min(_leastEvent, bytes);
        if (Content)
            return;
        Content = true;
        Patience.Content();
        OnContent?.Invoke();
    }

    private void Commit()
    {
        if (Committed)
            return;
        Committed = true;
        _commit!();
    }

    private void Hide(int length)
    {
        if (_giving)
        {
            Pass(_parsed);
            _parsed += length;
            _start = _parsed;
            return;
        }

        // What was before it still waits: the event is taken out of the middle.
        _buffer.AsSpan(_parsed + length, _end - _parsed - length).CopyTo(_buffer.AsSpan(_parsed));
        _end -= length;
    }

    /// <summary>Passes on other bytes than those of the event at which it stands.</summary>
    private void Replace(int length, byte[] clean)
    {
        if (_giving)
        {
            Pass(_parsed);
            _client.Write(clean);
            _exchange.Copy?.Add(clean);
            _exchange.BytesOut += clean.Length;
            _parsed += length;
            _start = _parsed;
            return;
        }

        // What was before it still waits.
        byte[] rest = _buffer.AsSpan(_parsed + length, _end - _parsed - length).ToArray();
        if (_parsed + clean.Length + rest.Length > _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(_parsed + clean.Length + rest.Length);
            _buffer.AsSpan(0, _parsed).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        clean.CopyTo(_buffer.AsSpan(_parsed));
        _parsed += clean.Length;
        rest.CopyTo(_buffer.AsSpan(_parsed));
        _end = _parsed + rest.Length;
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
        _reader.Close();
        error ??= _failedInAnswer ? UpstreamFailure.InAnswer(_provider, _exchange, _facts) : _reader.Ended ? null : UpstreamFailure.Cut(_provider);
        if (error is not null && _unterminated)
        {
            // The last event lacks its blank line: the error event must not become a part of it.
            _client.Write("\n\n"u8);
        }

        if (_client.UnflushedBytes > 0 && !await FlushAsync())
            return Gone();
        if (error is not null && _failedInAnswer)
        {
            // The client has the provider's own error event already.
            _exchange.Fail(error);
            return null;
        }

        return error;
    }

    // Never throws for a client that is gone: a read may be under way, which has to be seen to its end.
    private async ValueTask<bool> FlushAsync()
    {
        try
        {
            if (BeforeFlush is { } before)
                await before();
            FlushResult flushed = await _client.FlushAsync(_exchange.Gone);
            return !flushed.IsCompleted && !flushed.IsCanceled;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
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

    /// <summary>An event, or an element of an array.</summary>
    private ref struct Frame
    {
        public int Length;
        public ReadOnlySpan<byte> Name;
        public ReadOnlySpan<byte> Data;
        public bool Whole;
        public bool Usable;
    }
}
